import type { AttributeValue, Item } from './values.ts';

/** Where a value is inside an item: `a.b[0]` is `['a', 'b', 0]`. */
export type Path = readonly (string | number)[];

export function readPath(item: Item, path: Path): AttributeValue | undefined {
  let value: AttributeValue | undefined = { M: item };
  for (const step of path) value = value && readMember(value, step);
  return value;
}

function readMember(parent: AttributeValue, step: string | number): AttributeValue | undefined {
  if (typeof step === 'number') return 'L' in parent ? parent.L[step] : undefined;
  return 'M' in parent && Object.hasOwn(parent.M, step) ? parent.M[step] : undefined;
}

/** Sets, or with an undefined value removes, one member; false where the parent is of no such kind. */
export function writeMember(parent: AttributeValue, step: string | number, value: AttributeValue | undefined): boolean {
  const members = typeof step === 'number' ? 'L' in parent && parent.L : 'M' in parent && parent.M;
  if (!members) return false;
  if (value) Object.assign(members, { [step]: value });
  else Reflect.deleteProperty(members, step);
  return true;
}

export const showPath = (path: Path): string =>
  `[${path.map((step) => (typeof step === 'number' ? `[${step}]` : step)).join(', ')}]`;

/** The parts of an item under the given paths, and nothing else of it. */
export function project(item: Item, paths: readonly Path[]): Item {
  const root = { M: {} };
  for (const path of paths) {
    const found = readPath(item, path);
    if (found === undefined) continue;
    let parent: AttributeValue = root;
    for (const [depth, step] of path.entries()) {
      const next = path[depth + 1];
      const empty: AttributeValue = typeof next === 'number' ? { L: [] } : { M: {} };
      const child: AttributeValue = next === undefined ? found : (readMember(parent, step) ?? empty);
      writeMember(parent, step, child);
      parent = child;
    }
  }
  return compact(root).M;
}

/** A deep copy in which lists have closed the gaps that `writeMember` left. */
export function compact<Value extends AttributeValue>(value: Value): Value {
  if ('L' in value) return { L: value.L.filter(() => true).map(compact) } as Value;
  if ('M' in value) {
    return { M: Object.fromEntries(Object.entries(value.M).map(([name, member]) => [name, compact(member)])) } as Value;
  }
  return value;
}
