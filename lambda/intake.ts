import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { LOG_MESSAGES, METRICS } from './core/contract.ts';
import { decodeEvent } from './core/events/event.ts';
import { callOf } from './core/rate/counted-call.ts';
import { signalThrottle } from './core/rate/rate.ts';
import { initialRate, rateStateSchema } from './core/rate/rate-state.ts';
import { decide } from './core/verdict/decide.ts';
import { readEnvironment } from './runtime/environment.ts';
import { CLIENT_CONFIG, lambdaPorts, lazily } from './runtime/lambda-ports.ts';
import type { HandlerDependencies } from './runtime/ports.ts';
import { errorName, retrying } from './runtime/sdk-retry.ts';
import { ITEMS } from './state/items.ts';
import { makeTrafficStore } from './state/traffic-store.ts';
import { makeVersionedItem } from './state/versioned-item.ts';
import { makeVerdictApplier } from './steps/apply-verdict.ts';
import { makeVerdictReport } from './steps/verdict-report.ts';

/** Turns delivered events into executions of the re-run workflow: at most one for each call. */
export function makeHandler(
  dependencies: HandlerDependencies<'sfn' | 'dynamoDb' | 'sqs'>,
): (event: SQSEvent) => Promise<SQSBatchResponse> {
  const { clock, log, metrics, clients, environment } = dependencies;
  const { awsEnvironment, settings } = environment;
  const ownRoleArn = environment.variable('runTaskRoleArn');
  const deadLetterQueueUrl = environment.variable('deadLetterQueueUrl');
  const applyVerdict = makeVerdictApplier(dependencies);
  const report = makeVerdictReport(dependencies);
  const traffic = makeTrafficStore(dependencies);
  const rate = makeVersionedItem(dependencies, ITEMS.rate.id, rateStateSchema);

  async function handle({ messageId, body }: SQSRecord): Promise<void> {
    const event = decodeEvent(body);
    if (!('kind' in event)) {
      // A person can read it in the dead-letter queue. A log line must not show its content.
      const command = new SendMessageCommand({ QueueUrl: deadLetterQueueUrl, MessageBody: body });
      await retrying(dependencies, () => clients.sqs.send(command));
      log.error(LOG_MESSAGES.verdict, { kind: 'refuse', reason: 'malformed', messageId, problems: event.problems });
      metrics.add(METRICS.verdict, 1, { kind: 'refuse', reason: 'malformed' });
      return;
    }
    const ending = await applyVerdict(
      decide(event, { awsEnvironment, settings, ownRoleArn, nowMs: clock.now() }),
      event,
    );
    if (event.kind === 'stoppedTask' && ending.kind === 'rerun') {
      await rate.update((state = initialRate(settings.rate)) => ({
        state: signalThrottle(state, event.stoppedAtMs, clock.now()),
      }));
    }
    report(ending, event, { messageId });
  }

  /** Counts calls for the rate. A failure here must not lose an event: the rate is only less exact then. */
  async function countTraffic(records: readonly SQSRecord[]): Promise<void> {
    const first = records.filter(({ attributes }) => attributes.ApproximateReceiveCount === '1');
    const calls = first.flatMap(({ body }) => callOf(decodeEvent(body), ownRoleArn, awsEnvironment));
    for (const [kind, { length }] of Map.groupBy(calls, (call) => call.kind)) {
      metrics.add(METRICS.otherCall, length, { kind });
    }
    try {
      await traffic.count(calls);
    } catch (error) {
      log.error('calls could not be counted', { error: errorName(error) });
    }
  }

  return async (event) => {
    await countTraffic(event.Records);
    const processor = new BatchProcessor(EventType.SQS);
    return processPartialResponse(
      event,
      async (record: SQSRecord) => {
        try {
          await handle(record);
        } catch (error) {
          log.error('the intake failed', { messageId: record.messageId, error: errorName(error) });
          metrics.add(METRICS.failure, 1);
          throw error;
        }
      },
      processor,
      { throwOnFullBatchFailure: false },
    );
  };
}

export const handler = lazily(() =>
  makeHandler({
    environment: readEnvironment(process.env),
    clients: {
      sfn: new SFNClient(CLIENT_CONFIG),
      dynamoDb: new DynamoDBClient(CLIENT_CONFIG),
      sqs: new SQSClient(CLIENT_CONFIG),
    },
    ...lambdaPorts('intake'),
  }),
);
