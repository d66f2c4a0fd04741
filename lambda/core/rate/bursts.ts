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
/** A burst that is over stands out from so many seconds before it and from those after it, of which so many must be known. */
const AROUND_SECONDS = 10;
const LEAST_AFTER_SECONDS = 3;
/** What is larger than so many times the second largest comes once: it is a storm. */
const ALIKE = 2;
/** Fewer records of a second than this share of them do not tell how many there will be. */
const LEAST_ARRIVED = 0.2;

/** Some seconds without the bursts among them: what is scheduled for the same minute says nothing of what is asked for in the next second. */
export function withoutBursts(seconds: readonly CountedSecond[]): CountedSecond[] {
  const bursts = new Set(burstsOf(seconds).flat());
  return seconds.filter((each) => !bursts.has(each));
}

/** Bursts, by their seconds, after which others went on as before. */
export function pastBursts(seconds: readonly CountedSecond[]): CountedSecond[][] {
  const isPast = (burst: readonly CountedSecond[]) => {
    const { first, last } = spanOf(burst);
    const before = seconds.filter(({ second }) => second < first).slice(-AROUND_SECONDS);
    const after = seconds.filter(({ second, arrived }) => second > last && arrived > 0);
    if (before.length < AROUND_SECONDS || after.length < LEAST_AFTER_SECONDS) return false;
    const around = Math.max(usualPerSecond(before), usualPerSecond(after.slice(0, AROUND_SECONDS)));
    return burst.some((each) => standsOut(each, around));
  };
  return burstsOf(seconds).filter(isPast);
}

/**
 * What bursts that come again and again take per second, in the mean since the first of them. `holds` is how many tokens the bucket holds when it is full:
 * a burst that finds it empty takes little, and would take more of a full one.
 */
export function takenInBursts(bursts: readonly CountedSecond[][], untilSecond: number, holds: number): number {
  const all = bursts.map((burst) => ({ since: spanOf(burst).first, taken: takenBy(burst, holds) }));
  const second = all.map(({ taken }) => taken).toSorted((a, b) => b - a)[1] ?? 0;
  const [first, ...later] = all.filter(({ taken }) => taken <= ALIKE * second);
  const taken = later.reduce((sum, each) => sum + each.taken, 0);
  return first ? taken / Math.max(1, untilSecond - first.since) : 0;
}

function takenBy(burst: readonly CountedSecond[], holds: number): number {
  const whole = (count: (each: CountedSecond) => number) =>
    burst.reduce((sum, each) => sum + count(each) / Math.max(LEAST_ARRIVED, each.arrived), 0);
  const accepted = whole((each) => each.accepted);
  const asked = whole((each) => each.calls);
  return Math.max(accepted, Math.min(asked, holds));
}

/** Seconds that stand out from all of them, as far as they are of something short. */
function burstsOf(seconds: readonly CountedSecond[]): CountedSecond[][] {
  const usual = usualPerSecond(seconds);
  const bursts: CountedSecond[][] = [];
  for (const each of seconds) {
    if (!standsOut(each, usual)) continue;
    const before = bursts.at(-1);
    if (before && each.second - spanOf(before).last < APART_SECONDS) before.push(each);
    else bursts.push([each]);
  }
  return bursts.filter((burst) => spanOf(burst).last - spanOf(burst).first < MOST_SECONDS);
}

const spanOf = (burst: readonly CountedSecond[]) => ({
  first: burst[0]?.second ?? 0,
  last: burst.at(-1)?.second ?? 0,
});

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
