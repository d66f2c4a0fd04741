import { readConfiguration } from '../../lib/config/read-config.ts';
import type { Configuration } from '../../lib/config/schema.ts';
import type { Flow } from '../asl/definition.ts';
import { ConsoleRecorder } from '../console/recorder.ts';
import type { ConsoleView } from '../console/view.ts';
import { LAB_EPOCH_MS, type VirtualClock } from '../kernel/clock.ts';
import { BARE_RECORD, namesIn } from '../run/bare-records.ts';
import type { CallState } from '../run/call-ledger.ts';
import type { CallFate, Fates } from '../run/fates.ts';
import type { Oracle } from '../run/oracle.ts';
import type { Run } from '../run/run.ts';
import { mergedConfiguration } from '../stack/synthesize.ts';
import { tee } from '../world/observers.ts';
import type { Observer } from '../world/world.ts';
import type { Report, Result } from './report.ts';
import { type RoomOverTime, roomOverTime } from './room-series.ts';
import { type Counts, Series } from './series.ts';

/** What is told of a run, on the terminal and in HTML: plain data, so that a test can make one up. */
export interface Story {
  readonly report: Report;
  readonly violations: readonly string[];
  readonly standing: Standing;
  readonly leftAlone: LeftAlone;
  readonly counts: Counts;
  /** How the account's room was held; nothing where nothing bounds it. */
  readonly room: readonly RoomOverTime[];
  /** The executions, one by one, and what people were told. */
  readonly console: ConsoleView;
  /** The calls that are owed. */
  readonly owed: readonly OwedCall[];
  /** What the tightest bucket refills per second. */
  readonly refillPerSecond: number;
  readonly configuration: Configuration | undefined;
  /** What each re-run is an execution of; absent where there was none. */
  readonly workflow: Flow | undefined;
}

/** Calls of listed callers that throttling took and of which nothing holds the request: nobody handed them over. */
export interface LeftAlone {
  readonly calls: number;
  /** Names of their callers. */
  readonly callers: readonly string[];
  /** Rejected attempts whose records say no more than who and when: a call has as many as its caller tried. */
  readonly rejectedAttempts: number;
  /** Whether a notice names each of the callers. */
  readonly areTold: boolean;
}

/** Seconds since the run began. */
export interface OwedCall {
  /** When its caller's last attempt was over. */
  readonly lostAt: number;
  /** When ECS accepted a re-run of it; absent where none was. */
  readonly backAt: number | undefined;
}

/** How the finite callers' calls stand. */
export interface Standing {
  readonly made: number;
  /** Calls that throttling took, or that were left to the stack. */
  readonly taken: number;
  /** Those of them that are owed and whose tasks all ran. */
  readonly broughtBack: number;
  /** Those of them that are owed and neither ran nor have a reason why not. */
  readonly waiting: number;
}

/** How calls stand that are not their callers' any more. */
const TAKEN: readonly CallState[] = ['throttled', 'neverAttempted'];

export function standing(
  oracle: Pick<Oracle, 'owes' | 'isSettled'> & { readonly fates: Pick<Fates, 'finite'> },
): Standing {
  const sum = { made: 0, taken: 0, broughtBack: 0, waiting: 0 };
  for (const fate of oracle.fates.finite()) {
    sum.made += 1;
    const isTaken = TAKEN.includes(fate.call.state) || fate.startFailed > 0;
    if (!isTaken) continue;
    sum.taken += 1;
    if (!oracle.owes(fate)) continue;
    if (fate.running >= fate.count) sum.broughtBack += 1;
    else if (!oracle.isSettled(fate)) sum.waiting += 1;
  }
  return sum;
}

function leftAlone({ oracle, records, world }: Run): LeftAlone {
  const fates = [...oracle.fates.finite()].filter((fate) => oracle.isLostForGood(fate));
  const isNamed = namesIn(world.sns.published);
  return {
    calls: fates.length,
    callers: [...new Set(fates.map(({ call }) => call.caller))],
    rejectedAttempts: records.refused[BARE_RECORD] ?? 0,
    areTold: fates.every(isNamed),
  };
}

/** Listens to a run for what its report does not hold. */
export class StoryRecorder {
  readonly #series = new Series();
  readonly #console = new ConsoleRecorder();

  readonly listen = (clock: VirtualClock): Observer => tee(this.#series.listen(clock), this.#console.listen(clock));

  async tell(result: Result): Promise<Story> {
    return tellStory(result, this.#series.counts, await this.#console.view(result.run.world.sns.published));
  }
}

function tellStory({ report, run, violations }: Result, counts: Counts, console: ConsoleView): Story {
  const { scenario, oracle, records, world, clock } = run;
  const { clusterResourceModify, fargateRunTask } = scenario.account.buckets;
  const [first] = records.reruns;
  return {
    report,
    violations,
    standing: standing(oracle),
    leftAlone: leftAlone(run),
    counts,
    room: roomOverTime(scenario.account.room, world.ecs.rooms.changes, clock.startedAt),
    console,
    owed: [...oracle.fates.finite()].filter((fate) => oracle.owes(fate)).map(owedCall),
    refillPerSecond: Math.min(clusterResourceModify.refillPerSecond, fargateRunTask?.refillPerSecond ?? Infinity),
    configuration: scenario.remediation.enabled ? configurationOf(scenario.remediation.config) : undefined,
    workflow: first?.stateMachine.definition.flow,
  };
}

function owedCall({ call, launchedByUsAt }: CallFate): OwedCall {
  const seconds = (instant: number) => (instant - LAB_EPOCH_MS) / 1000;
  return {
    lostAt: seconds(call.doneAt ?? call.madeAt),
    backAt: launchedByUsAt === undefined ? undefined : seconds(launchedByUsAt),
  };
}

/** With every default, as the product itself understands it. */
function configurationOf(config: Parameters<typeof mergedConfiguration>[0]): Configuration | undefined {
  const [environment] = readConfiguration(mergedConfiguration(config));
  return environment?.configuration;
}
