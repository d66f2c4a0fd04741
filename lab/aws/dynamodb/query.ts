import type { JsonObject } from '../../kernel/json.ts';
import { type Condition, conditionParser, type Operand } from './condition-parser.ts';
import { check, holds } from './conditions.ts';
import { invalid, validation } from './errors.ts';
import { projectionParser, readExpressions, type Scope, within } from './expressions.ts';
import { shape } from './reads.ts';
import type { Table } from './table.ts';
import { equal, type Item, itemSize, typeOf } from './values.ts';

const MAX_PAGE_BYTES = 1024 * 1024;

export function query(table: Table, input: JsonObject): JsonObject {
  const { trees, scope } = readExpressions(input, {
    KeyConditionExpression: conditionParser,
    FilterExpression: conditionParser,
    ProjectionExpression: projectionParser,
  });
  const { KeyConditionExpression: keyCondition, FilterExpression: filter } = trees;
  if (!keyCondition) {
    throw validation('Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.');
  }
  const keys = within('KeyConditionExpression', () => readKeyConditions(table, keyCondition, scope));
  if (filter) {
    within('FilterExpression', () => check(filter, scope));
    checkFilter(table, filter, scope);
  }
  const limit = input.Limit === undefined ? Number.POSITIVE_INFINITY : Number(input.Limit);
  if (limit < 1) {
    const rule = 'failed to satisfy constraint: Member must have value greater than or equal to 1';
    throw validation(`1 validation error detected: Value '${limit}' at 'limit' ${rule}`);
  }

  const items: Item[] = [];
  let [scanned, bytes] = [0, 0];
  let last: Item | undefined;
  for (const item of candidates(table, keys.partition, input)) {
    if (keys.sort && !holds(keys.sort, item, scope)) continue;
    scanned += 1;
    bytes += itemSize(item);
    if (!filter || holds(filter, item, scope)) items.push(shape(item, trees.ProjectionExpression, scope));
    // A page that ends exactly with the last item still says that there may be more.
    if (scanned < limit && bytes < MAX_PAGE_BYTES) continue;
    last = table.keyOf(item);
    break;
  }
  const page: JsonObject = { Count: items.length, ScannedCount: scanned };
  if (input.Select !== 'COUNT') page.Items = items;
  if (last) page.LastEvaluatedKey = last;
  return page;
}

/** The partition in the order asked for, from where the page before ended. */
function candidates(table: Table, partition: Item, input: JsonObject): readonly Item[] {
  const { items, position } = table.partition(partition);
  const forward = input.ScanIndexForward !== false;
  if (input.ExclusiveStartKey === undefined) return forward ? items : items.toReversed();
  const start = table.readKey(input.ExclusiveStartKey);
  const name = table.partitionKey.name;
  if (!equal(start[name], partition[name])) {
    throw validation('The provided starting key is outside query boundaries based on provided conditions');
  }
  const index = position(start);
  const at = items[index];
  const isThere = at !== undefined && table.keyNames.every((key) => equal(at[key], start[key]));
  return forward ? items.slice(isThere ? index + 1 : index) : items.slice(0, index).toReversed();
}

/** Splits `pk = :v [AND …sk…]`, the only form there is, into the partition asked for and a condition on its items. */
function readKeyConditions(table: Table, condition: Condition, scope: Scope): { partition: Item; sort?: Condition } {
  check(condition, scope);
  const clauses = condition.kind === 'and' ? [condition.left, condition.right] : [condition];
  const byName = new Map<unknown, Condition>();
  for (const clause of clauses) {
    const operator = clause.kind === 'compare' ? clause.comparator : clause.kind === 'test' ? clause.test : clause.kind;
    if (!['=', '<', '<=', '>', '>=', 'between', 'begins_with'].includes(operator)) {
      throw validation(`Invalid operator used in KeyConditionExpression: ${operator.toUpperCase()}`);
    }
    const paths = operands(clause).flatMap((operand) => (operand.kind === 'path' ? [scope.path(operand.path)] : []));
    const [path] = paths;
    if (!path || paths.length > 1) {
      throw validation('Invalid condition in KeyConditionExpression: exactly one key attribute per condition');
    }
    if (path.length > 1) throw validation('KeyConditionExpressions cannot have conditions on nested attributes');
    if (byName.has(path[0])) throw validation('KeyConditionExpressions must only contain one condition per key');
    byName.set(path[0], clause);
  }
  const { partitionKey, sortKey } = table;
  const onPartition = byName.get(partitionKey.name);
  if (!onPartition) throw validation(`Query condition missed key schema element: ${partitionKey.name}`);
  const sort = sortKey && byName.get(sortKey.name);
  if (byName.size > 1 && !sort) {
    throw validation(
      sortKey ? `Query condition missed key schema element: ${sortKey.name}` : 'Query key condition not supported',
    );
  }
  for (const [key, clause] of [[partitionKey, onPartition] as const, ...(sort ? [[sortKey, sort] as const] : [])]) {
    for (const operand of operands(clause)) {
      if (operand.kind === 'value' && typeOf(scope.value(operand.name)) !== key.type) {
        throw invalid('Condition parameter type does not match schema type');
      }
    }
  }
  const value = operands(onPartition).find((operand) => operand.kind === 'value');
  if (onPartition.kind !== 'compare' || onPartition.comparator !== '=' || !value) {
    throw validation('Query key condition not supported');
  }
  return { partition: { [partitionKey.name]: scope.value(value.name) }, ...(sort ? { sort } : {}) };
}

function operands(clause: Condition): readonly Operand[] {
  if (clause.kind === 'compare') return [clause.left, clause.right];
  if (clause.kind === 'between') return [clause.value, clause.low, clause.high];
  if (clause.kind === 'in') return [clause.value, ...clause.candidates];
  return clause.kind === 'test' ? clause.operands : [];
}

function checkFilter(table: Table, filter: Condition, scope: Scope): void {
  if ('condition' in filter) checkFilter(table, filter.condition, scope);
  else if (filter.kind === 'and' || filter.kind === 'or') {
    checkFilter(table, filter.left, scope);
    checkFilter(table, filter.right, scope);
  } else {
    const named = operands(filter).flatMap((operand) => (operand.kind === 'path' ? [scope.path(operand.path)[0]] : []));
    const key = table.keyNames.find((name) => named.includes(name));
    const rule = 'Filter Expression can only contain non-primary key attributes';
    if (key !== undefined) throw validation(`${rule}: Primary key attribute: ${key}`);
  }
}
