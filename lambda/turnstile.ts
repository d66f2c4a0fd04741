import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { InvalidToken, SendTaskSuccessCommand, SFNClient, TaskDoesNotExist, TaskTimedOut } from '@aws-sdk/client-sfn';
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import * as z from 'zod';
import { LOG_MESSAGES, METRICS } from './core/contract.ts';
import { parseJson } from './core/json.ts';
import { giveTurnsBack, initialPace, paceStateSchema, reserveTurns } from './core/pace.ts';
import { readEnvironment } from './environment.ts';

import type { Wiring } from './ports.ts';
import { errorName, retrying } from './retrying.ts';
import { CLIENT_CONFIG, lambdaPorts, lazily } from './runtime.ts';
import { makeSharedState } from './shared-state.ts';
import { makeTrafficStore } from './traffic-store.ts';

/** How far ahead turns are handed out within one invocation; well within the function's timeout. */
const WINDOW_MS = 15_000;

const messageSchema = z.object({ taskToken: z.string() });

/** What became of one parked execution. */
type Turn = 'taken' | 'gone' | 'failed' | 'notDue';

/** Hands out turns to parked executions, each at its time. */
export function makeHandler(wiring: Wiring<'sfn' | 'dynamoDb'>): (event: SQSEvent) => Promise<SQSBatchResponse> {
  const { clock, log, metrics, clients } = wiring;
  const { pace } = wiring.environment.settings;
  const store = makeSharedState(wiring, 'pace', paceStateSchema);
  const traffic = makeTrafficStore(wiring);

  async function handOut({ body, messageId }: SQSRecord, turnAtMs: number | undefined): Promise<Turn> {
    if (turnAtMs === undefined) return 'notDue';
    const taskToken = readToken(body);
    if (taskToken === undefined) {
      log.error('expected a message with a taskToken on the turnstile queue', { messageId });
      return 'gone';
    }
    await clock.sleep(turnAtMs - clock.now());
    const output = JSON.stringify({ grantedAt: new Date(clock.now()).toISOString() });
    try {
      await retrying(wiring, () => clients.sfn.send(new SendTaskSuccessCommand({ taskToken, output })));
      return 'taken';
    } catch (error) {
      // The execution parked anew, ended, or had its turn from an earlier delivery of this message.
      if (error instanceof TaskTimedOut || error instanceof TaskDoesNotExist || error instanceof InvalidToken)
        return 'gone';
      log.error('the turnstile could not hand out a turn', { messageId, error: errorName(error) });
      return 'failed';
    }
  }

  return async ({ Records: records }) => {
    const seen = await traffic.read();
    const { turnsAtMs } = await store.update((state) =>
      reserveTurns(state ?? initialPace(pace), records.length, seen, clock.now(), WINDOW_MS, pace),
    );
    const turns = await Promise.all(records.map((record, index) => handOut(record, turnsAtMs[index])));
    const count = (wanted: Turn) => turns.filter((turn) => turn === wanted).length;
    const gone = count('gone');
    if (gone > 0) {
      await store.update((state) => ({ state: giveTurnsBack(state ?? initialPace(pace), gone) }));
    }
    log.info(LOG_MESSAGES.turns, { taken: count('taken'), gone, failed: count('failed'), notDue: count('notDue') });
    metrics.add(METRICS.turn, count('taken'));
    const batchItemFailures = records
      .filter((_, index) => turns[index] === 'failed' || turns[index] === 'notDue')
      .map(({ messageId }) => ({ itemIdentifier: messageId }));
    return { batchItemFailures };
  };
}

function readToken(body: string): string | undefined {
  return messageSchema.safeParse(parseJson(body)).data?.taskToken;
}

export const handler = lazily(() =>
  makeHandler({
    environment: readEnvironment(process.env),
    clients: { sfn: new SFNClient(CLIENT_CONFIG), dynamoDb: new DynamoDBClient(CLIENT_CONFIG) },
    ...lambdaPorts('turnstile'),
  }),
);
