/** Values over time: `values[i]` belongs to `[i * seconds, (i + 1) * seconds)`. */
export interface Bins {
  readonly seconds: number;
  readonly values: readonly number[];
}

/** Widths that read well on an axis of time. */
const WIDTHS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600];

/** The smallest readable width of which at most `most` bins cover `end` seconds. */
export function binWidth(end: number, most: number): number {
  return WIDTHS.find((width) => end / width <= most) ?? Math.ceil(end / most / 600) * 600;
}

/** The mean per second in wider bins, over `[0, end)`. */
export function perSecond(counts: readonly number[], seconds: number, end: number): Bins {
  const values = Array.from({ length: Math.ceil(end / seconds) }, (_, bin) => {
    const inBin = counts.slice(bin * seconds, (bin + 1) * seconds);
    return inBin.reduce((sum, value) => sum + value, 0) / seconds;
  });
  return { seconds, values };
}

/** How many of the instants have come at the end of each bin. */
export function cumulative(instants: readonly number[], seconds: number, end: number): Bins {
  const sorted = instants.toSorted((a, b) => a - b);
  let come = 0;
  const values = Array.from({ length: Math.ceil(end / seconds) }, (_, bin) => {
    while (come < sorted.length && (sorted[come] ?? 0) < (bin + 1) * seconds) come += 1;
    return come;
  });
  return { seconds, values };
}

/** How many of the values fall into each bin from 0 to the largest of them. */
export function histogram(values: readonly number[], mostBins: number): Bins {
  const largest = values.reduce((max, value) => Math.max(max, value), 0);
  const seconds = binWidth(largest, mostBins);
  const counts = new Array<number>(Math.floor(largest / seconds) + 1).fill(0);
  for (const value of values) {
    const bin = Math.floor(value / seconds);
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return { seconds, values: counts };
}

export function sumOf(a: Bins, b: Bins): Bins {
  return { ...a, values: a.values.map((value, index) => value + (b.values[index] ?? 0)) };
}

export const maxOf = ({ values }: Bins): number => values.reduce((max, value) => Math.max(max, value), 0);

/** Nearest rank, as in the report. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}
