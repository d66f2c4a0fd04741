import { ITEM_KINDS } from '../../lambda/core/contract.ts';
import type { FakeDynamoDb } from '../aws/dynamodb/fake-dynamodb.ts';
import { LAB_EPOCH_MS, type VirtualClock } from '../kernel/clock.ts';
import type { Fault } from '../scenario/fault-schema.ts';

/** Pauses and resumes as a person does, by the item that the handlers look for. */
export function schedulePauses(
  faults: readonly Fault[],
  clock: VirtualClock,
  dynamoDb: Pick<FakeDynamoDb, 'table'>,
  tableNames: readonly string[],
): void {
  for (const fault of faults) {
    if (fault.kind !== 'pause') continue;
    const tables = tableNames.map((name) => dynamoDb.table(name));
    const from = LAB_EPOCH_MS + fault.from * 1000;
    clock.at(from, () => {
      for (const table of tables) table.put({ [table.partitionKey.name]: { S: ITEM_KINDS.pause } });
    });
    clock.at(from + fault.seconds * 1000, () => {
      for (const table of tables) table.delete(table.keyOf({ [table.partitionKey.name]: { S: ITEM_KINDS.pause } }));
    });
  }
}
