import { ConditionalCheckFailedException, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { type PaceState, paceStateSchema } from './core/pace.ts';
import type { Wiring } from './ports.ts';
import { retrying } from './retrying.ts';

const ITEM_ID = 'pace';

/** The pace that all turnstiles share. */
export interface PaceStore {
  /**
   * Replaces the shared state by `change(state)` in one conditional write, and returns what `change` made of it.
   * `change` is called again with the newer state whenever somebody else was faster, so it must be pure.
   */
  update<T extends { readonly state: PaceState }>(change: (state: PaceState | undefined) => T): Promise<T>;
}

interface Known {
  readonly version: number;
  readonly state: PaceState | undefined;
}

/** The pace in one DynamoDB item. */
export function makePaceStore({ environment, clients, ...ports }: Wiring<'dynamoDb'>): PaceStore {
  const tableName = environment.variable('tableName');
  // A warm function tries with what it wrote last: right whenever nobody else was here, and corrected for free if not.
  let known: Known = { version: 0, state: undefined };

  return {
    async update(change) {
      for (;;) {
        const changed = change(known.state);
        const next: Known = { version: known.version + 1, state: changed.state };
        try {
          await retrying(ports, () => clients.dynamoDb.send(putIfUnchanged(tableName, known.version, next)));
          known = next;
          return changed;
        } catch (error) {
          if (!(error instanceof ConditionalCheckFailedException)) throw error;
          known = readItem(error);
        }
      }
    },
  };
}

function putIfUnchanged(tableName: string, version: number, next: Known): PutItemCommand {
  return new PutItemCommand({
    TableName: tableName,
    Item: { id: { S: ITEM_ID }, version: { N: String(next.version) }, state: { S: JSON.stringify(next.state) } },
    // Version 0 stands for no item, and for one whose version nobody can read.
    ConditionExpression:
      version === 0 ? 'attribute_not_exists(version) OR NOT attribute_type(version, :number)' : 'version = :version',
    ExpressionAttributeValues: version === 0 ? { ':number': { S: 'N' } } : { ':version': { N: String(version) } },
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });
}

/** The item that stood in the way; where it was deleted meanwhile, or is garbage, the pace starts afresh. */
function readItem({ Item }: ConditionalCheckFailedException): Known {
  const version = Number(Item?.version?.N ?? 0);
  const parsed = paceStateSchema.safeParse(parseJson(Item?.state?.S));
  return { version, state: parsed.success ? parsed.data : undefined };
}

function parseJson(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? 'null');
  } catch {
    return undefined;
  }
}
