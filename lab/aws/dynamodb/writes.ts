import { AwsError } from '../../kernel/aws-service.ts';
import type { JsonObject } from '../../kernel/json.ts';
import { conditionParser } from './condition-parser.ts';
import { check, holds } from './conditions.ts';
import { invalid, validation } from './errors.ts';
import { readExpressions, type Scope, within } from './expressions.ts';
import { type Path, project } from './paths.ts';
import type { Table } from './table.ts';
import { updateParser } from './update-parser.ts';
import { applyUpdate, checkUpdate } from './updates.ts';
import { type Item, itemSize, readItem } from './values.ts';

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html */
const MAX_ITEM_BYTES = 400 * 1024;

/** A write that passed every check but has not happened yet. */
export interface Write {
  readonly table: Table;
  readonly key: Item;
  readonly before: Item | undefined;
  readonly after: Item | undefined;
  /** The places an update touched. */
  readonly paths: readonly Path[];
}

type Planner = (table: Table, input: JsonObject) => Write;

export const planPut: Planner = (table, input) => {
  const { trees, scope } = readExpressions(input, { ConditionExpression: conditionParser });
  const item = readItem(input.Item);
  table.checkItem(item);
  if (itemSize(item) > MAX_ITEM_BYTES) throw validation('Item size has exceeded the maximum allowed size');
  return plan(table, item, input, trees, scope, () => item);
};

export const planDelete: Planner = (table, input) => {
  const { trees, scope } = readExpressions(input, { ConditionExpression: conditionParser });
  return plan(table, table.readKey(input.Key), input, trees, scope, () => undefined);
};

export const planUpdate: Planner = (table, input) => {
  const parsers = { UpdateExpression: updateParser, ConditionExpression: conditionParser };
  const { trees, scope } = readExpressions(input, parsers);
  const actions = trees.UpdateExpression ?? [];
  const paths = within('UpdateExpression', () => checkUpdate(actions, scope));
  const key = table.readKey(input.Key);
  const keyName = table.partitionKey.name;
  if (paths.some(([first]) => first === keyName)) {
    throw invalid(`Cannot update attribute ${keyName}. This attribute is part of the key`);
  }
  return plan(
    table,
    key,
    input,
    trees,
    scope,
    (before) => {
      const after = applyUpdate(actions, before ?? key, scope);
      if (itemSize(after) <= MAX_ITEM_BYTES) return after;
      throw validation('Item size to update has exceeded the maximum allowed size');
    },
    paths,
  );
};

function plan(
  table: Table,
  item: Item,
  input: JsonObject,
  { ConditionExpression: condition }: { ConditionExpression: Parameters<typeof holds>[0] | undefined },
  scope: Scope,
  change: (before: Item | undefined) => Item | undefined,
  paths: readonly Path[] = [],
): Write {
  const key = table.keyOf(item);
  const before = table.get(key);
  if (condition) {
    within('ConditionExpression', () => check(condition, scope));
    if (!holds(condition, before ?? {}, scope)) {
      const members: JsonObject =
        input.ReturnValuesOnConditionCheckFailure === 'ALL_OLD' && before ? { Item: before } : {};
      throw new AwsError('ConditionalCheckFailedException', 'The conditional request failed', { members });
    }
  }
  return { table, key, before, after: change(before), paths };
}

export function commit({ table, key, after }: Write): void {
  if (after) table.put(after);
  else table.delete(key);
}

const RETURN_VALUES: Readonly<Record<string, (write: Write) => Item | undefined>> = {
  NONE: () => undefined,
  ALL_OLD: ({ before }) => before,
  ALL_NEW: ({ after }) => after,
  UPDATED_OLD: ({ before, paths }) => before && project(before, paths),
  UPDATED_NEW: ({ after, paths }) => after && project(after, paths),
};

/** PutItem, UpdateItem or DeleteItem; only an update may ask for more than the old item. */
export function write(planner: Planner, table: Table, input: JsonObject): JsonObject {
  const asked = String(input.ReturnValues ?? 'NONE');
  const read = RETURN_VALUES[asked];
  if (!read || (planner !== planUpdate && asked !== 'NONE' && asked !== 'ALL_OLD')) {
    throw validation('Return values set to invalid value');
  }
  const planned = planner(table, input);
  commit(planned);
  const attributes = read(planned);
  return attributes && Object.keys(attributes).length > 0 ? { Attributes: attributes } : {};
}
