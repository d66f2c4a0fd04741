import type { Terminal } from '../context.ts';
import { type Colour, type Column, printable, shareWidth, tableRow, wrapped } from '../terminal/table.ts';
import type { Explanation } from './explain.ts';

const COLOURS: Readonly<Record<string, Colour>> = { rerun: 'green', refuse: 'red', record: 'dim', ignore: 'dim' };
const FIXED = [20, 6, 17, 8] as const;
const INDENT = '  ';

/** Explanations for people: a row for each as it comes, and in the end what the reasons mean. */
export class Listing {
  readonly #terminal: Terminal;
  readonly #columns: readonly Column[];
  readonly #reasons = new Map<string, { count: number; advice: string }>();
  #file: string | undefined;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
    const [time, kind, reason, lost] = FIXED;
    const share = shareWidth(terminal.columns - INDENT.length, FIXED, 3, 7);
    this.#columns = [
      { header: 'time', width: time },
      { header: 'verdict', width: kind + 1, colour: (text) => COLOURS[text] },
      { header: 'reason', width: reason },
      { header: 'lost to', width: lost },
      { header: 'family', width: share },
      { header: 'cluster', width: share },
      { header: 'caller', width: share - 1, keepsEnd: true },
    ];
  }

  /** The lines of one more explanation. */
  *row(file: string, explanation: Explanation): Generator<string> {
    const { time, kind, reason, class: lost, family, cluster, caller, advice } = explanation;
    if (this.#file === undefined) {
      const headers = this.#columns.map(({ header }) => header);
      yield INDENT + tableRow(this.#columns, headers, { ...this.#terminal, hasColour: false });
    }
    if (file !== this.#file) yield printable(file);
    this.#file = file;
    const cells = [time?.replace(/\.\d+Z$/, 'Z') ?? '-', kind, reason ?? '-', lost, family, cluster, caller];
    yield INDENT +
      tableRow(
        this.#columns,
        cells.map((cell) => cell ?? '-'),
        this.#terminal,
      );
    const key = reason === null ? kind : `${kind} ${reason}`;
    const known = this.#reasons.get(`${key} ${advice}`) ?? { count: 0, advice };
    this.#reasons.set(`${key} ${advice}`, { ...known, count: known.count + 1 });
  }

  /** What each verdict means, and how many there were. */
  *meanings(): Generator<string> {
    const sorted = [...this.#reasons].toSorted(([, a], [, b]) => b.count - a.count);
    if (sorted.length > 0) yield '';
    for (const [key, { count, advice }] of sorted) {
      const verdict = key.slice(0, -advice.length - 1);
      yield `${count} ${verdict}`;
      yield INDENT + wrapped(advice, this.#terminal.columns, INDENT.length).join('\n');
    }
  }
}
