import type { FakeDynamoDb, Item } from '../aws/dynamodb/fake-dynamodb.ts';
import { LAB_EPOCH_MS, type VirtualClock } from '../kernel/clock.ts';
import type { Fault, FaultOf } from '../scenario/fault-schema.ts';

/** Spoils items of the tables at the times of the faults, behind the back of whoever uses them. */
export function scheduleCorruption(
  faults: readonly Fault[],
  clock: VirtualClock,
  dynamoDb: Pick<FakeDynamoDb, 'table'>,
  tableNames: readonly string[],
): void {
  for (const fault of faults) {
    if (fault.kind !== 'corruptItem') continue;
    const strike = () => {
      for (const name of tableNames) corrupt(dynamoDb.table(name), fault);
    };
    const { everySeconds } = fault;
    clock.at(LAB_EPOCH_MS + fault.at * 1000, () => {
      strike();
      if (everySeconds !== undefined) clock.every(everySeconds * 1000, strike);
    });
  }
}

function corrupt(table: ReturnType<FakeDynamoDb['table']>, { item: kind, to }: FaultOf<'corruptItem'>): void {
  for (const item of table.items()) {
    const [id = ''] = Object.values(item[table.partitionKey.name] ?? {}).map(String);
    if (id !== kind && !id.startsWith(`${kind}#`)) continue;
    const key = table.keyOf(item);
    if (to === 'deleted') table.delete(key);
    else table.put({ ...garbage(item), ...key });
  }
}

const garbage = (item: Item): Item => Object.fromEntries(Object.keys(item).map((name) => [name, { S: 'garbage' }]));
