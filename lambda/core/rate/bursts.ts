/** What is known of the calls that others made in one second. */
export interface CountedSecond {
  readonly second: number;
  readonly calls: number;
  /** Those of them that took something from the bucket. */
  readonly accepted: number;
  /** The share of its records that has come. */
  readonly arrived: number;
}

/** So many standard deviations more than usual, and so many calls beyond them, are a burst. */
const BURST = { deviations: 4, calls: 2 };
/** Seconds that are closer together than this are of one burst. */
const APART_SECONDS = 3;
/** What lasts longer is none. */
const MOST_SECONDS = 5;
/** A burst that comes again stands out from so many seconds before it as from so many after it, those next to it left out: they may be of it. */
const AROUND_SECONDS = { from: APART_SECONDS, to: 10 };

/** Some seconds without the bursts among them: what is scheduled for the same minute says nothing of what is asked for in the next second. */
export function withoutBursts(seconds: readonly CountedSecond[]): CountedSecond[] {
  const usual = usualPerSecond(seconds);
  const bursts = new Set(burstsOf(seconds.filter((each) => standsOut(each, usual))).flat());
  return seconds.filter((each) => !bursts.has(each));
}

/** Bursts, by their seconds, after which others went on as before. */
export function pastBursts(seconds: readonly CountedSecond[]): CountedSecond[][] {
  const { from, to } = AROUND_SECONDS;
  const usual = usualPerSecond(seconds);
  const isPastBurst = (each: CountedSecond, index: number) => {
    if (!standsOut(each, usual)) return false;
    const before = seconds.slice(Math.max(0, index - to), Math.max(0, index - from + 1));
    const after = seconds.slice(index + from, index + to + 1);
    const isOver = after.some(({ arrived }) => arrived > 0);
    return isOver && standsOut(each, Math.max(usualPerSecond(before), usualPerSecond(after)));
  };
  return burstsOf(seconds.filter(isPastBurst));
}

/**
 * What bursts take per second in the mean since the first of them. None counts for more than the second largest: what came twice comes
 * again, and a storm came once.
 */
export function takenInBursts(bursts: readonly CountedSecond[][], untilSecond: number): number {
  const since = bursts[0]?.[0]?.second;
  if (since === undefined) return 0;
  const taken = bursts.map((burst) => burst.reduce((sum, { accepted }) => sum + accepted, 0));
  const most = taken.toSorted((a, b) => b - a)[1] ?? 0;
  const sinceFirst = taken.slice(1).reduce((sum, each) => sum + Math.min(each, most), 0);
  return sinceFirst / Math.max(1, untilSecond - since);
}

/** Seconds that stand out, as far as they are of something short. */
function burstsOf(seconds: readonly CountedSecond[]): CountedSecond[][] {
  const bursts: CountedSecond[][] = [];
  for (const each of seconds) {
    const last = bursts.at(-1);
    const isNext = last && each.second - (last.at(-1)?.second ?? 0) < APART_SECONDS;
    if (isNext) last.push(each);
    else bursts.push([each]);
  }
  return bursts.filter((burst) => (burst.at(-1)?.second ?? 0) - (burst[0]?.second ?? 0) < MOST_SECONDS);
}

function standsOut({ calls, arrived }: CountedSecond, perSecond: number): boolean {
  const expected = perSecond * arrived;
  return calls > expected + BURST.deviations * Math.sqrt(expected + 1) + BURST.calls;
}

/** The median, which bursts hardly move. */
function usualPerSecond(seconds: readonly CountedSecond[]): number {
  const counted = seconds.filter(({ arrived }) => arrived > 0).map(({ calls, arrived }) => calls / arrived);
  const inOrder = counted.toSorted((a, b) => a - b);
  return inOrder[Math.floor(inOrder.length / 2)] ?? 0;
}
