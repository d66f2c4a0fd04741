import type { JsonObject } from '../../kernel/json.ts';
import { validation } from './errors.ts';
import { projectionParser, readExpressions, type Scope } from './expressions.ts';
import { type Path, project } from './paths.ts';
import type { Table } from './table.ts';
import { equal, type Item } from './values.ts';

const MAX_BATCH_KEYS = 100;

export function getItem(table: Table, input: JsonObject): JsonObject {
  const { trees, scope } = readExpressions(input, { ProjectionExpression: projectionParser });
  const item = table.get(table.readKey(input.Key));
  return item ? { Item: shape(item, trees.ProjectionExpression, scope) } : {};
}

export function batchGetItem(tableOf: (name: string) => Table, input: JsonObject): JsonObject {
  const requests = Object.entries(input.RequestItems as { [table: string]: JsonObject });
  const count = requests.reduce((sum, [, { Keys }]) => sum + (Keys as JsonObject[]).length, 0);
  if (count > MAX_BATCH_KEYS) throw validation('Too many items requested for the BatchGetItem call');
  const responses = requests.map(([name, request]) => {
    const table = tableOf(name);
    const { trees, scope } = readExpressions(request, { ProjectionExpression: projectionParser });
    const keys = (request.Keys as JsonObject[]).map((key) => table.readKey(key));
    if (keys.some((key, i) => keys.slice(i + 1).some((other) => equal({ M: key }, { M: other })))) {
      throw validation('Provided list of item keys contains duplicates');
    }
    // The service promises no order, so none that a caller could come to rely on is given.
    const found = keys
      .map((key) => table.get(key))
      .filter((item) => item !== undefined)
      .toReversed();
    return [name, found.map((item) => shape(item, trees.ProjectionExpression, scope))];
  });
  return { Responses: Object.fromEntries(responses), UnprocessedKeys: {} };
}

/** What a ProjectionExpression leaves of an item. */
export const shape = (item: Item, paths: readonly Path[] | undefined, scope: Scope): Item =>
  paths
    ? project(
        item,
        paths.map((path) => scope.path(path)),
      )
    : item;
