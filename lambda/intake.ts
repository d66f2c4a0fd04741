import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { IAMClient } from '@aws-sdk/client-iam';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { LOG_MESSAGES, METRICS } from './core/contract.ts';
import { classifyEvent } from './core/events/classify-event.ts';
import type { BusEvent, ThrottleEvent } from './core/events/event.ts';
import { decodeEvent } from './core/events/event.ts';
import { decodeHandOver } from './core/events/hand-over.ts';
import type { Malformed } from './core/events/malformed.ts';
import { uniqueId } from './core/events/run-task-record.ts';
import { decodeTaskChange } from './core/events/task-change.ts';
import { isPlainThrottle } from './core/events/throttle.ts';
import { parseJson } from './core/json.ts';
import { callOf } from './core/rate/counted-call.ts';
import { handOverThrottle, signalThrottle } from './core/rate/rate.ts';
import { initialRate, rateStateSchema } from './core/rate/rate-state.ts';
import { decide } from './core/verdict/decide.ts';
import type { Ending } from './core/verdict/verdict.ts';
import { deployedEnvironment } from './runtime/environment.ts';
import { CLIENT_CONFIG, lambdaPorts, lazily } from './runtime/lambda-ports.ts';
import type { HandlerDependencies } from './runtime/ports.ts';
import { errorName, retrying } from './runtime/sdk-retry.ts';
import { makeSenders } from './sources/senders.ts';
import { ITEMS } from './state/items.ts';
import { makeTrafficStore } from './state/traffic-store.ts';
import { makeVersionedItem } from './state/versioned-item.ts';
import { makeVerdictApplier } from './steps/apply-verdict.ts';
import { type CountedTask, makeRoomCounter } from './steps/count-rooms.ts';
import { makeNotifier } from './steps/notifier.ts';
import { makeVerdictReport } from './steps/verdict-report.ts';

/** Of a dead letter of the hand-over queue: who sent the message. */
const SENDER_ATTRIBUTE = 'sender';
/** Whoever sent a message that SQS itself gave up on, which holds no such attribute. */
const NOBODY = { principalArn: '', principalId: '' };

/** SDKs are through with their attempts by then. */
const FRESH_MS = 120_000;

/** The key of a message that nobody has decoded yet. */
function keyOf(body: string): string | undefined {
  const { key } = (parseJson(body) ?? {}) as { key?: unknown };
  return typeof key === 'string' ? key : undefined;
}

