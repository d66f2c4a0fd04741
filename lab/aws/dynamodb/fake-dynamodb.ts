import { AwsError, type FakeService, UnsupportedError } from '../../kernel/aws-service.ts';
import type { JsonObject } from '../../kernel/json.ts';
import { batchGetItem, batchWriteItem } from './batches.ts';
import { describeTable, getItem, scan } from './reads.ts';
import { Table, type TableOptions } from './table.ts';
import type { Item } from './values.ts';
import { planDelete, planPut, planUpdate, write } from './writes.ts';

export type { TableOptions } from './table.ts';
export type { AttributeValue, Item } from './values.ts';

interface Operation {
  /** Parameters that the fake knows; any other is refused loudly, not passed over. */
  readonly parameters: readonly string[];
  readonly run: (input: JsonObject, database: FakeDynamoDb) => JsonObject;
}

/** Parameters that change no answer here: reads are always consistent, and nothing is metered. */
const WITHOUT_EFFECT = ['ConsistentRead'];
const NAMES = 'ExpressionAttributeNames';
const CONDITIONS = [
  'ConditionExpression',
  NAMES,
  'ExpressionAttributeValues',
  'ReturnValues',
  'ReturnValuesOnConditionCheckFailure',
];

const PAGING = ['Limit', 'ExclusiveStartKey'];

const OPERATIONS: Readonly<Record<string, Operation>> = {
  GetItem: {
    parameters: ['TableName', 'Key', 'ProjectionExpression', NAMES],
    run: (input, database) => getItem(database.table(input.TableName), input),
  },
  BatchGetItem: { parameters: ['RequestItems'], run: batchGetItem },
  BatchWriteItem: { parameters: ['RequestItems'], run: batchWriteItem },
  PutItem: {
    parameters: ['TableName', 'Item', ...CONDITIONS],
    run: (input, database) => write(planPut, database.table(input.TableName), input),
  },
  UpdateItem: {
    parameters: ['TableName', 'Key', 'UpdateExpression', ...CONDITIONS],
    run: (input, database) => write(planUpdate, database.table(input.TableName), input),
  },
  Scan: {
    parameters: [
      'TableName',
      'FilterExpression',
      'ProjectionExpression',
      NAMES,
      'ExpressionAttributeValues',
      ...PAGING,
    ],
    run: (input, database) => scan(database.table(input.TableName), input),
  },
  DescribeTable: {
    parameters: ['TableName'],
    run: ({ TableName }, database) => describeTable(database.table(TableName)),
  },
  ListTables: { parameters: [], run: (_, database) => ({ TableNames: database.tableNames }) },
  DeleteItem: {
    parameters: ['TableName', 'Key', ...CONDITIONS],
    run: (input, database) => write(planDelete, database.table(input.TableName), input),
  },
};

/** Amazon DynamoDB, as far as scans, and reads and writes by key go: no sort keys, queries, transactions or streams. */
export class FakeDynamoDb implements FakeService {
  readonly name = 'dynamodb';
  readonly #tables = new Map<string, Table>();

  createTable(options: TableOptions): void {
    this.#tables.set(options.tableName, new Table(options));
  }

  /** Gives up all that is in the tables. */
  forget(): void {
    for (const table of this.#tables.values()) table.forget();
  }

  get tableNames(): string[] {
    return [...this.#tables.keys()];
  }

  /** Everything in a table, for tests. */
  items(tableName: string): Item[] {
    return this.table(tableName).items();
  }

  table(name: unknown): Table {
    // The API takes an ARN in place of a name.
    const table = this.#tables.get(String(name).replace(/^arn:.*:table\//, ''));
    if (!table) throw new AwsError('ResourceNotFoundException', 'Requested resource not found');
    return table;
  }

  call(operation: string, input: JsonObject): JsonObject {
    const known = OPERATIONS[operation];
    if (!known) throw new UnsupportedError(`dynamodb ${operation}`);
    for (const [parameter, value] of Object.entries(input)) {
      const isKnown = known.parameters.includes(parameter) || WITHOUT_EFFECT.includes(parameter) || value === 'NONE';
      if (!isKnown) throw new UnsupportedError(`dynamodb ${operation} with ${parameter}`);
    }
    return known.run(input, this);
  }
}
