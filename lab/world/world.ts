import { dimensionSets, HANDLERS, type HandlerName } from '../../lambda/core/contract.ts';
import { CLIENT_CONFIG } from '../../lambda/runtime/lambda-ports.ts';
import { HANDLER_METADATA_KEY, SETTINGS_METADATA_KEY } from '../../lib/foundation/handler-function.ts';
import type { HistoryStep } from '../asl/index.ts';
import { FakeCloudFormation } from '../aws/cloudformation/fake-cloudformation.ts';
import { FakeCloudTrail } from '../aws/cloudtrail/fake-cloudtrail.ts';
import { FakeAlarms } from '../aws/cloudwatch/fake-alarms.ts';
import { FakeLogs } from '../aws/cloudwatch/fake-logs.ts';
import { FakeDynamoDb } from '../aws/dynamodb/fake-dynamodb.ts';
import type { ApiRequest } from '../aws/ecs/api-request.ts';
import { FakeEcs } from '../aws/ecs/fake-ecs.ts';
import { type Emit, FakeEventBridge } from '../aws/eventbridge/fake-eventbridge.ts';
import { FakeIam, type Principals, principalsOf } from '../aws/iam/fake-iam.ts';
import { Permissions } from '../aws/iam/permissions.ts';
import { FakeLambda, type Sandbox } from '../aws/lambda/fake-lambda.ts';
import { makeRequestMiddleware, type RequestMiddleware } from '../aws/sdk/request-middleware.ts';
import { FakeSns } from '../aws/sns/fake-sns.ts';
import { FakeSqs } from '../aws/sqs/fake-sqs.ts';
import type { Execution } from '../aws/states/execution.ts';
import { FakeStates } from '../aws/states/fake-states.ts';
import { integrations } from '../aws/states/integrations.ts';
import { FakeSts } from '../aws/sts/fake-sts.ts';
import type { Faults } from '../faults/faults.ts';
import { AwsError, type FakeService, type Principal, UnsupportedError } from '../kernel/aws-service.ts';
import type { VirtualClock } from '../kernel/clock.ts';
import type { Json, JsonObject } from '../kernel/json.ts';
import { randomStream } from '../kernel/random.ts';
import type { Usage } from '../report/cost.ts';
import { isRuleArn, type Scenario } from '../scenario/scenario.ts';
import { type Policies, queueArn } from '../stack/policies.ts';
import type { Resource } from '../stack/template.ts';
import { createSandbox, type LogLine, type MetricValue, type SandboxOptions } from './sandbox.ts';

/** What a run wants to hear of. */
export interface Observer {
  request(request: ApiRequest, isOurs: boolean): void;
  /** A service put an event on the bus, which may reach nobody. */
  emitted?: Emit;
  /** A copy of an event arrived at a queue of ours. */
  delivered(event: JsonObject, messageId: string): void;
  /** A dead letter was moved back: the copy is a new message. */
  moved(from: string, to: string): void;
  executionStarted(execution: Execution, input: Json): void;
  executionClosed(execution: Execution): void;
  /** An execution went on by a step of its history. */
  executionStep?(execution: Execution, step: HistoryStep): void;
  /** A closed execution goes on; its old result is still there to be read. */
  executionRedriven(execution: Execution): void;
  log(line: LogLine): void;
  metric(metric: MetricValue): void;
}

export interface WorldOptions {
  readonly clock: VirtualClock;
  readonly scenario: Scenario;
  readonly faults: Faults;
  readonly observer: Observer;
  /** Counts what AWS would bill. */
  readonly usage: Usage;
  /** Whether executions keep their histories for clients who ask for them. */
  readonly keepsHistory?: boolean;
  /** What becomes of records and events: in a replay nobody asks for old ones, and in most nobody hears of new ones either. */
  readonly records?: 'kept' | 'told' | 'none';
  /** What handlers run in; by default in this process, on the clock. */
  readonly createSandbox?: (options: SandboxOptions) => Sandbox;
}

