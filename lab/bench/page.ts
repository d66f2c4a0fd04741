import { readFileSync, writeFileSync } from 'node:fs';
import { CASES, README_CASES } from './cases.ts';
import { caseTables, overviewTable, type Row } from './tables.ts';

const BEGIN = '<!-- bench:begin -->';
const END = '<!-- bench:end -->';

/** A page with `text` in the place that its two marks hold free. */
export function withBench(page: string, text: string, fileName: string): string {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`${fileName}: found no ${BEGIN} before ${END}, expected both`);
  return `${page.slice(0, begin + BEGIN.length)}\n\n${text}\n\n${page.slice(end)}`;
}

/** Puts the tables, and the facts of the run that they are from, into the README and the bench's own page. */
export function writePages(rows: readonly Row[], facts: string): void {
  const { full, brief } = README_CASES;
  write('README.md', [facts, caseTables(full, rows), BRIEFLY, overviewTable(brief, rows)]);
  write('docs/bench.md', [facts, caseTables(CASES, rows)]);
}

const BRIEFLY =
  'Drain ratio / RunTask calls per owed call / points added to others’ throttling, where it is harder. Where there is no room: room ratio / calls / points added to others that found none:';

function write(fileName: string, paragraphs: readonly string[]): void {
  const url = new URL(`../../${fileName}`, import.meta.url);
  writeFileSync(url, withBench(readFileSync(url, 'utf8'), paragraphs.join('\n\n'), fileName));
}
