import { AwsError } from '../../kernel/aws-service.ts';
import type { VirtualClock } from '../../kernel/clock.ts';
import type { Json, JsonObject } from '../../kernel/json.ts';
import { validation } from './errors.ts';
import type { Table } from './table.ts';
import { equal } from './values.ts';
import { commit, type Planner, planCheck, planDelete, planPut, planUpdate, type Write } from './writes.ts';

const PLANNERS: Readonly<Record<string, Planner>> = {
  Put: planPut,
  Update: planUpdate,
  Delete: planDelete,
  ConditionCheck: planCheck,
};

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html */
const MAX_ACTIONS = 100;
const TOKEN_LIFETIME_MS = 10 * 60 * 1000;

/** TransactWriteItems. All writes happen at one virtual instant, so two transactions never conflict. */
export class Transactions {
  readonly #clock: VirtualClock;
  readonly #tokens = new Map<string, { at: number; request: string }>();

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  write(tableOf: (name: string) => Table, input: JsonObject): JsonObject {
    if (this.#isRepeated(input)) return {};
    const items = input.TransactItems as { [action: string]: JsonObject }[];
    if (items.length === 0 || items.length > MAX_ACTIONS) {
      throw validation(`A transaction holds between 1 and ${MAX_ACTIONS} actions, not ${items.length}`);
    }
    const writes: Write[] = [];
    const reasons: Json[] = [];
    for (const item of items) {
      const [action, request, ...others] = Object.entries(item).flat() as [string, JsonObject, ...unknown[]];
      const planner = PLANNERS[action];
      if (!planner || others.length > 0)
        throw validation('TransactItems can only contain one of Check, Put, Update or Delete');
      try {
        writes.push(planner(tableOf(String(request.TableName)), request));
        reasons.push({ Code: 'None' });
      } catch (error) {
        if (!(error instanceof AwsError) || error.code !== 'ConditionalCheckFailedException') throw error;
        reasons.push({ Code: 'ConditionalCheckFailed', Message: error.message, ...error.members });
      }
    }
    if (writes.length < items.length) throw cancelled(reasons);
    if (writes.some((one, i) => writes.slice(i + 1).some((other) => isSameItem(one, other)))) {
      throw validation('Transaction request cannot include multiple operations on one item');
    }
    writes.forEach(commit);
    if (typeof input.ClientRequestToken === 'string') {
      this.#tokens.set(input.ClientRequestToken, { at: this.#clock.now(), request: JSON.stringify(items) });
    }
    return {};
  }

  #isRepeated({ ClientRequestToken: token, TransactItems: items }: JsonObject): boolean {
    const earlier = typeof token === 'string' ? this.#tokens.get(token) : undefined;
    if (!earlier || this.#clock.now() - earlier.at > TOKEN_LIFETIME_MS) return false;
    if (earlier.request === JSON.stringify(items)) return true;
    const rule = 'The provided client token is already in use with different request parameters.';
    throw new AwsError('IdempotentParameterMismatchException', rule);
  }
}

const isSameItem = (a: Write, b: Write): boolean => a.table === b.table && equal({ M: a.key }, { M: b.key });

function cancelled(reasons: Json[]): AwsError {
  const codes = reasons.map((reason) => (reason as JsonObject).Code).join(', ');
  const message = `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes}]`;
  return new AwsError('TransactionCanceledException', message, { members: { CancellationReasons: reasons } });
}
