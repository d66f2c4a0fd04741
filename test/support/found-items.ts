import type { Sent } from './dependencies.ts';

interface NamedItem {
  readonly id: { readonly S: string };
}

/** What a table with these items answers to a batch of reads. */
export function foundItems({ input }: Sent, ...items: readonly (NamedItem & Readonly<Record<string, unknown>>)[]) {
  const batches = Object.entries(input.RequestItems as Record<string, { readonly Keys: readonly NamedItem[] }>);
  const found = (keys: readonly NamedItem[]) => items.filter(({ id }) => keys.some((key) => key.id.S === id.S));
  return { Responses: Object.fromEntries(batches.map(([table, { Keys }]) => [table, found(Keys)])) };
}
