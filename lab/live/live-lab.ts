import { Faults } from '../faults/faults.ts';
import { AwsError, type FakeService, type Principal, UnsupportedError } from '../kernel/aws-service.ts';
import type { JsonObject } from '../kernel/json.ts';
import { WallClock } from '../kernel/wall-clock.ts';
import { Usage } from '../report/cost.ts';
import { startCallers } from '../run/callers.ts';
import type { Scenario } from '../scenario/scenario.ts';
import { mergedConfiguration, synthesize } from '../stack/synthesize.ts';
import { deploy } from '../world/deployment.ts';
import { warmUp } from '../world/sandbox.ts';
import { World } from '../world/world.ts';
import { LiveConsole } from './console.ts';
import { NOT_SUPPORTED, serve } from './endpoint.ts';

export interface LiveLabOptions {
  /** How many times faster than the real one its clock is. */
  readonly speed?: number;
  readonly port?: number;
}

export interface LiveLab {
  readonly url: string;
  readonly world: World;
  readonly clock: WallClock;
  /** Lets time pass until the lab is closed; rejects where something happened that the lab cannot do. */
  run(): Promise<void>;
  close(): void;
}

/** What an access key may be, so that it can be the name of a role. */
const ROLE_NAME = /^[\w+=,.@-]{1,64}$/;

/** How often the clock looks up where nothing else is to be done, in its own time. */
const IDLE_MS = 1000;

/**
 * The lab as a place: a scenario's account with the stack in it on the real clock, for clients that speak HTTP. The scenario's own
 * callers and events come too.
 */
export async function startLiveLab(scenario: Scenario, options: LiveLabOptions = {}): Promise<LiveLab> {
  const { speed = 1, port = 0 } = options;
  const { account, seed, remediation } = scenario;
  await warmUp();
  const template = remediation.enabled
    ? synthesize(mergedConfiguration(remediation.config), { account: account.id, region: account.region })
    : undefined;

  const clock = new WallClock(speed);
  const console = new LiveConsole(scenario);
  const faults = new Faults(scenario.faults, seed, clock);
  const world = new World({
    clock,
    scenario,
    faults,
    observer: console.listen(clock),
    usage: new Usage(),
    keepsHistory: true,
  });
  if (template) deploy(world, template);
  startCallers({
    clock,
    ecs: world.ecs,
    callers: scenario.callers,
    seed,
    isOver: () => false,
    handOver: (call, body) => world.handOver(call.principal, body),
  });
  for (const { at, event } of scenario.events) {
    clock.at(clock.startedAt + at * 1000, () => world.bus.put(event as JsonObject));
  }
  clock.every(IDLE_MS, () => {});

  const endpoint = await serve({
    services: world.clientServices.map(answering),
    region: account.region,
    principalOf: (key) => principalOf(key, account.id),
    clientsRetry: true,
    port,
    hooks: {
      around: async (_service, _operation, call) => call(),
      onUnsupported: (error) => process.stderr.write(`${String(error)}\n`),
    },
    page: (path) => console.page(path, world, clock),
  });
  let isClosed = false;
  return {
    url: endpoint.url,
    world,
    clock,
    run: async () => {
      await clock.run({ isWaiting: () => true, isOver: () => isClosed || world.hasFailed });
      endpoint.close();
      world.check();
    },
    close: () => {
      isClosed = true;
      endpoint.close();
    },
  };
}

/** Whoever has an access key is a session of the role of that name. */
function principalOf(key: string, accountId: string): Principal | undefined {
  return ROLE_NAME.test(key) ? { arn: `arn:aws:sts::${accountId}:assumed-role/${key}/session` } : undefined;
}

/** A service that answers, where the lab's own fakes end a run: a client is told what cannot be done, and goes on. */
const answering = (service: FakeService): FakeService => ({
  name: service.name,
  call: async (operation, input, principal) => {
    try {
      return await service.call(operation, input, principal);
    } catch (error) {
      if (error instanceof UnsupportedError)
        throw new AwsError(NOT_SUPPORTED, `The lab does not support this: ${error.message}.`);
      if (error instanceof AwsError) throw error;
      const { message } = error as Error;
      throw new AwsError('InternalFailure', `The lab failed at ${service.name} ${operation}: ${message}`, {
        status: 500,
      });
    }
  },
});
