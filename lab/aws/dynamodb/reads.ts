import type { JsonObject } from '../../kernel/json.ts';
import { projectionParser, readExpressions } from './expressions.ts';
import { project } from './paths.ts';
import type { Table } from './table.ts';

export function getItem(table: Table, input: JsonObject): JsonObject {
  const { trees, scope } = readExpressions(input, { ProjectionExpression: projectionParser });
  const item = table.get(table.readKey(input.Key));
  const paths = trees.ProjectionExpression?.map((path) => scope.path(path));
  return item ? { Item: paths ? project(item, paths) : item } : {};
}
