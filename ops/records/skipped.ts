/** What of one file was passed over: how much, by what it is. */
export class Skipped {
  readonly #counts = new Map<string, number>();
  total = 0;

  #unknown: string | undefined;

  add(what: string): void {
    this.total++;
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + 1);
  }

  /** Something that is no record: where the first of them is, people find the rest. */
  addUnknown(line: number): void {
    this.#unknown ??= `of no known kind (first at line ${line})`;
    this.add(this.#unknown);
  }

  /** `2 records of ec2.amazonaws.com, 1 of no known kind (first at line 3)`; what there is most of first. */
  toString(): string {
    const sorted = [...this.#counts].toSorted(([, a], [, b]) => b - a);
    const shown = sorted.slice(0, SHOWN).map(([what, count]) => `${count} ${what}`);
    const rest = sorted.slice(SHOWN).reduce((sum, [, count]) => sum + count, 0);
    return [...shown, ...(rest > 0 ? [`${rest} others`] : [])].join(', ');
  }
}

const SHOWN = 5;
