const BEGIN = '<!-- bench:begin -->';
const END = '<!-- bench:end -->';

/** A page with `text` in the place that its two marks hold free. */
export function withBench(page: string, text: string, fileName: string): string {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`${fileName}: found no ${BEGIN} before ${END}, expected both`);
  return `${page.slice(0, begin + BEGIN.length)}\n\n${text}\n\n${page.slice(end)}`;
}
