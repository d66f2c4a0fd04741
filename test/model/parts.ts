const ids = new WeakMap<object, Part>();
const idsByText = new Map<string, Part>();
const values: unknown[] = [];

/** Stands for a value: states hold it in place of what is large, and are compared by it. */
export type Part = number;

/** The same number for equal values. Values never change, so each object has to be written out once only. */
export function partOf(value: object | string | null): Part {
  const known = typeof value === 'object' && value !== null ? ids.get(value) : undefined;
  if (known !== undefined) return known;
  const text = JSON.stringify(value);
  const part = idsByText.get(text) ?? values.push(value) - 1;
  idsByText.set(text, part);
  if (typeof value === 'object' && value !== null) ids.set(value, part);
  return part;
}

// biome-ignore lint/suspicious/noExplicitAny: whoever put the value there knows what it is
export const valueAt = (part: Part): any => values[part];

/** Remembers what a function made of a key: the very same object again is known by its identity. */
export function remembering<Made>(make: (key: string) => Made): (key: string) => Made {
  const made = new Map<string, Made>();
  return (key) => {
    const known = made.get(key);
    if (known !== undefined) return known;
    const fresh = make(key);
    made.set(key, fresh);
    return fresh;
  };
}
