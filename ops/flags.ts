const AGO: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** An instant: as ISO 8601, or so long ago (`90m`, `12h`, `7d`). */
export function instant(value: string): number {
  const [, count, unit] = /^(\d+)([mhd])$/.exec(value) ?? [];
  if (count !== undefined && unit !== undefined) return Date.now() - Number(count) * (AGO[unit] ?? 0);
  const at = /^\d{4}-\d\d-\d\d/.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(at))
    throw new SyntaxError(`found ${value}, expected a time as 2026-01-15T03:00:00Z, or 90m, 12h, 7d ago`);
  return at;
}

/** Flags that take several values: `--records a b` is `--records a --records b`. */
const SEVERAL = ['--records', '--logs'];

/** Words as they were typed, with the flags repeated that take several values. */
export function withRepeatedFlags(words: readonly string[]): string[] {
  const result: string[] = [];
  let flag: string | undefined;
  let isFirst = false;
  for (const word of words) {
    if (word.startsWith('-')) flag = SEVERAL.includes(word) ? word : undefined;
    else if (flag !== undefined && !isFirst) result.push(flag);
    isFirst = word === flag;
    result.push(word);
  }
  return result;
}
