import type { Terminal } from '../context.ts';
import { type Colour, type Column, printable, shareWidth, tableRow, wrapped } from '../terminal/table.ts';
import type { Explanation } from './explain.ts';

const COLOURS: Readonly<Record<string, Colour>> = { rerun: 'green', refuse: 'red', record: 'dim', ignore: 'dim' };
/** Below it years and clusters are left out, so that the rest can be read. */
const WIDE = 100;
const LEAST_WIDTH = 7;
const INDENT = '  ';

/** Explanations for people: a row for each as it comes, and in the end what the reasons mean. */
export class Listing {
  readonly #terminal: Terminal;
  readonly #columns: readonly Column[];
  readonly #reasons = new Map<string, { count: number; advice: string }>();
  #file: string | undefined;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
    const isWide = terminal.columns >= WIDE;
    const fixed: Column[] = [
      { header: 'time', width: isWide ? 20 : 14 },
      { header: 'verdict', width: 7, colour: (text) => COLOURS[text] },
      { header: 'reason', width: 17 },
      { header: 'lost to', width: 8 },
    ];
    const names = isWide ? ['family', 'cluster', 'caller'] : ['family', 'caller'];
    const widths = fixed.map(({ width }) => width);
    const width = shareWidth(terminal.columns - INDENT.length, widths, names.length, LEAST_WIDTH);
    this.#columns = [...fixed, ...names.map((header) => ({ header, width, keepsEnd: header === 'caller' }))];
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
    const cells: Readonly<Record<string, string | null>> = {
      time: timeIn(time, this.#columns[0]?.width ?? 0),
      verdict: kind,
      reason,
      'lost to': lost,
      family,
      cluster,
      caller,
    };
    const row = this.#columns.map(({ header }) => cells[header] ?? '-');
    yield INDENT + tableRow(this.#columns, row, this.#terminal);
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

/** `2026-01-15T03:00:00Z`, or as much of its end as has room. */
function timeIn(time: string | null, width: number): string | null {
  const whole = time?.replace(/\.\d+Z$/, 'Z');
  if (whole === undefined) return null;
  return whole.length <= width ? whole : whole.slice(5, 19).replace('T', ' ');
}
