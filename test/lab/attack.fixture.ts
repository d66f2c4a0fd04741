import type { FakeSqs } from '../../lab/aws/sqs/fake-sqs.ts';
import type { Execution } from '../../lab/aws/states/execution.ts';
import { Faults } from '../../lab/faults/faults.ts';
import { VirtualClock } from '../../lab/kernel/clock.ts';
import type { Json, JsonObject } from '../../lab/kernel/json.ts';
import { Usage } from '../../lab/report/cost.ts';
import { readScenario } from '../../lab/scenario/scenario.ts';
import type { RunningType } from '../../lab/stack/resources.ts';
import { mergedConfiguration, synthesize, type TemplateResource } from '../../lab/stack/synthesize.ts';
import { DeployedTemplate } from '../../lab/stack/template.ts';
import { deploy } from '../../lab/world/deployment.ts';
import { tee } from '../../lab/world/observers.ts';
import { warmUp } from '../../lab/world/sandbox.ts';
import { World } from '../../lab/world/world.ts';
import { AIRFLOW_ROLE, type Changes, CRON_ROLE, eventText, HOME, OPS_USER } from '../support/records.ts';

/** What the owner of the attacked account allows. */
const OPT_IN = {
  clusters: ['batch'],
  families: ['report'],
  callers: [CRON_ROLE, OPS_USER, { arn: AIRFLOW_ROLE, retriesItself: true }],
  // Only what an attack brings about: no sweep by the clock.
  sweep: { everyMinutes: 0 },
};
/** There is more to run in the account than what the owner listed. */
const ACCOUNT = {
  clusters: ['default', 'batch', 'batch2'],
  taskDefinitions: ['report', 'report-admin', 'Report'].map((family) => ({ family, revision: 3 })),
};

export type Mode = 'rerun' | 'observe';

export interface AttackOptions {
  readonly mode?: Mode;
  readonly config?: JsonObject;
  readonly account?: JsonObject;
  /** Deployed by somebody else, as far as the lab can tell. */
  readonly foreign?: (arnOf: Attacked['arnOf']) => Readonly<Record<string, TemplateResource>>;
}

/** The attacked account: the doors that an attacker may find open. */
export interface Attacked {
  readonly world: World;
  readonly clock: VirtualClock;
  /** ARN of the resource of a type whose logical id begins so. */
  arnOf(type: RunningType, idPrefix: string): string;
  /** What the stack asked for each task that it started in ECS, so far. */
  readonly launched: readonly JsonObject[];
  /** Puts the text of an event on the default bus. */
  put(text: string): void;
  /** Starts an execution of the re-run workflow by hand. */
  start(name: string, input: Json): void;
}

/** What an attack came to. */
export interface Aftermath extends Attacked {
  readonly runTaskCalls: number;
  readonly executions: readonly Execution[];
  /** What executions were started with, by their names. */
  readonly inputs: ReadonlyMap<string, Json>;
  readonly deadLetters: number;
  readonly dollars: number;
  /** Log lines and metrics, as text. */
  readonly readable: readonly string[];
  /** How an event (by the id of its record, or its task's ARN) or an execution (by its name) ended. */
  endOf(name: string): string;
}

const templates = new Map<string, ReturnType<typeof synthesize>>();

function templateOf(config: JsonObject): ReturnType<typeof synthesize> {
  const key = JSON.stringify(config);
  const template = templates.get(key) ?? synthesize(mergedConfiguration(config), HOME);
  templates.set(key, template);
  return template;
}

