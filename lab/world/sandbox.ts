import { CloudTrailClient, LookupEventsCommand } from '@aws-sdk/client-cloudtrail';
import { CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient, StartQueryCommand } from '@aws-sdk/client-cloudwatch-logs';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { ECSClient, ListClustersCommand } from '@aws-sdk/client-ecs';
import { GetUserCommand, IAMClient } from '@aws-sdk/client-iam';
import { ListStateMachinesCommand, SFNClient } from '@aws-sdk/client-sfn';
import { ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { HandlerName } from '../../lambda/core/contract.ts';
import { makeHandler as makeIncidentReport } from '../../lambda/incident-report.ts';
import { makeHandler as makeIntake } from '../../lambda/intake.ts';
import { makeHandler as makeRateLimiter } from '../../lambda/rate-limiter.ts';
import { makeHandler as makeRunTask } from '../../lambda/run-task.ts';
import { readEnvironment } from '../../lambda/runtime/environment.ts';
import type { Clients, HandlerDependencies, LogFields } from '../../lambda/runtime/ports.ts';
import { makeHandler as makeSweep } from '../../lambda/sweep.ts';
import type { Sandbox } from '../aws/lambda/fake-lambda.ts';
import { direct } from '../aws/sdk/direct-client.ts';
import { modelOf } from '../aws/sdk/models.ts';
import { type CallHooks, clientConfig } from '../aws/sdk/transport.ts';
import type { Moment } from '../faults/faults.ts';
import type { FakeService, Principal } from '../kernel/aws-service.ts';
import type { VirtualClock } from '../kernel/clock.ts';
import type { Json, JsonObject } from '../kernel/json.ts';
import type { Random } from '../kernel/random.ts';

/** The product's handlers, by the names of its contract. */
const HANDLERS: Readonly<
  Record<HandlerName, (dependencies: HandlerDependencies<keyof Clients>) => (event: never) => Promise<unknown>>
> = {
  intake: makeIntake,
  'rate-limiter': makeRateLimiter,
  'run-task': makeRunTask,
  sweep: makeSweep,
  'incident-report': makeIncidentReport,
};

export interface LogLine {
  readonly handler: string;
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: LogFields;
}
export interface MetricValue {
  readonly handler: string;
  readonly name: string;
  readonly value: number;
  readonly dimensions: Readonly<Record<string, string>>;
}

/** The services that handlers call. */
export type ServiceOfOurs = 'ecs' | 'states' | 'dynamodb' | 'cloudtrail' | 'sqs' | 'iam' | 'cloudwatch' | 'logs';

export interface SandboxOptions {
  readonly handler: HandlerName;
  readonly variables: Readonly<Record<string, string>>;
  /** The text of the file with settings beside its code. */
  readonly settings: string;
  readonly principal: Principal;
  readonly region: string;
  readonly services: Readonly<Record<ServiceOfOurs, FakeService>>;
  readonly hooks: Required<CallHooks>;
  readonly clock: VirtualClock;
  /** By how much the handler's own clock is fast. */
  readonly skewMs: number;
  /** Asked at each SDK call: whether the handler dies at it, and on which side of its effect. */
  readonly crashAtCall: () => Moment | undefined;
  readonly random: Random;
  readonly onLog: (line: LogLine) => void;
  readonly onMetric: (metric: MetricValue) => void;
}

let warm: Promise<unknown> | undefined;

/**
 * The first request that a process makes with an SDK client loads code and files, on the real clock: if that fell into a
 * run, how much virtual time passes meanwhile would be up to chance.
 */
export function warmUp(): Promise<unknown> {
  const config = clientConfig({ name: 'warm-up', call: () => ({}) }, { arn: '' }, 'us-east-1');
  warm ??= Promise.all([
    ...['iam', 'sns', 'sqs'].map(modelOf),
    new ECSClient(config).send(new ListClustersCommand({})),
    new SFNClient(config).send(new ListStateMachinesCommand({})),
    new DynamoDBClient(config).send(new ListTablesCommand({})),
    new CloudTrailClient(config).send(new LookupEventsCommand({})),
    new SQSClient(config).send(new ListQueuesCommand({})),
    new IAMClient(config).send(new GetUserCommand({})),
    new CloudWatchClient(config).send(new DescribeAlarmsCommand({})),
    new CloudWatchLogsClient(config).send(
      new StartQueryCommand({ queryString: 'limit 1', startTime: 0, endTime: 1, logGroupNames: [] }),
    ),
  ]);
  return warm;
}

/** No handler uses all clients, and each takes a millisecond and fifty kilobytes in every one of hundreds of sandboxes. */
function onFirstUse<All extends object>(makers: { readonly [Name in keyof All]: () => All[Name] }): All {
  const all = {} as All;
  for (const name of Object.keys(makers) as (keyof All)[]) {
    let made: All[typeof name] | undefined;
    Object.defineProperty(all, name, {
      enumerable: true,
      get: () => {
        made ??= makers[name]();
        return made;
      },
    });
  }
  return all;
}

/** A real handler with real SDK clients, on the lab's clock, over the lab's services. */
export function createSandbox(options: SandboxOptions): Sandbox {
  const { handler, principal, region, services, hooks, clock, skewMs, crashAtCall, random } = options;
  let isAlive = true;
  let die = () => {};
  // What a killed sandbox waits for never comes: so nothing that it had underway takes effect.
  const never = <T>() => new Promise<T>(() => {});
  const alive = <T>(value: T): T | Promise<T> => (isAlive ? value : never<T>());
  const ownHooks: CallHooks = {
    around: async <T>(service: string, operation: string, call: () => T | Promise<T>, input: JsonObject) => {
      const crash = crashAtCall();
      if (crash === 'before') die();
      const answer = await hooks.around(service, operation, () => (isAlive ? call() : never<T>()), input);
      if (crash === 'after') die();
      return alive(answer);
    },
    onUnsupported: hooks.onUnsupported,
  };
  const config = (service: FakeService) => clientConfig(service, principal, region, ownHooks);
  const log = (level: LogLine['level']) => (message: string, fields: LogFields) => {
    if (isAlive) options.onLog({ handler, level, message, fields });
  };
  const handle = HANDLERS[handler]({
    environment: readEnvironment({ ...options.variables, AWS_REGION: region }, options.settings),
    clients: onFirstUse<Clients>({
      ecs: () => direct(new ECSClient(config(services.ecs))),
      sfn: () => direct(new SFNClient(config(services.states))),
      dynamoDb: () => direct(new DynamoDBClient(config(services.dynamodb))),
      cloudTrail: () => direct(new CloudTrailClient(config(services.cloudtrail))),
      sqs: () => direct(new SQSClient(config(services.sqs))),
      iam: () => direct(new IAMClient(config(services.iam))),
      cloudWatch: () => direct(new CloudWatchClient(config(services.cloudwatch))),
      logs: () => direct(new CloudWatchLogsClient(config(services.logs))),
    }),
    clock: { now: () => clock.now() + skewMs, sleep: async (milliseconds) => alive(await clock.sleep(milliseconds)) },
    random,
    log: { info: log('info'), warn: log('warn'), error: log('error') },
    metrics: {
      add: (name, value, dimensions = {}) => {
        if (isAlive) options.onMetric({ handler, name, value, dimensions });
      },
    },
  });
  return {
    invoke: async (payload, onExit) => {
      die = () => {
        if (isAlive) onExit();
      };
      // Payload and reply travel as JSON text.
      return JSON.parse(JSON.stringify((await handle(payload as never)) ?? null)) as Json;
    },
    kill: () => {
      isAlive = false;
    },
  };
}
