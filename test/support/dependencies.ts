import type { NoticePlace } from '../../lambda/core/notices/follow-up.ts';
import { type Settings, settingsSchema } from '../../lambda/core/settings.ts';
import type { Clients, HandlerDependencies, LogFields } from '../../lambda/runtime/ports.ts';
import { HOME, NOW_MS, OWN_ROLE, SETTINGS } from './records.ts';

/** A command as the handlers send it: its class and its input. */
export interface Sent {
  readonly name: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into inputs of every command
  readonly input: any;
}

export type Answer = (sent: Sent) => unknown;
export type Answers = Partial<Record<keyof Clients, Answer>>;

export const HAND_OVER_QUEUE_ARN = 'arn:aws:sqs:us-east-1:111122223333:hand-over';

/** Where notices come from, and what they lead to. */
export const PLACE: NoticePlace = {
  ...HOME,
  ownRoleArn: OWN_ROLE,
  digestStateMachineArn: 'arn:aws:states:us-east-1:111122223333:stateMachine:digest',
};

const VARIABLES = {
  accountId: HOME.account,
  rerunStateMachineArn: 'arn:aws:states:us-east-1:111122223333:stateMachine:rerun',
  digestStateMachineArn: PLACE.digestStateMachineArn,
  runTaskRoleArn: OWN_ROLE,
  tableName: 'state',
  deadLetterQueueUrl: 'https://sqs.us-east-1.amazonaws.com/111122223333/dead',
  permitQueueUrl: 'https://sqs.us-east-1.amazonaws.com/111122223333/permits',
  handOverQueueArn: HAND_OVER_QUEUE_ARN,
  handOverDeadLetterQueueUrl: 'https://sqs.us-east-1.amazonaws.com/111122223333/hand-over-dead',
  handOverRedriveRoleId: 'AROAREDRIVE',
};

export interface LogLine extends LogFields {
  readonly level: string;
  readonly message: string;
}

/** A handler's dependencies out of hand-made parts, and all that passed through them. */
export function dependenciesWith(answers: Answers = {}, settings: Partial<Settings> = {}) {
  const sent: Sent[] = [];
  const lines: LogLine[] = [];
  const metrics: { name: string; value: number; dimensions: Readonly<Record<string, string>> }[] = [];
  const sleeps: number[] = [];
  let nowMs = NOW_MS;

  const client = (answer: Answer = () => ({})) => ({
    async send(command: { constructor: { name: string }; input: unknown }) {
      const message = { name: command.constructor.name, input: command.input };
      sent.push(message);
      return answer(message);
    },
  });
  const log = (level: string) => (message: string, fields: LogFields) => void lines.push({ level, message, ...fields });
  const dependencies: HandlerDependencies<keyof Clients> = {
    environment: {
      settings: settingsSchema.parse({ ...SETTINGS, ...settings }),
      awsEnvironment: HOME,
      variable: (name) => VARIABLES[name],
    },
    clients: {
      ecs: client(answers.ecs),
      sfn: client(answers.sfn),
      dynamoDb: client(answers.dynamoDb),
      cloudTrail: client(answers.cloudTrail),
      sqs: client(answers.sqs),
      iam: client(answers.iam),
      cloudWatch: client(answers.cloudWatch),
      logs: client(answers.logs),
    } as unknown as Clients,
    clock: {
      now: () => nowMs,
      async sleep(milliseconds) {
        sleeps.push(milliseconds);
        nowMs += Math.max(0, milliseconds);
      },
    },
    random: () => 0.5,
    log: { info: log('info'), warn: log('warn'), error: log('error') },
    metrics: { add: (name, value, dimensions = {}) => void metrics.push({ name, value, dimensions }) },
  };
  return {
    dependencies,
    sent,
    lines,
    metrics,
    sleeps,
    at(instantMs: number) {
      nowMs = instantMs;
    },
    named: (name: string) => sent.filter((message) => message.name === name),
    /** Everything that could be read by somebody who reads logs and metrics. */
    told: () => JSON.stringify([lines, metrics]),
  };
}

/** Throws the errors one after the other, then answers. */
export function failing(errors: readonly Error[], answer: unknown = {}): Answer {
  const left = [...errors];
  return () => {
    const error = left.shift();
    if (error) throw error;
    return answer;
  };
}

/** What every error of the SDK is made with that a service answered. */
export const ANSWERED = { message: '', $metadata: { httpStatusCode: 400 } };

/** An error as the SDK throws it. */
export function awsError(name: string, message = '', httpStatusCode = 400): Error {
  return Object.assign(new Error(message), { name, $metadata: { httpStatusCode } });
}

/** Messages that are delivered for the first time: before what they tell of, where no time is given. */
export const sqsEvent = (...bodies: readonly string[]) => sqsEventOf(0, bodies);

export function sqsEventOf(sentAtMs: number, bodies: readonly string[]) {
  const attributes = { ApproximateReceiveCount: '1', SentTimestamp: String(sentAtMs) };
  return {
    Records: bodies.map((body, index) => ({ messageId: `m${index}`, receiptHandle: `h${index}`, body, attributes })),
  } as never;
}