/** The account of a scenario: its services, and on them whatever a template deploys. */
export class World {
  readonly sqs: FakeSqs;
  readonly sns: FakeSns;
  readonly dynamoDb: FakeDynamoDb;
  readonly cloudTrail: FakeCloudTrail;
  readonly ecs: FakeEcs;
  readonly states: FakeStates;
  readonly logs: FakeLogs;
  readonly alarms: FakeAlarms;
  readonly lambda: FakeLambda;
  readonly bus: FakeEventBridge;
  readonly iam: FakeIam;
  readonly sts: FakeSts;
  readonly cloudFormation: FakeCloudFormation;
  /** ARNs of the queues that hold what could not be handled. */
  readonly deadLetterQueues = new Set<string>();
  /** Where callers hand calls over; undefined where the stack takes none. */
  handOverQueueUrl: string | undefined;
  readonly options: WorldOptions;
  readonly #ourArns = new Set<string>();
  readonly #around: RequestMiddleware;
  readonly #principals: Principals;
  /** Those of the deployed template, which alone are judged: live callers may do what they do. */
  #permissions: Permissions | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(options: WorldOptions) {
    const { clock, scenario, faults, observer, usage, records = 'kept' } = options;
    const { account, seed } = scenario;
    this.options = options;
    const { requestTimeout: timeoutMs } = CLIENT_CONFIG.requestHandler;
    this.#around = makeRequestMiddleware({ clock, random: randomStream(seed, 'latency'), faults, usage, timeoutMs });
    this.bus = new FakeEventBridge({
      clock,
      random: randomStream(seed, 'events'),
      region: account.region,
      deliveries: (event) => faults.deliveries(event),
      ...(observer.emitted && { onEmitted: observer.emitted }),
    });
    this.sqs = new FakeSqs({ clock, random: randomStream(seed, 'sqs'), onMoved: observer.moved });
    this.logs = new FakeLogs({
      clock,
      random: randomStream(seed, 'logs'),
      onScanned: (lines) => usage.queried(lines),
    });
    this.alarms = new FakeAlarms({
      clock,
      random: randomStream(seed, 'alarms'),
      emit: this.bus.emit,
      account: account.id,
      region: account.region,
    });
    this.sns = new FakeSns({ clock, random: randomStream(seed, 'sns') });
    this.dynamoDb = new FakeDynamoDb();
    this.#principals = principalsOf(scenario);
    this.iam = new FakeIam(this.#principals, (role, action, resource) => this.has({ role }, { action, resource }));
    this.sts = new FakeSts({ clock });
    this.cloudFormation = new FakeCloudFormation({ clock, account: account.id, region: account.region });
    const skewMs = faults.skewMs('cloudtrail');
    const emit = records === 'none' ? undefined : this.bus.emit;
    this.cloudTrail = new FakeCloudTrail({ clock, account, seed, emit, skewMs, keepsHistory: records === 'kept' });
    this.ecs = new FakeEcs({
      clock,
      account,
      seed,
      emit,
      authorize: (operation, input, { arn }) => {
        if (this.isOurs(arn)) this.#permissions?.require(arn, 'ecs', operation, input);
      },
      onRequest: (request) => {
        observer.request(request, this.isOurs(request.principal.arn));
        this.cloudTrail.record(request);
      },
    });
    this.lambda = new FakeLambda({
      clock,
      seed,
      sqs: this.sqs,
      region: account.region,
      concurrency: account.lambdaConcurrency,
      faults,
      onInvoked: ({ seconds, memoryMb }) => usage.invoked(seconds, memoryMb),
      onPolled: (requests) => usage.add('sqsRequests', requests),
    });
    const runTask = integrations({
      lambda: this.lambda,
      states: () => this.states,
      mayInvoke: (functionArn, role) => this.has({ role }, { action: 'lambda:InvokeFunction', resource: functionArn }),
      services: { sqs: this.#guarded(this.sqs), sns: this.#guarded(this.sns), dynamodb: this.#guarded(this.dynamoDb) },
      around: this.#around,
    });
    this.states = new FakeStates({
      clock,
      seed,
      startExecution: account.buckets.startExecution,
      runTask: (call, { roleArn }) => runTask(call, { arn: roleArn }),
      onStarted: observer.executionStarted,
      onClosed: (execution) => {
        usage.add('stateTransitions', execution.stateTransitions);
        observer.executionClosed(execution);
      },
      onRedriven: observer.executionRedriven,
      onStep: observer.executionStep,
      keepsHistory: options.keepsHistory,
      onUnsupported: this.#fail,
    });
  }

  /** Throws what the lab could not do, if anything: then no figure of the run means anything. */
  check(): void {
    if (this.#failure) throw this.#failure.error;
  }

  /** Whether the session ARN is that of one of our functions. */
  readonly isOurs = (principalArn: string): boolean => this.#ourArns.has(principalArn);

  get hasFailed(): boolean {
    return this.#failure !== undefined;
  }

  /** After the end: gives up what only a run needs, where another one follows in this process. */
  forget(): void {
    this.dynamoDb.forget();
    this.logs.forget();
    this.lambda.forget();
  }

  readonly #fail = (error: unknown): void => {
    this.#failure ??= { error };
  };

  /** Lets something hear events and call ECS in the remediation's place, without a template. */
  standIn(principal: Principal, pattern: Json, onEvent: (event: JsonObject, messageId: string) => void): void {
    this.#ourArns.add(principal.arn);
    const deliver = (event: JsonObject) => {
      const messageId = String(event.id);
      this.options.observer.delivered(event, messageId);
      onEvent(event, messageId);
    };
    this.bus.createRule({ arn: `rule of ${principal.arn}`, pattern, targets: [deliver] });
  }

  /**
   * The services as people and their programs meet them. What their own policies allow is taken for granted; what the template's
   * queue policies keep out is kept out.
   */
  get clientServices(): readonly FakeService[] {
    const { ecs, states, lambda, dynamoDb, cloudTrail, logs, alarms, sns, iam, sts, cloudFormation, bus } = this;
    const sqs: FakeService = {
      name: 'sqs',
      call: (operation, input, principal) => {
        const sentTo = this.#sentTo(operation, input);
        for (const resource of sentTo) this.#admitSender(principal, resource);
        return this.sqs.call(operation, input, principal);
      },
    };
    return [ecs, sqs, states, lambda, dynamoDb, cloudTrail, logs, alarms, sns, iam, sts, cloudFormation, bus];
  }

  /** Queues that an operation sends to: who moves dead letters back sends them. */
  #sentTo(operation: string, { QueueUrl, SourceArn, DestinationArn }: JsonObject): string[] {
    if (operation === 'SendMessage') return [queueArn(String(QueueUrl))];
    if (operation !== 'StartMessageMoveTask') return [];
    return DestinationArn === undefined ? this.sqs.sourcesOf(String(SourceArn)) : [String(DestinationArn)];
  }

