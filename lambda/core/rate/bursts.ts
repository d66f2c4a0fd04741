/** What is known of the calls that others made in one second. */
export interface CountedSecond {
  readonly second: number;
  readonly calls: number;
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

/** Some seconds without the bursts among them: what is scheduled for the same minute says nothing of what others ask for in the next second. */
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

/** How many calls two of some bursts have at least: what came twice comes again. A storm came once. */
export function recurringCalls(bursts: readonly CountedSecond[][]): number {
  const sizes = bursts.map((burst) => burst.reduce((sum, { calls }) => sum + calls, 0));
  return sizes.toSorted((a, b) => b - a)[1] ?? 0;
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
