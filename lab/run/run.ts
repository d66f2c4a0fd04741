import { Faults } from '../faults/faults.ts';
import { LAB_EPOCH_MS, VirtualClock } from '../kernel/clock.ts';
import type { JsonObject } from '../kernel/json.ts';
import { Usage } from '../report/cost.ts';
import { clockErrorMs } from '../scenario/fault-schema.ts';
import { isRateCaller, type Scenario } from '../scenario/scenario.ts';
import { mergedConfiguration, synthesize } from '../stack/synthesize.ts';
import { deploy } from '../world/deployment.ts';
import { tee } from '../world/observers.ts';
import { warmUp } from '../world/sandbox.ts';
import { type Observer, World } from '../world/world.ts';
import type { CallLedger } from './call-ledger.ts';
import { startCallers } from './callers.ts';
import type { CallFate } from './fates.ts';
import { Oracle } from './oracle.ts';
import { Records } from './run-records.ts';

const DAY_MS = 24 * 3_600_000;
/** Without remediation, live traffic goes on for this long after the last finite caller. */
const AFTER_LAST_FINITE_MS = 60_000;

/** A played scenario: what its report is made from. */
export interface Run {
  readonly scenario: Scenario;
  readonly clock: VirtualClock;
  readonly world: World;
  readonly ledger: CallLedger;
  readonly oracle: Oracle;
  readonly records: Records;
  readonly usage: Usage;
  /** When the drain was over, the end of what `others` covers; undefined where it never was. */
  readonly drainedAt: number | undefined;
  /** Whether nothing was left to do before 24 virtual hours were over. */
  readonly hasEnded: boolean;
}

export interface PlayOptions {
  /** Whether to deploy the remediation. */
  readonly enabled: boolean;
  /** Whether to judge, where the remediation is not deployed, what it would owe if it were. */
  readonly judged?: boolean;
  /** Ends live traffic at this instant, in milliseconds since the epoch, instead of at the end of the drain. */
  readonly othersUntil?: number;
  /** Called about once in each virtual second in which something happens. */
  readonly onTick?: (run: { readonly clock: VirtualClock; readonly records: Records; readonly oracle: Oracle }) => void;
  /** Hears all that the run's own records hear. */
  readonly observe?: (clock: VirtualClock) => Partial<Observer>;
  /** Deploys something else where the remediation is enabled, to be measured as the remediation is. */
  readonly deploy?: (site: Site) => void;
}

/** What there is to build on before anybody calls. */
export interface Site extends Pick<Run, 'scenario' | 'clock' | 'world' | 'oracle' | 'records' | 'usage'> {
  readonly configuration: JsonObject;
}

function deployApp({ configuration, scenario: { account }, world }: Site): void {
  deploy(world, synthesize(configuration, { account: account.id, region: account.region }));
}

/** Plays a scenario to its end. Throws what the lab cannot do, and the configuration's own errors. */
export async function play(scenario: Scenario, options: PlayOptions): Promise<Run> {
  const { enabled, judged = enabled, othersUntil, onTick, observe, deploy = deployApp } = options;
  await warmUp();
  const clock = new VirtualClock();
  const { seed } = scenario;
  const configuration = judged ? mergedConfiguration(scenario.remediation.config) : undefined;
  const usage = new Usage();
  const faults = new Faults(scenario.faults, seed, clock);

  let drainedAt: number | undefined;
  const records = new Records({
    oracle: () => oracle,
    now: clock.now,
    onProgress: (fate) => drain.check(fate),
  });
  const observer = tee(records, observe?.(clock) ?? {}, judged && !enabled ? hearAll(() => records) : {});
  const isReplay = !enabled && othersUntil !== undefined;
  const world = new World({
    clock,
    scenario,
    faults,
    observer,
    usage,
    records: !isReplay ? 'kept' : judged || observe ? 'told' : 'none',
  });
  const oracle = new Oracle({
    configuration,
    ledger: () => ledger,
    isOurs: world.isOurs,
    account: scenario.account,
    clockErrorMs: clockErrorMs(scenario.faults),
  });
  const drain = new DrainWatch(oracle, finiteCalls(scenario), () => {
    drainedAt ??= clock.now();
  });
  world.ecs.onTask((transition) => {
    drain.check(oracle.fates.task(transition));
  });
  if (enabled && configuration) deploy({ scenario, configuration, clock, world, oracle, records, usage });

  const ledger: CallLedger = startCallers({
    clock,
    ecs: world.ecs,
    callers: scenario.callers,
    seed,
    isOver: ({ untilDrained }) => {
      const isLeft = !untilDrained && ledger.finiteDoneAt !== undefined;
      if (othersUntil !== undefined) return isLeft || clock.now() >= othersUntil;
      if (enabled) return isLeft || drainedAt !== undefined;
      return ledger.finiteDoneAt !== undefined && clock.now() >= ledger.finiteDoneAt + AFTER_LAST_FINITE_MS;
    },
    handOver: (call, body) => {
      const id = judged && !enabled ? `${call.request.referenceId}` : world.handOver(call.principal, body);
      records.handedOver(call, id);
      return id;
    },
    onClosed: (call) => drain.check(oracle.fates.of(String(call.request.referenceId))),
  });
  for (const { at, event } of scenario.events) {
    clock.at(LAB_EPOCH_MS + at * 1000, () => world.bus.put(event as JsonObject));
  }

  let nextTick = 0;
  const hasEnded = await clock.run({
    until: LAB_EPOCH_MS + DAY_MS,
    isWaiting: () => enabled && drainedAt === undefined,
    isOver: () => {
      if (onTick && clock.now() >= nextTick) {
        nextTick = clock.now() + 1000;
        onTick({ clock, records, oracle });
      }
      return world.hasFailed;
    },
  });
  world.check();
  usage.logged(records.logLines);
  return {
    scenario,
    clock,
    world,
    ledger,
    oracle,
    records,
    usage,
    drainedAt: othersUntil ?? drainedAt,
    hasEnded: hasEnded && world.states.open === 0,
  };
}

/** Without rules and queues nothing is delivered; what would have been arrives as soon as it is there. */
const hearAll = (records: () => Records): Partial<Observer> => ({
  emitted: (_, render) => void records().heard(render()),
});

/** How many calls the callers that come to an end make. */
export const finiteCalls = ({ callers }: Scenario): number =>
  callers.reduce((sum, caller) => sum + (isRateCaller(caller) ? 0 : caller.calls), 0);

/** Waits for the first instant at which nothing is to be waited for any more in any finite caller's call. */
class DrainWatch {
  readonly #oracle: Oracle;
  readonly #total: number;
  readonly #onDrained: () => void;
  readonly #settled = new Set<CallFate>();

  constructor(oracle: Oracle, total: number, onDrained: () => void) {
    this.#oracle = oracle;
    this.#total = total;
    this.#onDrained = onDrained;
    if (total === 0) onDrained();
  }

  check(fate: CallFate | undefined): void {
    if (!fate?.call.finite) return;
    if (this.#oracle.isSettled(fate)) this.#settled.add(fate);
    else this.#settled.delete(fate);
    if (this.#settled.size === this.#total) this.#onDrained();
  }
}
