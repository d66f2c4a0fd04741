type Tree = Readonly<Record<string, unknown>>;

const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Deeply; lists replace. */
export function merged(common: Tree, own: Tree): Tree {
  const nested = Object.entries(own).map(([key, value]) => {
    const below = common[key];
    return [key, isTree(below) && isTree(value) ? merged(below, value) : value] as const;
  });
  return { ...common, ...Object.fromEntries(nested) };
}