/** Turns delivered events, and calls that were handed over, into executions of the re-run workflow: at most one for each call. */
export function makeHandler(
  dependencies: HandlerDependencies<'sfn' | 'dynamoDb' | 'sqs' | 'iam'>,
): (event: SQSEvent) => Promise<SQSBatchResponse> {
  const { clock, log, metrics, clients, environment } = dependencies;
  const { awsEnvironment, settings } = environment;
  const ownRoleArn = environment.variable('runTaskRoleArn');
  const deadLetterQueueUrl = environment.variable('deadLetterQueueUrl');
  const handOverQueueArn = environment.variable('handOverQueueArn');
  const handOverDeadLetterQueueUrl = environment.variable('handOverDeadLetterQueueUrl');
  const applyVerdict = makeVerdictApplier(dependencies);
  const notifier = makeNotifier(dependencies);
  const senders = makeSenders(dependencies);
  const report = makeVerdictReport(dependencies);
  const traffic = makeTrafficStore(dependencies);
  const countRooms = makeRoomCounter(dependencies);
  const rate = makeVersionedItem(dependencies, ITEMS.rate.id, rateStateSchema);

  /** To a dead-letter queue, where a person can look at it: a log line must not show what it holds. */
  async function refuseMalformed(
    { messageId, body }: SQSRecord,
    { problems }: Malformed,
    QueueUrl: string,
    sender = '',
  ) {
    const command = new SendMessageCommand({
      QueueUrl,
      MessageBody: body,
      ...(sender && { MessageAttributes: { [SENDER_ATTRIBUTE]: { DataType: 'String', StringValue: sender } } }),
    });
    await retrying(dependencies, () => clients.sqs.send(command));
    log.error(LOG_MESSAGES.verdict, { kind: 'refuse', reason: 'malformed', messageId, problems });
    metrics.add(METRICS.verdict, 1, { kind: 'refuse', reason: 'malformed' });
  }

  async function handleEvent(record: SQSRecord, event: BusEvent | Malformed): Promise<void> {
    if (!('kind' in event)) return refuseMalformed(record, event, deadLetterQueueUrl);
    const ending = await conclude(event, record);
    const isThrottled = event.kind === 'stoppedTask' && classifyEvent(event) === 'throttle';
    if (isThrottled && ending.kind === 'rerun') await slowDown(event.stoppedAtMs);
  }

  /** Returns when the bucket was empty, where the call tells that of now. */
  async function handleHandOver(record: SQSRecord): Promise<number | undefined> {
    const { messageId, body } = record;
    const sender = senderOf(record);
    const caller = sender ? await senders(sender, keyOf(body)) : NOBODY;
    const sentAtMs = Number(record.attributes.SentTimestamp);
    const call = sender
      ? decodeHandOver({ messageId, body, sentAtMs, caller }, awsEnvironment)
      : { problems: [`sender: found a message that was moved back without the attribute "${SENDER_ATTRIBUTE}"`] };
    if (!('kind' in call)) {
      await refuseMalformed(record, call, handOverDeadLetterQueueUrl, sender);
      // Whoever sent it believes it taken.
      await notifier.notify({
        kind: 'refused',
        reason: 'malformed',
        caller: caller.principalArn,
        family: '',
        first: { trace: { kind: 'message', id: messageId } },
      });
      return undefined;
    }
    const ending = await conclude(call, record);
    // Its records come seconds to minutes later. Where it is sent long after its attempts, it tells nothing of now.
    const { attempted } = call;
    const isFresh = attempted.kind === 'rejected' && sentAtMs - attempted.firstAttemptAtMs < FRESH_MS;
    return isFresh && isPlainThrottle(attempted.error) && ending.kind === 'rerun' ? sentAtMs : undefined;
  }

  /** Tells the rate of a batch's throttles at once: one after the other, a storm's intakes would wait for each other. */
  async function noteThrottles(sentAtMs: readonly number[]): Promise<void> {
    if (sentAtMs.length === 0) return;
    const inOrder = sentAtMs.toSorted((a, b) => a - b);
    await rate.update((before = initialRate(settings.rate)) => ({
      state: inOrder.reduce((state, emptyAtMs) => handOverThrottle(state, emptyAtMs, clock.now()), before),
    }));
  }

  /** Who first sent a message: one that was moved back from the dead-letter queue was sent by whoever moved it. */
  function senderOf({ attributes, messageAttributes }: SQSRecord): string {
    const { SenderId: senderId } = attributes;
    const isMovedBack = uniqueId(senderId) === environment.variable('handOverRedriveRoleId');
    return isMovedBack ? (messageAttributes[SENDER_ATTRIBUTE]?.stringValue ?? '') : senderId;
  }

  /** Whether events of calls arrive: an account without a trail gets none. */
  let hasTrail = false;

  async function conclude(event: ThrottleEvent, { messageId, attributes }: SQSRecord): Promise<Ending> {
    hasTrail ||= event.kind === 'runTaskRecord' || event.kind === 'otherCallRecord';
    // A message that is received once more was delivered no later for that.
    const deliveredAtMs = Number(attributes.SentTimestamp);
    const context = { awsEnvironment, settings, ownRoleArn, nowMs: clock.now(), deliveredAtMs, hasTrail };
    const verdict = decide(event, context);
    const ending = await applyVerdict(verdict, event, hasTrail);
    report(ending, event, { messageId });
    return ending;
  }

  async function slowDown(throttledAtMs: number): Promise<void> {
    await rate.update((state = initialRate(settings.rate)) => ({
      state: signalThrottle(state, throttledAtMs, clock.now()),
    }));
  }

  /** A failure here must not lose an event: the rate is only less exact then. */
  async function tellRate(tell: () => Promise<unknown>): Promise<void> {
    try {
      await tell();
    } catch (error) {
      log.error('the rate could not be told', { error: errorName(error) });
    }
  }

  /** Counts calls and tasks for the rate. */
  async function count(
    events: ReadonlyMap<SQSRecord, BusEvent | Malformed>,
    changes: readonly CountedTask[],
  ): Promise<void> {
    const first = [...events].filter(([{ attributes }]) => attributes.ApproximateReceiveCount === '1');
    const readable = first.flatMap(([, event]) => ('kind' in event ? [event] : []));
    const calls = readable.flatMap((event) => callOf(event, ownRoleArn, awsEnvironment));
    for (const [kind, { length }] of Map.groupBy(calls, (call) => call.kind)) {
      metrics.add(METRICS.otherCall, length, { kind });
    }
    await tellRate(() => Promise.all([traffic.count(calls), countRooms(readable, changes)]));
  }

  return async (event) => {
    const fromBus = event.Records.filter(({ eventSourceARN }) => eventSourceARN !== handOverQueueArn);
    const tasks = new Map(fromBus.map((record) => [record, decodeTaskChange(record.body, awsEnvironment)]));
    const changes = [...tasks].flatMap(([{ messageId }, change]) => (change ? [{ messageId, change }] : []));
    /** Of a task that did not fail to start there is nothing to decide. */
    const isCounted = (record: SQSRecord) => tasks.get(record)?.hasFailedToStart === false;
    const toDecide = fromBus.filter((record) => !isCounted(record));
    const events = new Map(toDecide.map((record) => [record, decodeEvent(record.body)]));
    await count(new Map([...events].filter(([record]) => !tasks.get(record))), changes);
    const processor = new BatchProcessor(EventType.SQS);
    const throttles: number[] = [];
    const response = await processPartialResponse(
      event,
      async (record: SQSRecord) => {
        try {
          if (isCounted(record)) return;
          const event = events.get(record);
          if (event) return await handleEvent(record, event);
          const throttledAtMs = await handleHandOver(record);
          if (throttledAtMs !== undefined) throttles.push(throttledAtMs);
        } catch (error) {
          log.error('the intake failed', { messageId: record.messageId, error: errorName(error) });
          metrics.add(METRICS.failure, 1);
          throw error;
        }
      },
      processor,
      { throwOnFullBatchFailure: false },
    );
    await tellRate(() => noteThrottles(throttles));
    return response;
  };
}

export const handler = lazily(() =>
  makeHandler({
    environment: deployedEnvironment(),
    clients: {
      sfn: new SFNClient(CLIENT_CONFIG),
      dynamoDb: new DynamoDBClient(CLIENT_CONFIG),
      sqs: new SQSClient(CLIENT_CONFIG),
      iam: new IAMClient(CLIENT_CONFIG),
    },
    ...lambdaPorts('intake'),
  }),
);
