import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { InvalidToken, SendTaskSuccessCommand, SFNClient, TaskDoesNotExist, TaskTimedOut } from '@aws-sdk/client-sfn';
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import * as z from 'zod';
import { LOG_MESSAGES, METRICS } from './core/contract.ts';
import { parseJson } from './core/json.ts';
import { giveTurnsBack, initialPace, paceStateSchema, reserveTurns } from './core/pace.ts';
import { readEnvironment } from './environment.ts';
import { makePauseSwitch } from './pause.ts';
import type { Wiring } from './ports.ts';
import { errorName, retrying } from './retrying.ts';
import { CLIENT_CONFIG, lambdaPorts, lazily } from './runtime.ts';
import { makeSharedState } from './shared-state.ts';
import { makeTrafficStore } from './traffic-store.ts';

/** How far ahead turns are handed out within one invocation; well within the function's timeout. */
const WINDOW_MS = 15_000;

const messageSchema = z.object({
  taskToken: z.string(),
  /** When the execution stops waiting for this message. */
  parkedUntil: z.iso.datetime(),
  /** How many tasks its call asks for. */
  tasks: z.int().min(1).default(1),
});
type Parked = z.infer<typeof messageSchema>;

/** What became of one parked execution. */
type Turn = 'taken' | 'gone' | 'failed' | 'notDue';

/** Hands out turns to parked executions, each at its time. */
export function makeHandler(wiring: Wiring<'sfn' | 'dynamoDb'>): (event: SQSEvent) => Promise<SQSBatchResponse> {
  const { clock, log, metrics, clients } = wiring;
  const { pace } = wiring.environment.settings;
  const store = makeSharedState(wiring, 'pace', paceStateSchema);
  const traffic = makeTrafficStore(wiring);
  const isPaused = makePauseSwitch(wiring);
  /** Turns that nobody took; the next reservation gives them back. */
  let unused: readonly number[] = [];

  async function handOut({ taskToken }: Parked, turnAtMs: number | undefined, messageId: string): Promise<Turn> {
    if (turnAtMs === undefined) return 'notDue';
    await clock.sleep(turnAtMs - clock.now());
    const output = JSON.stringify({ grantedAt: new Date(clock.now()).toISOString() });
    try {
      await retrying(wiring, () => clients.sfn.send(new SendTaskSuccessCommand({ taskToken, output })));
      return 'taken';
    } catch (error) {
      // The execution parked anew, ended, or had its turn from an earlier delivery of this message.
      if (error instanceof TaskTimedOut || error instanceof TaskDoesNotExist || error instanceof InvalidToken) {
        return 'gone';
      }
      log.error('the turnstile could not hand out a turn', { messageId, error: errorName(error) });
      return 'failed';
    }
  }

  async function reserve(wanted: readonly number[]): Promise<readonly number[]> {
    const seen = await traffic.read();
    const { turnsAtMs } = await store.update((state) =>
      reserveTurns(giveTurnsBack(state ?? initialPace(pace), unused), wanted, seen, clock.now(), WINDOW_MS, pace),
    );
    return turnsAtMs;
  }

  /** No turn for anybody. A while without an answer keeps the queue from being read over and over. */
  async function pausedTurns(): Promise<readonly number[]> {
    await clock.sleep(WINDOW_MS);
    return [];
  }

  return async ({ Records: records }) => {
    // Nobody waits for these any more (or ever did): a turn for them would be lost to the others.
    const waiting = records.flatMap(({ body, messageId }) => {
      const parked = messageSchema.safeParse(parseJson(body)).data;
      return parked && Date.parse(parked.parkedUntil) > clock.now() ? [{ parked, messageId }] : [];
    });
    const turnsAtMs = (await isPaused())
      ? await pausedTurns()
      : await reserve(waiting.map(({ parked }) => parked.tasks));
    const turns = await Promise.all(
      waiting.map(({ parked, messageId }, index) => handOut(parked, turnsAtMs[index], messageId)),
    );
    const count = (wanted: Turn) => turns.filter((turn) => turn === wanted).length;
    unused = waiting
      .filter((_, index) => turns[index] === 'gone' || turns[index] === 'failed')
      .map(({ parked }) => parked.tasks);
    const expired = records.length - waiting.length;
    log.info(LOG_MESSAGES.turns, {
      taken: count('taken'),
      gone: count('gone'),
      failed: count('failed'),
      notDue: count('notDue'),
      expired,
    });
    metrics.add(METRICS.turn, count('taken'));
    const batchItemFailures = waiting
      .filter((_, index) => turns[index] === 'failed' || turns[index] === 'notDue')
      .map(({ messageId }) => ({ itemIdentifier: messageId }));
    return { batchItemFailures };
  };
}

export const handler = lazily(() =>
  makeHandler({
    environment: readEnvironment(process.env),
    clients: { sfn: new SFNClient(CLIENT_CONFIG), dynamoDb: new DynamoDBClient(CLIENT_CONFIG) },
    ...lambdaPorts('turnstile'),
  }),
);
