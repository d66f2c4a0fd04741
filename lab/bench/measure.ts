import { type Result, report } from '../report/report.ts';
import { type Case, scenarioOf } from './cases.ts';
import { ALTERNATIVES, THIS_PROJECT } from './contenders.ts';
import { standIn } from './stand-in.ts';

/** One run: a contender in a case. */
export interface Job {
  readonly contender: string;
  readonly storm: Case;
  readonly seed: number;
}

/** What is compared. Null where a figure has no meaning, as without a single re-run. */
export interface Figures {
  readonly drainRatio: number | null;
  /** Of a case with a room, to whoever would know when each task ends. */
  readonly roomRatio: number | null;
  readonly callsPerOwed: number | null;
  /** Percentage points by which others were throttled more often than without. */
  readonly pointsAdded: number | null;
  /** The same of others' calls that found no room. */
  readonly roomPointsAdded: number | null;
  /** Calls that never came back. */
  readonly lost: number;
  /** Seconds. */
  readonly waitP50: number | null;
  readonly waitP99: number | null;
  readonly transitionsPerOwed: number | null;
  /** For a thousand owed calls. */
  readonly dollarsPerThousand: number | null;
  /** False where the storm still fed itself after 24 virtual hours. */
  readonly hasEnded: boolean;
}

export async function measure({ contender, storm, seed }: Job): Promise<Figures> {
  if (contender === THIS_PROJECT) return figuresOf(await report(scenarioOf(storm, seed, 'handedOver')));
  const alternative = ALTERNATIVES.find(({ name }) => name === contender);
  if (!alternative) throw new Error(`found the contender ${contender}, expected one of lab/bench/contenders.ts`);
  const scenario = scenarioOf(storm, seed, 'recorded');
  return figuresOf(await report(scenario, { deploy: (site) => standIn(site, alternative) }));
}

function figuresOf({ report: { calls, reruns, ecs, drain, others, room }, run }: Result): Figures {
  const { oracle, usage, hasEnded } = run;
  const lost = [...oracle.fates.finite()].filter((fate) => oracle.missing(fate) > 0).length;
  const ofReruns = (figure: number | null) => (reruns.started + reruns.alreadyStarted === 0 ? null : figure);
  const ofOthers = (share: number, without: number) => (others.calls === 0 ? null : (share - without) * 100);
  return {
    drainRatio: drain.ratio,
    // Who leaves calls behind is soon done.
    roomRatio: room && lost === 0 ? ofReruns(room.ratio) : null,
    callsPerOwed: ofReruns(ecs.callsPerOwed),
    pointsAdded: ofOthers(others.throttledShare, others.throttledShareWithout),
    roomPointsAdded: room && ofOthers(room.othersRefusedShare, room.othersRefusedShareWithout),
    lost,
    waitP50: ofReruns(drain.waitSeconds.p50),
    waitP99: ofReruns(drain.waitSeconds.p99),
    transitionsPerOwed: ofReruns(usage.count('stateTransitions') / calls.owed),
    dollarsPerThousand: ofReruns((usage.dollars() / calls.owed) * 1000),
    hasEnded,
  };
}
