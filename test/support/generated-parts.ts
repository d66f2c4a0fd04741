/** A page with its generated parts written anew, each between its marks. */
export function withParts(page: string, parts: Readonly<Record<string, string>>, path: string): string {
  return Object.entries(parts).reduce((text, [name, part]) => {
    const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
    const [from, until] = [text.indexOf(begin), text.indexOf(end)];
    if (from < 0 || until < from) throw new Error(`${path}: expected ${begin} and then ${end}`);
    return `${text.slice(0, from)}${begin}\n\n${part}\n\n${text.slice(until)}`;
  }, page);
}
