import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { InvalidToken, SendTaskSuccessCommand, SFNClient, TaskDoesNotExist, TaskTimedOut } from '@aws-sdk/client-sfn';
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import * as z from 'zod';
import { LOG_MESSAGES, METRICS } from './core/contract.ts';
import { parseJson } from './core/json.ts';
import { giveTurnsBack, initialPace, type PaceState, paceStateSchema, reserveTurns } from './core/pace.ts';
import { taskCountSchema } from './core/run-task-request.ts';
import { readEnvironment } from './environment.ts';
import { makePauseSwitch } from './pause.ts';
import type { Wiring } from './ports.ts';
import { errorName, retrying } from './retrying.ts';
import { CLIENT_CONFIG, lambdaPorts, lazily } from './runtime.ts';
import { makeSharedState } from './shared-state.ts';
import { makeTrafficStore } from './traffic-store.ts';

/** How far ahead turns are reserved: what is learnt meanwhile comes too late for them. */
const AHEAD_MS = 1500;
/** How often it is looked whether a pause is over. */
const PAUSE_POLL_MS = 10_000;
/** How long one invocation hands out turns: well within the function's timeout. */
const WORK_MS = 45_000;

const messageSchema = z.object({
  taskToken: z.string(),
  /** When the execution stops waiting for this message. */
  parkedUntil: z.iso.datetime(),
  /** How many tasks its call asks for. */
  tasks: taskCountSchema.default(1),
});

/** An execution that waits for its turn. */
interface Waiting {
  readonly parked: z.infer<typeof messageSchema>;
  readonly messageId: string;
}

/** What became of one turn. */
type Turn = 'taken' | 'gone' | 'failed';

/** Hands out turns to parked executions, each at its time. */
export function makeHandler(wiring: Wiring<'sfn' | 'dynamoDb'>): (event: SQSEvent) => Promise<SQSBatchResponse> {
  const { clock, log, metrics, clients } = wiring;
  const { pace } = wiring.environment.settings;
  const store = makeSharedState(wiring, 'pace', paceStateSchema);
  const traffic = makeTrafficStore(wiring);
  const isPaused = makePauseSwitch(wiring);
  /** Turns that nobody took, by the tasks of their calls; the next reservation gives them back. */
  let unused: number[] = [];
  /** The account's bucket, as far as it is known. */
  let bucket: PaceState['bucket'];

  async function handOut({ messageId, parked }: Waiting, turnAtMs: number): Promise<Turn> {
    await clock.sleep(turnAtMs - clock.now());
    const { taskToken, tasks } = parked;
    const output = JSON.stringify({ grantedAt: new Date(clock.now()).toISOString() });
    try {
      await retrying(wiring, () => clients.sfn.send(new SendTaskSuccessCommand({ taskToken, output })));
      return 'taken';
    } catch (error) {
      unused.push(tasks);
      // The execution parked anew, ended, or had its turn from an earlier delivery of this message.
      if (error instanceof TaskTimedOut || error instanceof TaskDoesNotExist || error instanceof InvalidToken) {
        return 'gone';
      }
      log.error('the turnstile could not hand out a turn', { messageId, error: errorName(error) });
      return 'failed';
    }
  }

  /** When the turns are due that can be had now; none during a pause, of which nobody has to hear at once that it is over. */
  async function reserve(waiting: readonly Waiting[]): Promise<readonly number[]> {
    const [paused, seen] = await Promise.all([isPaused(), traffic.read()]);
    if (paused) {
      await clock.sleep(PAUSE_POLL_MS);
      return [];
    }
    const wanted = waiting.map(({ parked }) => parked.tasks);
    const back = unused;
    unused = [];
    const { state, turnsAtMs } = await store.update((state = initialPace(pace)) =>
      reserveTurns(giveTurnsBack(state, back), wanted, seen, clock.now(), AHEAD_MS, pace),
    );
    bucket = state.bucket;
    return turnsAtMs;
  }

  /** Hands out turns in order for as long as one invocation works; who is left over comes back with a later one. */
  async function handOutTurns(waiting: readonly Waiting[]): Promise<readonly Turn[]> {
    const turns: Turn[] = [];
    const untilMs = clock.now() + WORK_MS;
    while (turns.length < waiting.length && clock.now() < untilMs) {
      const left = waiting.slice(turns.length);
      const turnsAtMs = await reserve(left);
      const due = left.slice(0, turnsAtMs.length);
      turns.push(...(await Promise.all(due.map((each, index) => handOut(each, turnsAtMs[index] ?? 0)))));
      if (due.length === 0) await clock.sleep(AHEAD_MS);
    }
    return turns;
  }

  return async ({ Records: records }) => {
    // Nobody waits for these any more (or ever did): a turn for them would be lost to the others.
    const waiting = records.flatMap(({ body, messageId }) => {
      const parked = messageSchema.safeParse(parseJson(body)).data;
      return parked && Date.parse(parked.parkedUntil) > clock.now() ? [{ parked, messageId }] : [];
    });
    const turns = await handOutTurns(waiting);
    const count = (wanted: Turn) => turns.filter((turn) => turn === wanted).length;
    log.info(LOG_MESSAGES.turns, {
      taken: count('taken'),
      gone: count('gone'),
      failed: count('failed'),
      notDue: waiting.length - turns.length,
      expired: records.length - waiting.length,
      ...(bucket && { bucketUnit: bucket.unit, refillPerSecond: Math.round(bucket.refillPerSecond * 10) / 10 }),
    });
    metrics.add(METRICS.turn, count('taken'));
    const batchItemFailures = waiting
      .filter((_, index) => turns[index] === 'failed' || turns[index] === undefined)
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
