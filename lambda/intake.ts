import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ExecutionAlreadyExists, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { LOG_MESSAGES, METRICS } from './core/contract.ts';
import { decodeEvent } from './core/event.ts';
import { decide, type Verdict } from './core/verdict.ts';
import { readEnvironment } from './environment.ts';
import { makePeople } from './people.ts';
import type { Wiring } from './ports.ts';
import { errorName, retrying } from './retrying.ts';
import { CLIENT_CONFIG, lambdaPorts, lazily } from './runtime.ts';

/** A verdict, or that the call was already being re-run when its record was delivered (again). */
type Ending = Verdict | { readonly kind: 'duplicate'; readonly name: string };

/** An execution's input holds 256 KiB. https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html */
const MAX_INPUT_BYTES = 262_144;

/** Turns delivered events into executions of the re-run workflow: at most one for each call. */
export function makeHandler(wiring: Wiring<'sfn' | 'dynamoDb'>): (event: SQSEvent) => Promise<SQSBatchResponse> {
  const { clock, log, metrics, clients, environment } = wiring;
  const { home, settings } = environment;
  const ownRoleArn = environment.variable('runTaskRoleArn');
  const stateMachineArn = environment.variable('rerunStateMachineArn');
  const people = makePeople(wiring);

  async function start(name: string, input: string): Promise<'started' | 'duplicate'> {
    const command = new StartExecutionCommand({ stateMachineArn, name, input });
    try {
      await retrying(wiring, () => clients.sfn.send(command));
      return 'started';
    } catch (error) {
      // The name is the call's identity, so whatever holds it is this call.
      if (error instanceof ExecutionAlreadyExists) return 'duplicate';
      throw error;
    }
  }

  async function handle({ messageId, body }: SQSRecord): Promise<void> {
    const event = decodeEvent(body);
    if (!('kind' in event)) {
      log.error(LOG_MESSAGES.verdict, { kind: 'refuse', reason: 'malformed', messageId, problems: event.problems });
      metrics.add(METRICS.verdict, 1, { kind: 'refuse', reason: 'malformed' });
      // Left to the dead-letter queue, where a person can look at it: a log line must not show what it holds.
      throw new MalformedEventError(`message ${messageId}: ${event.problems.join('; ')}`);
    }
    const ending = await settle(decide(event, { home, settings, ownRoleArn, nowMs: clock.now() }));
    const { kind } = ending;
    const reason = 'reason' in ending ? ending.reason : undefined;
    log.info(LOG_MESSAGES.verdict, {
      kind,
      reason,
      messageId,
      eventId: event.eventId,
      caller: event.caller.principalArn,
      errorCode: event.error.code,
      ...('name' in ending && { execution: ending.name }),
      ...('members' in ending && { members: ending.members }),
    });
    metrics.add(METRICS.verdict, 1, { kind, ...(reason && { reason }) });
  }

  async function settle(verdict: Verdict): Promise<Ending> {
    switch (verdict.kind) {
      case 'ignore':
        return verdict;
      case 'refuse':
        await people.tell({ ...verdict, kind: 'refused', family: verdict.family ?? '' });
        return verdict;
      case 'rerun': {
        const { name, input } = verdict;
        const text = JSON.stringify(input);
        if (Buffer.byteLength(text) > MAX_INPUT_BYTES) {
          const { caller, family } = input.call;
          return settle({ kind: 'refuse', reason: 'tooLarge', caller, family });
        }
        return (await start(name, text)) === 'started' ? verdict : { kind: 'duplicate', name };
      }
      default:
        return verdict satisfies never;
    }
  }

  return async (event) => {
    const processor = new BatchProcessor(EventType.SQS);
    return processPartialResponse(
      event,
      async (record: SQSRecord) => {
        try {
          await handle(record);
        } catch (error) {
          if (!(error instanceof MalformedEventError)) {
            log.error('the intake failed', { messageId: record.messageId, error: errorName(error) });
          }
          throw error;
        }
      },
      processor,
      { throwOnFullBatchFailure: false },
    );
  };
}

/** An event that cannot be decoded. Its message names places and expectations, never contents. */
class MalformedEventError extends Error {
  override readonly name = 'MalformedEvent';
}

export const handler = lazily(() =>
  makeHandler({
    environment: readEnvironment(process.env),
    clients: { sfn: new SFNClient(CLIENT_CONFIG), dynamoDb: new DynamoDBClient(CLIENT_CONFIG) },
    ...lambdaPorts('intake'),
  }),
);
