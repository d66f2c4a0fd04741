import { ConditionalCheckFailedException, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type * as z from 'zod';
import { parseJson } from '../core/json.ts';
import type { HandlerDependencies } from '../runtime/ports.ts';
import { retrying } from '../runtime/sdk-retry.ts';
import { type Item, makeItemReader, type ReadItem } from './item-reader.ts';

/** A small state that all functions share, in one item. */
export interface VersionedItem<State> {
  read(): Promise<State | undefined>;
  /**
   * Replaces the state by the one that `change` returns, in one conditional write. Returns all that `change` returned.
   * If `change` returns the same object that it was given, nothing is written.
   * `change` must be pure: it is called again with the newer state if another function was faster.
   */
  update<T extends { readonly state: State }>(change: (state: State | undefined) => T): Promise<T>;
}

interface Known<State> {
  readonly version: number;
  readonly state: State | undefined;
}

interface VersionedItemOptions {
  readonly retentionSeconds?: number;
  /** Shared with others, where their items are read at once with this one. */
  readonly readItem?: ReadItem;
}

/** The state in the item `id`, which stays for ever or so long after its last change; one that was deleted, or that nobody can read, counts as none. */
export function makeVersionedItem<State>(
  dependencies: HandlerDependencies<'dynamoDb'>,
  id: string,
  schema: z.ZodType<State>,
  { retentionSeconds, readItem = makeItemReader(dependencies) }: VersionedItemOptions = {},
): VersionedItem<State> {
  const { environment, clients, ...ports } = dependencies;
  const TableName = environment.variable('tableName');
  // A warm function first tries the state that it wrote last. If another function was faster, the failed write returns the newer state.
  let known: Known<State> = { version: 0, state: undefined };

  function parsed(item: Item | undefined): Known<State> {
    return {
      version: Number(item?.version?.N ?? 0),
      state: schema.safeParse(parseJson(item?.state?.S ?? '')).data,
    };
  }

  function putIfUnchanged(version: number, next: Known<State>): PutItemCommand {
    return new PutItemCommand({
      TableName,
      Item: {
        id: { S: id },
        version: { N: String(next.version) },
        state: { S: JSON.stringify(next.state) },
        ...(retentionSeconds !== undefined && {
          expiresAt: { N: String(Math.ceil(ports.clock.now() / 1000) + retentionSeconds) },
        }),
      },
      // Version 0 means no item, or an item with an unreadable version.
      ConditionExpression:
        version === 0 ? 'attribute_not_exists(version) OR NOT attribute_type(version, :number)' : 'version = :version',
      ExpressionAttributeValues: version === 0 ? { ':number': { S: 'N' } } : { ':version': { N: String(version) } },
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    });
  }

  return {
    async read() {
      known = parsed(await readItem(id));
      return known.state;
    },
    async update(change) {
      for (;;) {
        const changed = change(known.state);
        if (changed.state === known.state) return changed;
        const next: Known<State> = { version: known.version + 1, state: changed.state };
        try {
          await retrying(ports, () => clients.dynamoDb.send(putIfUnchanged(known.version, next)));
          known = next;
          return changed;
        } catch (error) {
          if (!(error instanceof ConditionalCheckFailedException)) throw error;
          known = parsed(error.Item);
        }
      }
    },
  };
}
