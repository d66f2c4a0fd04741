import { AwsError, UnsupportedError } from '../../kernel/aws-service.ts';
import type { VirtualClock } from '../../kernel/clock.ts';
import type { JsonObject } from '../../kernel/json.ts';
import type { Properties } from '../../stack/resources.ts';
import type { Permissions } from '../iam/permissions.ts';
import type { FakeSqs } from '../sqs/fake-sqs.ts';
import type { FakeStates } from '../states/fake-states.ts';

/** Hands one event over; `again` makes the same one once more, for whoever keeps many. */
export type Deliver = (event: JsonObject, again?: () => JsonObject) => void;
type TargetProperties = Properties<'AWS::Events::Rule'>['Targets'][number];

export interface EventTargetsOptions {
  readonly clock: VirtualClock;
  readonly accountId: string;
  readonly sqs: FakeSqs;
  readonly states: FakeStates;
  readonly has: Permissions['has'];
  /** Told of each copy that arrived, or would have, under a name that its answer will have. */
  readonly onDelivered: (event: JsonObject, id: string) => void;
}

/** After how long a delivery that failed is tried again; the service goes on for a day, with backoff. */
const RETRY_MS = 60_000;

/** Of so many messages that wait the texts take too much memory; of fewer each is written once, not made again when it is received. */
const LONG_QUEUE = 1000;

/** What rules deliver to: queues, whose policies have to admit the rule, and state machines, under the target's role. */
export class EventTargets {
  readonly #options: EventTargetsOptions;
  #refused = 0;

  constructor(options: EventTargetsOptions) {
    this.#options = options;
  }

  create(ruleArn: string, { Arn: arn, Input: input, RoleArn: role, DeadLetterConfig }: TargetProperties): Deliver {
    const { accountId, sqs, has } = this.#options;
    const context = { 'aws:SourceArn': ruleArn, 'aws:SourceAccount': accountId };
    const admits = (resource: string) =>
      has({ service: 'events.amazonaws.com' }, { action: 'sqs:SendMessage', resource, context });
    const isLong = (queueArn: string) => sqs.depth(queueArn).visible >= LONG_QUEUE;
    const toQueue =
      (queueArn: string | undefined, body?: string): Deliver =>
      (event, again) => {
        const isAdmitted = queueArn !== undefined && admits(queueArn);
        const id = isAdmitted
          ? sqs.send(queueArn, body ?? (again && isLong(queueArn) ? again : JSON.stringify(event)))
          : `${ruleArn} refused ${this.#refused++}`;
        this.#options.onDelivered(event, id);
      };
    // A refusal is not retried: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
    const deadLetter = toQueue(DeadLetterConfig?.Arn);
    const [, , service] = arn.split(':');
    if (service === 'sqs') return admits(arn) ? toQueue(arn, input) : deadLetter;
    if (service === 'states' && role !== undefined) {
      const isTrusted = has({ service: 'events.amazonaws.com' }, { action: 'sts:AssumeRole', resource: role, context });
      return isTrusted && has({ role }, { action: 'states:StartExecution', resource: arn })
        ? (event) => this.#start(arn, input, event)
        : deadLetter;
    }
    throw new UnsupportedError(`a rule with the target ${arn}`);
  }

  #start(stateMachineArn: string, input: string | undefined, event: JsonObject): void {
    const { clock, states, onDelivered } = this.#options;
    try {
      const started = states.call('StartExecution', { stateMachineArn, input: input ?? JSON.stringify(event) });
      // A schedule tells of no throttle.
      if (input === undefined) onDelivered(event, String(started.executionArn));
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      clock.after(RETRY_MS, () => this.#start(stateMachineArn, input, event));
    }
  }
}
