import { stripVTControlCharacters, styleText } from 'node:util';
import type { Terminal } from '../context.ts';

export interface Column {
  readonly header: string;
  readonly width: number;
  /** Of a text that is too long the end is kept, as of ARNs. */
  readonly keepsEnd?: boolean;
  readonly colour?: (text: string) => Colour | undefined;
}
export type Colour = 'red' | 'green' | 'yellow' | 'dim';

const GAP = '  ';
const ELLIPSIS = '…';

/** Shares what is left of a line among columns that take any width, each of which gets its least at least. */
export function shareWidth(columns: number, fixed: readonly number[], flexible: number, least: number): number {
  const gaps = (fixed.length + flexible - 1) * GAP.length;
  const left = columns - gaps - fixed.reduce((sum, width) => sum + width, 0);
  return Math.max(least, Math.floor(left / flexible));
}

/** One line of a table whose widths are known before its rows are: rows are printed as they come. */
export function tableRow(columns: readonly Column[], cells: readonly string[], { hasColour }: Terminal): string {
  return columns
    .map((column, index) => {
      const text = fitted(printable(cells[index] ?? ''), column);
      const colour = hasColour ? column.colour?.(cells[index] ?? '') : undefined;
      const isLast = index === columns.length - 1;
      const padded = isLast ? text : text.padEnd(column.width);
      return colour ? styleText(colour, padded, { validateStream: false }) : padded;
    })
    .join(GAP)
    .trimEnd();
}

function fitted(text: string, { width, keepsEnd }: Column): string {
  if (text.length <= width) return text;
  return keepsEnd ? ELLIPSIS + text.slice(text.length - width + 1) : text.slice(0, width - 1) + ELLIPSIS;
}

/** Records hold what callers chose: none of it may steer a terminal. */
export const printable = (text: string): string => stripVTControlCharacters(text).replace(/[\p{Cc}\p{Cf}]/gu, '?');

/** Text in lines that fit, each but the first under the beginning of the text. */
export function wrapped(text: string, columns: number, indent: number): string[] {
  const width = Math.max(20, columns - indent);
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line ? `${line} ${word}` : word;
  }
  return [...lines, line].map((each, index) => (index === 0 ? each : ' '.repeat(indent) + each));
}

/** A paragraph that stands two characters to the right of the text above it, its further lines four. */
export const indented = (text: string, columns: number): string[] =>
  wrapped(text, columns - 2, 2).map((line) => `  ${line}`);

/** `1 call`, `2 calls`. */
export const counted = (count: number, thing: string): string => `${count} ${thing}${count === 1 ? '' : 's'}`;
