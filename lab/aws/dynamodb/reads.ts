import type { JsonObject } from '../../kernel/json.ts';
import { conditionParser } from './condition-parser.ts';
import { check, holds } from './conditions.ts';
import { projectionParser, readExpressions, within } from './expressions.ts';
import { project } from './paths.ts';
import type { Table } from './table.ts';
import { equal, type Item } from './values.ts';

export function getItem(table: Table, input: JsonObject): JsonObject {
  const { trees, scope } = readExpressions(input, { ProjectionExpression: projectionParser });
  const item = table.get(table.readKey(input.Key));
  const paths = trees.ProjectionExpression?.map((path) => scope.path(path));
  return item ? { Item: paths ? project(item, paths) : item } : {};
}

/** In the order in which the items were first written, where the real one has an order of its own. */
export function scan(table: Table, input: JsonObject): JsonObject {
  const parsers = { FilterExpression: conditionParser, ProjectionExpression: projectionParser };
  const { trees, scope } = readExpressions(input, parsers);
  const { FilterExpression: filter, ProjectionExpression: projection } = trees;
  if (filter) within('FilterExpression', () => check(filter, scope));
  const paths = projection?.map((path) => scope.path(path));
  const items = table.items();
  const { name } = table.partitionKey;
  const after = input.ExclusiveStartKey === undefined ? {} : table.readKey(input.ExclusiveStartKey);
  const from = 1 + items.findIndex((item) => equal(item[name], after[name]));
  const page = items.slice(from, input.Limit === undefined ? undefined : from + Number(input.Limit));
  const found = page.filter((item) => !filter || holds(filter, item, scope));
  const last = page.at(-1);
  const hasMore = from + page.length < items.length;
  return {
    Items: found.map((item): Item => (paths ? project(item, paths) : item)),
    Count: found.length,
    ScannedCount: page.length,
    ...(last && hasMore && { LastEvaluatedKey: table.keyOf(last) }),
  };
}

export function describeTable(table: Table): JsonObject {
  const { name, partitionKey } = table;
  return {
    Table: {
      TableName: name,
      TableStatus: 'ACTIVE',
      KeySchema: [{ AttributeName: partitionKey.name, KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: partitionKey.name, AttributeType: partitionKey.type }],
      ItemCount: table.size,
      BillingModeSummary: { BillingMode: 'PAY_PER_REQUEST' },
    },
  };
}
