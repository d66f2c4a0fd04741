import { afterEach } from 'vitest';
import type { ApiRequest } from '../../lab/aws/ecs/api-request.ts';
import type { TaskTransition } from '../../lab/aws/ecs/fake-ecs.ts';
import { Faults } from '../../lab/faults/faults.ts';
import { type FakeService, LostConnectionError } from '../../lab/kernel/aws-service.ts';
import { VirtualClock } from '../../lab/kernel/clock.ts';
import type { JsonObject } from '../../lab/kernel/json.ts';
import { type Endpoint, serve } from '../../lab/live/endpoint.ts';
import { Usage } from '../../lab/report/cost.ts';
import { readScenario } from '../../lab/scenario/scenario.ts';
import { mergedConfiguration, synthesize } from '../../lab/stack/synthesize.ts';
import { deploy } from '../../lab/world/deployment.ts';
import { tee } from '../../lab/world/observers.ts';
import { warmUp } from '../../lab/world/sandbox.ts';
import { World } from '../../lab/world/world.ts';

/** What clients are tried against: the lab with the stack in it, over loopback HTTP. */

export const REGION = 'us-east-1';
const ACCOUNT = '111122223333';
/** Access keys, which are the names of the roles behind them. Only the last is not listed. */
export const TEAMS = ['cron', 'billing', 'stranger'] as const;

/** Far longer than the stack needs for a few calls. */
const PLAY_MS = 15 * 60_000;

const role = (name: string) => `arn:aws:iam::${ACCOUNT}:role/${name}`;
const sessionOf = (name: string) => ({ arn: `arn:aws:sts::${ACCOUNT}:assumed-role/${name}/session` });

export const REQUEST: JsonObject = {
  cluster: 'batch',
  taskDefinition: 'report:3',
  launchType: 'FARGATE',
  networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-0aaa'] } },
  overrides: { containerOverrides: [{ name: 'app', environment: [{ name: 'DAY', value: 'a secret of monday' }] }] },
};

/** What becomes of a request before or after its effect; `undefined` where nothing does. */
type Disturb = (operation: string, nth: number) => 'before' | 'after' | undefined;

export interface LabOptions {
  /** Overrides of the scenario's account. */
  readonly account?: JsonObject;
  /** Which requests to ECS or SQS lose their answer: the connection breaks. */
  readonly breaks?: Disturb;
}

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/**
 * Time stands still while clients call, so that a bucket that is empty stays empty, until `play` lets the stack do all
 * that is to be done.
 */
export async function startLab({ account = {}, breaks = () => undefined }: LabOptions = {}) {
  const scenario = readScenario(
    JSON.stringify({
      name: 'clients',
      seed: 3,
      remediation: {
        config: {
          mode: 'rerun',
          clusters: ['batch'],
          families: ['report', 'invoice'],
          callers: [
            { arn: role('cron'), handsOver: true },
            { arn: role('billing'), handsOver: true },
          ],
        },
      },
      account: {
        clusters: ['batch'],
        taskDefinitions: [
          { family: 'report', revision: 3 },
          { family: 'invoice', revision: 1 },
        ],
        buckets: { clusterResourceModify: { burst: 1, refillPerSecond: 5 } },
        disguisedShare: 0,
        ...account,
      },
    }),
    'clients.json',
  );
  await warmUp();
  // Clients say when they tried first, by their own clocks.
  const clock = new VirtualClock(Date.now());
  const requests: ApiRequest[] = [];
  const refusals: JsonObject[] = [];
  const world = new World({
    clock,
    scenario,
    faults: new Faults([], scenario.seed, clock),
    observer: tee({
      request: (request) => requests.push(request),
      log: ({ fields }) => {
        if (fields.kind === 'refuse' || fields.kind === 'gaveUp') refusals.push(fields as JsonObject);
      },
    }),
    usage: new Usage(),
  });
  const launches: Extract<TaskTransition, { kind: 'launched' }>[] = [];
  world.ecs.onTask((transition) => {
    if (transition.kind === 'launched') launches.push(transition);
  });
  deploy(world, synthesize(mergedConfiguration(scenario.remediation.config), { account: ACCOUNT, region: REGION }));

  const messages: { body: JsonObject; messageId: string }[] = [];
  let onMessage = () => {};
  const unsupported: unknown[] = [];
  const endpoint = await serve({
    region: REGION,
    services: withNotes(world.clientServices, breaks, (body, messageId) => {
      messages.push({ body, messageId });
      onMessage();
      onMessage = () => {};
    }),
    principalOf: (accessKeyId) =>
      (TEAMS as readonly string[]).includes(accessKeyId) ? sessionOf(accessKeyId) : undefined,
    clientsRetry: true,
    hooks: { around: async (_service, _operation, call) => call(), onUnsupported: (error) => unsupported.push(error) },
  });
  ends.push(endpoint.close);

  return {
    url: endpoint.url,
    queueUrl: queueUrlAt(endpoint, world.handOverQueueUrl),
    /** All requests to ECS, the stack's too. */
    requests,
    launches,
    /** Hand-over messages that the queue took. */
    messages,
    refusals,
    /** Calls `listener` as soon as the queue has its next message, before the sender is answered. */
    onNextMessage: (listener: () => void) => {
      onMessage = listener;
    },
    /** Sends a message as a role does, or a schedule under it. */
    send: (team: (typeof TEAMS)[number], MessageBody: string) => world.handOver(sessionOf(team), MessageBody),
    /** Takes RunTask's bucket's last token. */
    emptyBucket: () => {
      const input = { ...REQUEST, startedBy: 'others' };
      world.ecs.call('RunTask', input, sessionOf('stranger'));
      launches.pop();
      requests.pop();
    },
    /** Lets the stack do what is to be done: minutes, in which a bucket fills again. */
    play: async () => {
      await clock.run({ until: clock.now() + PLAY_MS, isOver: () => world.hasFailed });
      world.check();
      if (unsupported.length > 0) throw unsupported[0];
    },
  };
}

export type Lab = Awaited<ReturnType<typeof startLab>>;

const queueUrlAt = ({ url }: Endpoint, queueUrl = '') => queueUrl.replace(/^https:\/\/[^/]+/, url);

/** The same services, with connections that break, and with a note of each message that was sent. */
function withNotes(
  services: World['clientServices'],
  breaks: Disturb,
  note: (body: JsonObject, messageId: string) => void,
): FakeService[] {
  const counts = new Map<string, number>();
  return services.map((service) => ({
    name: service.name,
    call: async (operation, input, principal) => {
      const nth = (counts.get(operation) ?? 0) + 1;
      counts.set(operation, nth);
      const moment = breaks(operation, nth);
      if (moment === 'before') throw new LostConnectionError();
      const answer = await service.call(operation, input, principal);
      if (operation === 'SendMessage') note(JSON.parse(String(input.MessageBody)), String(answer.MessageId));
      if (moment === 'after') throw new LostConnectionError();
      return answer;
    },
  }));
}
