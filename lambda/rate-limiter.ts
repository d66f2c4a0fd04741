import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { InvalidToken, SendTaskSuccessCommand, SFNClient, TaskDoesNotExist, TaskTimedOut } from '@aws-sdk/client-sfn';
import { ChangeMessageVisibilityCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import * as z from 'zod';
import { LOG_MESSAGES, METRICS } from './core/contract.ts';
import { taskCountSchema } from './core/events/run-task-request.ts';
import { parseJson } from './core/json.ts';
import { grantPlaces, mayLackRoom, type Place, type RoomCall } from './core/rate/grant-places.ts';
import { AHEAD_MS, untilAskedMs } from './core/rate/pulse.ts';
import { givePermitsBack, reservePermits } from './core/rate/rate.ts';
import { initialRate, type RateState, rateStateSchema } from './core/rate/rate-state.ts';
import { givePlacesBack } from './core/rate/room.ts';
import { NO_ROOMS, type Rooms, roomsSchema } from './core/rate/room-state.ts';
import { readAcceptances } from './core/rerun/acceptance.ts';
import { doneBySchema } from './core/rerun/rerun-input.ts';
import { deployedEnvironment } from './runtime/environment.ts';
import { CLIENT_CONFIG, lambdaPorts, lazily } from './runtime/lambda-ports.ts';
import type { HandlerDependencies } from './runtime/ports.ts';
import { errorName, retrying } from './runtime/sdk-retry.ts';
import { makePermitQueue, type PermitMessage } from './sources/permit-queue.ts';
import { makeItemReader } from './state/item-reader.ts';
import { ITEMS } from './state/items.ts';
import { makeLaunchStore } from './state/launch-store.ts';
import { makePauseSwitch } from './state/pause-switch.ts';
import { makeTrafficStore } from './state/traffic-store.ts';
import { makeVersionedItem } from './state/versioned-item.ts';

/** How often to check whether a pause is over. */
const PAUSE_POLL_MS = 10_000;
/**
 * How long one invocation hands out permits. What is left of its batch then goes back at once: another caller's call must not
 * wait behind batches that somebody's storm has filled.
 */
const WORK_MS = 3000;

/** A full batch that is handed out within this time shows that permits are due faster than event sources bring messages ... */
const FULL_BATCH = 10;
const FAST_MS = 500;
/** ... of which one reservation then covers those of so many receives: each is a write to the one item that all share. */
const MOST_RECEIVES = 5;

const messageSchema = z.object({
  taskToken: z.string(),
  /** When the execution stops waiting for this message. */
  parkedUntil: z.iso.datetime(),
  /** How many tasks the call asks for. */
  tasks: taskCountSchema.default(1),
  callId: z.string().nullish(),
  doneBy: doneBySchema.nullish(),
  family: z.string().default(''),
  /** The rooms that it needs places in. */
  rooms: z
    .array(z.string())
    .default([])
    .transform((names) => [...new Set(names)]),
});

/** An execution that waits for its permit. */
interface Waiting extends PermitMessage {
  readonly parked: z.infer<typeof messageSchema>;
}

/** How handing out one permit ended. */
type Permit = 'taken' | 'gone' | 'failed';

const COUNTS = ['taken', 'gone', 'failed', 'done', 'notDue', 'noRoom', 'expired'] as const;

/** What became of some messages. */
interface Worked {
  readonly counts: Readonly<Record<(typeof COUNTS)[number], number>>;
  /** Ids of those that come again. */
  readonly left: readonly string[];
  readonly isFast: boolean;
}

/** Hands out permits to parked executions, each when it is due. */
export function makeHandler(
  dependencies: HandlerDependencies<'sfn' | 'dynamoDb' | 'sqs'>,
): (event: SQSEvent) => Promise<SQSBatchResponse> {
  const { clock, log, metrics, clients, random } = dependencies;
  const { rate } = dependencies.environment.settings;
  const QueueUrl = dependencies.environment.variable('permitQueueUrl');
  const store = makeVersionedItem(dependencies, ITEMS.rate.id, rateStateSchema);
  const readItem = makeItemReader(dependencies);
  const rooms = makeVersionedItem(dependencies, ITEMS.rooms.id, roomsSchema, { readItem });
  const traffic = makeTrafficStore(dependencies, readItem);
  const isPaused = makePauseSwitch(readItem);
  const launches = makeLaunchStore(dependencies, readItem);
  const queue = makePermitQueue(dependencies);
  /** Tasks of the calls whose permits nobody took. The next reservation gives these permits back. */
  let unused: number[] = [];
  let wasPaused = false;
  /** The account's bucket; undefined while it is not known. */
  let bucket: RateState['bucket'];

  /** Hands out a permit at its time. What nobody takes is given back. */
  async function handOut(waiting: Waiting, permitAtMs: number): Promise<Permit> {
    await clock.sleep(permitAtMs - clock.now());
    const permit = await answer(waiting);
    if (permit !== 'taken') unused.push(waiting.parked.tasks);
    return permit;
  }

  /** Whether any room was found full of late: then its permit tells the attempt to report that it found a place. */
  let isRoomShort = false;

  /** Has an execution go on. */
  async function answer({ messageId, parked: { taskToken, rooms: places } }: Waiting): Promise<Permit> {
    const output = JSON.stringify({
      grantedAt: new Date(clock.now()).toISOString(),
      // A permit that comes without places has none to give back.
      ...(isRoomShort && places.length > 0 && { isRoomShort }),
    });
    try {
      await retrying(dependencies, () => clients.sfn.send(new SendTaskSuccessCommand({ taskToken, output })));
      return 'taken';
    } catch (error) {
      // The execution parked again, ended, or got its permit from an earlier delivery of this message.
      if (error instanceof TaskTimedOut || error instanceof TaskDoesNotExist || error instanceof InvalidToken) {
        return 'gone';
      }
      log.error('the rate limiter could not hand out a permit', { messageId, error: errorName(error) });
      return 'failed';
    }
  }

  /** Reserves permits and returns when each is due. During a pause there are none. */
  async function reserve(waiting: readonly Waiting[]): Promise<readonly number[]> {
    // While a pause lasts, nobody needs to know of the traffic.
    const [paused, read] = await Promise.all([isPaused(), wasPaused ? undefined : traffic.read()]);
    wasPaused = paused;
    if (paused) {
      await clock.sleep(PAUSE_POLL_MS);
      return [];
    }
    const seen = read ?? (await traffic.read());
    const wanted = waiting.map(({ parked }) => parked.tasks);
    const back = unused;
    unused = [];
    const { state, permitsAtMs } = await store.update((state = initialRate(rate)) =>
      reservePermits(givePermitsBack(state, back), wanted, seen, clock.now(), AHEAD_MS, rate),
    );
    bucket = state.bucket;
    return permitsAtMs;
  }

  const roomCall = ({ parked: { rooms, tasks, family } }: Waiting): RoomCall => ({
    rooms,
    tasks,
    family,
    spread: random(),
  });

  /** Takes places for those whose rooms are short. For the others there is room, as far as anybody knows. */
  async function takePlaces(waiting: readonly Waiting[], known: Rooms) {
    const calls = waiting.map(roomCall);
    const isShort = calls.some((call) => mayLackRoom(known, call));
    if (!isShort) return { places: calls.map((): Place => ({ kind: 'granted' })), takenAtMs: undefined };
    const { places } = await rooms.update((state = NO_ROOMS) => grantPlaces(state, calls, clock.now()));
    return { places, takenAtMs: clock.now() };
  }

  /** Gives places back that no permit came to. */
  async function leavePlaces(waiting: readonly Waiting[], takenAtMs: number | undefined): Promise<void> {
    if (takenAtMs === undefined || waiting.length === 0) return;
    const calls = waiting.map(roomCall);
    await rooms.update((state = NO_ROOMS) => ({ state: givePlacesBack(state, calls, takenAtMs) }));
  }

  /** Has the queue show a message again, at once or later. Where that fails it does so when its visibility timeout is over. */
  async function release({ messageId, receiptHandle }: Waiting, seconds = 0): Promise<void> {
    const command = new ChangeMessageVisibilityCommand({
      QueueUrl,
      ReceiptHandle: receiptHandle,
      VisibilityTimeout: seconds,
    });
    try {
      await clients.sqs.send(command);
    } catch (error) {
      log.error('the rate limiter could not release a message', { messageId, error: errorName(error) });
    }
  }

  /** Whether the caller's own retry got through: then the execution has only to hear of it, and needs no permit. */
  async function isAlreadyDone({ parked: { callId, doneBy } }: Waiting): Promise<boolean> {
    if (callId == null || doneBy == null) return false;
    return readAcceptances([await launches.getAccepted(callId)], doneBy).kind === 'done';
  }

  /** Hands out permits in order until the invocation's time is over. The rest returns to the queue for a later one. */
  async function handOutPermits(waiting: readonly Waiting[], untilMs: number): Promise<readonly Permit[]> {
    const permits: Permit[] = [];
    let missed = 0;
    while (permits.length < waiting.length && clock.now() < untilMs) {
      const left = waiting.slice(permits.length);
      const permitsAtMs = await reserve(left);
      const due = left.slice(0, permitsAtMs.length);
      permits.push(...(await Promise.all(due.map((each, index) => handOut(each, permitsAtMs[index] ?? 0)))));
      missed = due.length === 0 ? missed + 1 : 0;
      const waitMs = untilAskedMs(missed, clock.now());
      if (due.length === left.length || clock.now() + waitMs >= untilMs) break;
      await clock.sleep(waitMs);
    }
    return permits;
  }

  /** Hands out what is due of some messages until the invocation's time is over. */
  async function work(messages: readonly PermitMessage[], untilMs: number): Promise<Worked> {
    const beganAtMs = clock.now();
    // Messages that are unreadable, or that nobody waits for any more, get no permit.
    const waiting = messages.flatMap((message) => {
      const parked = messageSchema.safeParse(parseJson(message.body)).data;
      return parked && Date.parse(parked.parkedUntil) > clock.now() ? [{ ...message, parked }] : [];
    });
    const [known = NO_ROOMS, ...areDone] = await Promise.all([rooms.read(), ...waiting.map(isAlreadyDone)]);
    isRoomShort = Object.keys(known.rooms).length > 0;
    const done = waiting.filter((_, index) => areDone[index]);
    const wanting = waiting.filter((_, index) => !areDone[index]);
    const answers = await Promise.all(done.map(answer));
    const { places, takenAtMs } = await takePlaces(wanting, known);
    // Whoever has no place yet leaves the line at once: nobody waits behind it, and it takes no permit.
    const full = wanting.flatMap((each, index) => {
      const place = places[index];
      return place?.kind === 'none' ? [{ each, seconds: place.awaySeconds }] : [];
    });
    await Promise.all(full.map(({ each, seconds }) => release(each, seconds)));
    const placed = wanting.filter((_, index) => places[index]?.kind === 'granted');
    const permits = await handOutPermits(placed, untilMs);
    const unplaced = placed.filter((_, index) => permits[index] !== 'taken');
    await Promise.all([...placed.slice(permits.length).map((each) => release(each)), leavePlaces(unplaced, takenAtMs)]);
    const count = (wanted: Permit) => permits.filter((permit) => permit === wanted).length;
    const left = [
      ...done.filter((_, index) => answers[index] === 'failed'),
      ...full.map(({ each }) => each),
      ...placed.filter((_, index) => permits[index] === 'failed' || permits[index] === undefined),
    ].map(({ messageId }) => messageId);
    return {
      counts: {
        taken: count('taken'),
        gone: count('gone'),
        failed: count('failed'),
        done: done.length,
        notDue: placed.length - permits.length,
        noRoom: full.length,
        expired: messages.length - waiting.length,
      },
      left,
      isFast:
        permits.length >= FULL_BATCH && left.length === 0 && clock.now() - beganAtMs < FAST_MS && clock.now() < untilMs,
    };
  }

  /** Where permits are due faster than event sources bring messages: fetches the next by itself, and more each time. */
  async function fetchMore(untilMs: number): Promise<Worked[]> {
    const worked: Worked[] = [];
    for (let requests = 1; worked.at(-1)?.isFast ?? true; requests = Math.min(2 * requests, MOST_RECEIVES)) {
      const messages = await queue.receive(requests);
      if (messages.length === 0) break;
      const more = await work(messages, untilMs);
      worked.push(more);
      await queue.remove(messages.filter(({ messageId }) => !more.left.includes(messageId)));
    }
    return worked;
  }

  return async ({ Records: records }) => {
    const untilMs = clock.now() + WORK_MS;
    const first = await work(records, untilMs);
    const all = first.isFast ? [first, ...(await fetchMore(untilMs))] : [first];
    const counts = { ...first.counts };
    for (const { counts: more } of all.slice(1)) for (const name of COUNTS) counts[name] += more[name];
    log.info(LOG_MESSAGES.permits, {
      ...counts,
      ...(bucket && { bucketUnit: bucket.unit, refillPerSecond: Math.round(bucket.refillPerSecond * 10) / 10 }),
    });
    metrics.add(METRICS.permit, counts.taken);
    return { batchItemFailures: first.left.map((itemIdentifier) => ({ itemIdentifier })) };
  };
}

export const handler = lazily(() =>
  makeHandler({
    environment: deployedEnvironment(),
    clients: {
      sfn: new SFNClient(CLIENT_CONFIG),
      dynamoDb: new DynamoDBClient(CLIENT_CONFIG),
      sqs: new SQSClient(CLIENT_CONFIG),
    },
    ...lambdaPorts('rate-limiter'),
  }),
);
