import { type FakeService, UnsupportedError } from '../../kernel/aws-service.ts';
import type { VirtualClock } from '../../kernel/clock.ts';
import type { JsonObject } from '../../kernel/json.ts';
import { type Random, uuid } from '../../kernel/random.ts';
import type { Emit } from '../eventbridge/fake-eventbridge.ts';

export interface AlarmOptions {
  readonly arn: string;
  readonly name: string;
  readonly metricName: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly periodMs: number;
  /** Raised when the sum over the period is this or more. */
  readonly threshold: number;
}

export interface FakeAlarmsOptions {
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly emit: Emit;
  readonly account: string;
  readonly region: string;
}

/** An alarm that is there and is never looked at: what it is on, the lab does not measure. */
export interface IdleAlarm {
  readonly arn: string;
  readonly name: string;
  readonly description: string | undefined;
}

interface Alarm extends AlarmOptions {
  values: { readonly at: number; readonly value: number }[];
  isRaised: boolean;
}

const MINUTE_MS = 60_000;

/** CloudWatch, as far as alarms on the sum of one metric of ours over one period go: each is looked at once a minute. */
export class FakeAlarms implements FakeService {
  readonly name = 'cloudwatch';
  readonly #options: FakeAlarmsOptions;
  readonly #alarms: Alarm[] = [];
  readonly #idle: IdleAlarm[] = [];

  constructor(options: FakeAlarmsOptions) {
    this.#options = options;
  }

  create(options: AlarmOptions): void {
    if (this.#alarms.length === 0) this.#options.clock.every(MINUTE_MS, () => this.#evaluate());
    this.#alarms.push({ ...options, values: [], isRaised: false });
  }

  createIdle(alarm: IdleAlarm): void {
    this.#idle.push(alarm);
  }

  /** In one page: the real one has fifty alarms on each where nobody asks for a hundred. */
  call(operation: string, { AlarmNames, AlarmNamePrefix: prefix = '', StateValue: state }: JsonObject): JsonObject {
    if (operation !== 'DescribeAlarms') throw new UnsupportedError(`cloudwatch ${operation}`);
    const names = (AlarmNames ?? []) as string[];
    const isMeant = ({ AlarmName, StateValue }: JsonObject) =>
      (names.length === 0 || names.includes(String(AlarmName))) &&
      String(AlarmName).startsWith(String(prefix)) &&
      (StateValue === state || !state);
    return { MetricAlarms: [...this.#alarms.map(evaluated), ...this.#idle.map(idle)].filter(isMeant) };
  }

  /** Takes in a value under each set of dimensions that it was emitted with. */
  add(metricName: string, value: number, dimensionSets: readonly Readonly<Record<string, string>>[]): void {
    for (const alarm of this.#alarms) {
      const isMeant = metricName === alarm.metricName && dimensionSets.some((set) => isSame(set, alarm.dimensions));
      if (isMeant) alarm.values.push({ at: this.#options.clock.now(), value });
    }
  }

  #evaluate(): void {
    const now = this.#options.clock.now();
    for (const alarm of this.#alarms) {
      alarm.values = alarm.values.filter(({ at }) => at >= now - alarm.periodMs);
      const isRaised = alarm.values.reduce((sum, { value }) => sum + value, 0) >= alarm.threshold;
      if (isRaised === alarm.isRaised) continue;
      alarm.isRaised = isRaised;
      this.#tell(alarm);
    }
  }

  /** https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html */
  #tell({ arn, name, isRaised }: Alarm): void {
    const { clock, random, emit, account, region } = this.#options;
    const time = new Date(clock.now()).toISOString();
    const [now, before] = isRaised ? ['ALARM', 'OK'] : ['OK', 'ALARM'];
    const id = uuid(random);
    emit('CloudWatch Alarm State Change', () => ({
      version: '0',
      id,
      'detail-type': 'CloudWatch Alarm State Change',
      source: 'aws.cloudwatch',
      account,
      time: time.replace(/\.\d+/, ''),
      region,
      resources: [arn],
      detail: { alarmName: name, state: { value: now, timestamp: time }, previousState: { value: before } },
    }));
  }
}

const evaluated = ({ arn, name, isRaised }: Alarm): JsonObject => ({
  AlarmArn: arn,
  AlarmName: name,
  StateValue: isRaised ? 'ALARM' : 'OK',
});

const idle = ({ arn, name, description }: IdleAlarm): JsonObject => ({
  AlarmArn: arn,
  AlarmName: name,
  ...(description !== undefined && { AlarmDescription: description }),
  StateValue: 'INSUFFICIENT_DATA',
  StateReason: 'The lab does not measure what this alarm is on.',
});

function isSame(one: Readonly<Record<string, string>>, other: Readonly<Record<string, string>>): boolean {
  const keys = Object.keys(one);
  return keys.length === Object.keys(other).length && keys.every((key) => one[key] === other[key]);
}