/** Deploys the stack, lets the attack go, and waits until everything has settled. */
export async function attacked(attack: (on: Attacked) => void, options: AttackOptions = {}): Promise<Aftermath> {
  const { mode = 'rerun', config = {}, account = {}, foreign = () => ({}) } = options;
  await warmUp();
  const clock = new VirtualClock();
  const text = JSON.stringify({ name: 'attack', seed: 1, account: { ...ACCOUNT, ...account } });
  const scenario = readScenario(text, 'attack');
  const usage = new Usage();
  const ends = new Map<string, string>();
  const readable: string[] = [];
  const executions: Execution[] = [];
  const inputs = new Map<string, Json>();
  let runTaskCalls = 0;
  const world = new World({
    clock,
    scenario,
    faults: new Faults([], 1, clock),
    usage,
    observer: tee({
      request: ({ operation }, isOurs) => {
        if (isOurs && operation === 'RunTask') runTaskCalls += 1;
      },
      executionStarted: (execution, input) => {
        executions.push(execution);
        inputs.set(execution.name, input);
      },
      executionClosed: ({ name, result }) => ends.set(name, endOfExecution(result)),
      log: (line) => {
        readable.push(JSON.stringify(line));
        const { kind, reason, messageId, eventId, taskArn, execution } = line.fields;
        if (line.message !== 'verdict') return;
        const end = kind === 'rerun' || kind === 'duplicate' ? `execution ${execution}` : `${kind} ${reason}`;
        ends.set(String(eventId ?? taskArn ?? messageId), end);
      },
      metric: (metric) => readable.push(JSON.stringify(metric)),
    }),
  });
  const template = templateOf({ ...OPT_IN, mode, ...config });
  const arnOf: Attacked['arnOf'] = (type, idPrefix) => {
    const all = new DeployedTemplate(template, HOME).all(type);
    const [found, ...others] = all.filter(({ logicalId }) => logicalId.startsWith(idPrefix));
    if (!found || others.length > 0) throw new Error(`expected one ${type} whose id begins with ${idPrefix}`);
    return found.arn;
  };
  deploy(world, { Resources: { ...template.Resources, ...foreign(arnOf) } });
  const launched: JsonObject[] = [];
  world.ecs.onTask((transition) => {
    if (transition.kind === 'launched' && world.isOurs(transition.principal.arn)) launched.push(transition.input);
  });

  const on: Attacked = {
    world,
    clock,
    arnOf,
    launched,
    put: (event) => world.bus.put(JSON.parse(event) as JsonObject),
    start: (name, input) => {
      const stateMachineArn = arnOf('AWS::StepFunctions::StateMachine', 'Rerun');
      world.states.call('StartExecution', { stateMachineArn, name, input: JSON.stringify(input) });
    },
  };
  attack(on);
  await clock.run({ until: clock.now() + 24 * 3_600_000 });
  world.check();
  usage.logged(readable.length + executions.reduce((sum, { historyEvents }) => sum + historyEvents, 0));
  const endOf = (name: string): string => {
    const end = ends.get(name) ?? 'not taken in';
    return end.startsWith('execution ') ? endOf(end.slice('execution '.length)) : end;
  };
  const deadLetters = [...world.deadLetterQueues].reduce((sum, arn) => sum + world.sqs.depth(arn).visible, 0);
  return { ...on, runTaskCalls, executions, inputs, deadLetters, dollars: usage.dollars(), readable, endOf };
}

/** `refused notOptedIn`, `GaveUp deadline`, `ignored callerNotListed`, `started`. */
function endOfExecution(result: Execution['result']): string {
  const { output, error, cause } = result ?? {};
  if (error === 'Refused' || error === 'GaveUp') {
    const { errorMessage } = JSON.parse(cause ?? '{}') as { errorMessage?: string };
    return `${error === 'Refused' ? 'refused' : 'gaveUp'} ${errorMessage}`;
  }
  const { result: end = error, reason = '' } = (output ?? {}) as { result?: string; reason?: string };
  return `${end} ${reason}`.trim();
}

/** The text of a throttled call's event, changed by an attacker; its own id is that of its record and its client token. */
export function attackText(id: string, { envelope = {}, detail = {}, request = {} }: Changes): string {
  return eventText({ envelope, detail: { eventID: id, ...detail }, request: { clientToken: id, ...request } });
}

/** Sends as somebody whom IAM lets: the queue's own policy adds to that, it takes nothing away. */
export function sendMessage(sqs: FakeSqs, queueArn: string, MessageBody: string): string {
  const QueueUrl = `https://sqs.${HOME.region}.amazonaws.com/${HOME.account}/${queueArn.split(':').at(-1)}`;
  const insider = { arn: `arn:aws:sts::${HOME.account}:assumed-role/insider/session` };
  return String(sqs.call('SendMessage', { QueueUrl, MessageBody }, insider).MessageId);
}