  /** Sends a hand-over message as a caller; returns its id, or throws what the queue answers. */
  handOver(principal: Principal, body: string): string {
    const QueueUrl = this.handOverQueueUrl;
    if (QueueUrl === undefined) throw new AwsError('QueueDoesNotExist', 'The specified queue does not exist.');
    const resource = queueArn(QueueUrl);
    this.#admitSender(principal, resource);
    // A rule has no identity of its own: the service sends.
    if (isRuleArn(principal.arn)) return this.sqs.send(resource, body);
    return String(this.sqs.call('SendMessage', { QueueUrl, MessageBody: body }, principal).MessageId);
  }

  #admitSender(principal: Principal, resource: string): void {
    this.#permissions?.requireOfCaller(principal, { action: 'sqs:SendMessage', resource });
    this.options.usage.called('sqs', 'SendMessage');
  }

  /** Has the policies of a template judge every request from now on. */
  enforce(policies: Policies): void {
    this.#permissions = new Permissions(
      policies,
      this.options.scenario.account,
      this.states.stateMachineOf,
      this.#principals,
    );
  }

  createFunction({ arn, logicalId, properties, metadata }: Resource<'AWS::Lambda::Function'>): void {
    const { clock, scenario, observer, faults, createSandbox: create = createSandbox } = this.options;
    const handler = HANDLERS.find((name) => name === metadata[HANDLER_METADATA_KEY]);
    if (!handler) throw new UnsupportedError(`${logicalId}: a function that is none of the handlers`);
    const principal = this.#functionPrincipal(properties.Role, logicalId);
    const logGroup = properties.LoggingConfig?.LogGroup;
    let sandboxes = 0;
    this.lambda.createFunction({
      arn,
      handler,
      timeoutSeconds: properties.Timeout,
      memoryMb: properties.MemorySize,
      createSandbox: () =>
        create({
          handler: handler satisfies HandlerName,
          variables: properties.Environment?.Variables ?? {},
          settings: JSON.stringify(metadata[SETTINGS_METADATA_KEY]),
          principal,
          region: scenario.account.region,
          services: {
            ecs: this.ecs,
            states: this.#guarded(this.states),
            dynamodb: this.#guarded(this.dynamoDb),
            cloudtrail: this.#guarded(this.cloudTrail),
            sqs: this.#guarded(this.sqs),
            iam: this.#guarded(this.iam),
            cloudwatch: this.#guarded(this.alarms),
            logs: this.#guarded(this.logs),
          },
          hooks: { around: this.#around, onUnsupported: this.#fail },
          clock,
          skewMs: faults.skewMs(handler),
          crashAtCall: () => faults.crash(handler, 'call'),
          random: randomStream(scenario.seed, `sandbox/${handler}/${sandboxes++}`),
          onLog: (line) => {
            if (logGroup !== undefined)
              this.logs.write(logGroup, { message: line.message, service: handler, ...line.fields });
            observer.log(line);
          },
          onMetric: (metric) => {
            const { name, value, dimensions } = metric;
            this.alarms.add(
              name,
              value,
              dimensionSets(dimensions).map((set) => ({ service: handler, ...set })),
            );
            observer.metric(metric);
          },
        }),
    });
  }

  /** The session under which a function's requests are recorded. */
  #functionPrincipal(roleArn: string, functionName: string): Principal {
    const roleName = roleArn.split('/').at(-1) ?? '';
    const arn = `arn:aws:sts::${this.options.scenario.account.id}:assumed-role/${roleName}/${functionName}`;
    this.#ourArns.add(arn);
    return { arn, userAgent: 'aws-sdk-js/3' };
  }

  readonly has: Permissions['has'] = (...asked) => this.#permissions?.has(...asked) ?? true;

  /** A service as those of ours meet it: it looks at their permissions first. */
  #guarded(service: FakeService): FakeService {
    return {
      name: service.name,
      call: (operation, input, principal) => {
        this.#permissions?.require(principal.arn, service.name, operation, input);
        return service.call(operation, input, principal);
      },
    };
  }
}
