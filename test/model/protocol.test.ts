import { afterAll, describe, expect, test } from 'vitest';
import { explore } from './explorer.ts';
import { protocolIn } from './protocol.ts';
import { type Changes, worldOf } from './worlds.ts';

/** Far more than any of these worlds has: one that has grown is to be noticed before it takes minutes. */
const MOST_STATES = 60_000;

const exploreWorld = (changes: Changes) => explore(protocolIn(worldOf(changes)), MOST_STATES);

/** What the worlds without a violation came to. */
const explored: { states: number; ends: number }[] = [];
afterAll(() => {
  const sum = (name: 'states' | 'ends') => explored.reduce((total, world) => total + world[name], 0);
  console.log(`model: ${explored.length} worlds, ${sum('states')} states, ${sum('ends')} ends, each looked at`);
});

/** A day and more, when all has to be over. */
const END = 90_000;
/** Sweeps had read the history until a quarter of an hour before the call. */
const covered = { from: -7200, to: -900 };
/** Two seconds before a full hour, so that records of one call make two executions. */
const startMs = Date.UTC(2026, 0, 15, 3, 59, 58);

describe('a call is launched at most once and always ends, in whatever order things happen,', () => {
  test.each<[string, Changes]>([
    [
      'where records come twice, a handler crashes and an answer is lost',
      { instants: [0, 40, 3310, END], faults: { duplicates: 1, crashes: 1, lostAnswers: 1 } },
    ],
    [
      'where two crashes and a throttle hold it up',
      { instants: [0, 40, 3299, 3310, END], callerAttempts: 1, faults: { crashes: 2, throttles: 1 } },
    ],
    [
      'where its records stand on either side of a full hour',
      { startMs, instants: [0, 4, 60, 3299, 3302, END], callerUntil: 4, faults: { lostAnswers: 1 } },
    ],
    [
      'where ECS compares our request to the caller’s and finds another',
      { recordDiffers: true, instants: [0, 40, END], faults: { crashes: 1, duplicates: 1, lostAnswers: 1 } },
    ],
    [
      'where its tasks find no room',
      { count: 2, instants: [0, 40, 400, 3299, END], faults: { fullClusters: 1, lostAnswers: 1 } },
    ],
    [
      'where two executions start what found no room',
      { count: 2, startMs, instants: [0, 4, 60, 400, END], callerUntil: 4, faults: { fullClusters: 2 } },
    ],
    [
      'where its task fails to start, and a handler crashes',
      { callerAttempts: 1, instants: [0, 80, 400, END], faults: { failedStarts: 1, crashes: 1 } },
    ],
    [
      'where its task fails to start more often than it is started again',
      {
        callerAttempts: 1,
        instants: [0, 80, 500, 1800, END],
        settings: { maxGenerations: 1 },
        faults: { failedStarts: 2, duplicates: 1 },
      },
    ],
    [
      'where its task fails to start, an answer is lost, and the execution is redriven',
      {
        callerAttempts: 1,
        instants: [0, 80, 3299, 3310, 7000, END],
        faults: { failedStarts: 1, lostAnswers: 1, redrives: 1 },
      },
    ],
    [
      'where no record is delivered, and a sweep finds it',
      { instants: [0, 1000, 3290, END], sweepsAt: [1000], faults: { drops: 2, lostAnswers: 1 } },
    ],
    [
      'where nothing tells of the task that failed to start, and a sweep finds it',
      {
        callerAttempts: 1,
        instants: [0, 1000, 3290, END],
        sweepsAt: [1000],
        faults: { drops: 2, failedStarts: 1 },
      },
    ],
  ])('%s', async (_, changes) => {
    const { found, states, ends } = await exploreWorld(changes);
    explored.push({ states, ends });
    expect(found).toBeUndefined();
    expect(ends).toBeGreaterThan(0);
  });
});

const ONCE = 'once-0123456789abcdef0123456789abcdef';

describe('a call that is handed over is launched at most once and always ends,', () => {
  const bare = { rejectedRecords: 'bare', handsOver: true } as const;
  const keyed = { key: 'nightly-1', callerAttempts: 0 } as const;
  /** A job is worth starting for a day. */
  const KEYED_END = 2 * END;
  test.each<[string, Changes]>([
    [
      'where its records are bare, its message comes twice, a handler crashes and an answer is lost',
      {
        ...bare,
        callerAttempts: 1,
        instants: [0, 40, 3310, END],
        faults: { duplicates: 1, crashes: 1, lostAnswers: 1 },
      },
    ],
    [
      'where its message and its full record come in any order',
      { handsOver: true, callerAttempts: 1, instants: [0, 40, END], faults: { duplicates: 1, lostAnswers: 1 } },
    ],
    [
      'where its first attempt was accepted unheard and its second is throttled',
      { ...bare, callerUntil: 2, instants: [0, 2, 40, END], faults: { lostAnswers: 1, crashes: 1 } },
    ],
    [
      'where its message and its full record stand on either side of a full hour',
      { handsOver: true, startMs, callerUntil: 4, instants: [0, 4, 60, END], faults: { lostAnswers: 1 } },
    ],
    [
      'where a loop around the caller tries again hours later under a token that names one call for ever',
      {
        ...bare,
        clientToken: ONCE,
        callerUntil: 7200,
        callerAcceptedUntil: 0,
        instants: [0, 40, 7200, 7240, 2 * END],
        faults: {},
      },
    ],
    [
      'where its message comes after the deadline, and a sweep reads of its acceptance just then',
      { ...bare, instants: [0, 5000, END], sweepsAt: [5000], covered, faults: { lostAnswers: 1 } },
    ],
    [
      'where its tasks find no room',
      {
        ...bare,
        count: 2,
        callerAttempts: 1,
        instants: [0, 40, 400, END],
        faults: { fullClusters: 1, lostAnswers: 1 },
      },
    ],
    [
      'where its task fails to start',
      { ...bare, callerAttempts: 1, instants: [0, 80, 400, END], faults: { failedStarts: 1, duplicates: 1 } },
    ],
    [
      'where nobody attempted it and copies of its message come hours apart',
      {
        ...keyed,
        copies: 2,
        instants: [0, 40, 7200, KEYED_END],
        faults: { lostAnswers: 1, crashes: 1, duplicates: 1 },
      },
    ],
    [
      'where nobody attempted it, an answer is lost and the execution is redriven hours later',
      { ...keyed, instants: [0, 40, 3310, 7200, KEYED_END], faults: { lostAnswers: 1, crashes: 1, redrives: 1 } },
    ],
    [
      'where nobody attempted it and its task fails to start',
      { ...keyed, instants: [0, 80, 400, KEYED_END], faults: { failedStarts: 1, crashes: 1 } },
    ],
  ])('%s', async (_, changes) => {
    const { found, states, ends } = await exploreWorld(changes);
    explored.push({ states, ends });
    expect(found).toBeUndefined();
    expect(ends).toBeGreaterThan(0);
  });
});

describe('after its deadline a call is launched at most once,', () => {
  test.each<[string, Changes]>([
    [
      'where a sweep reads of its acceptance just then',
      { instants: [0, 5000, END], sweepsAt: [5000], covered, faults: {} },
    ],
    [
      'where the caller comes back with its old token after the late re-run',
      { callerUntil: 5000, instants: [0, 5000, 100_000], sweepsAt: [5000], covered },
    ],
    [
      'where its last request in time was accepted after the deadline, and the answer was lost',
      {
        callerAttempts: 1,
        instants: [0, 3299, 3310, 4205, END],
        sweepsAt: [4205],
        covered,
        faults: { lostAnswers: 1 },
      },
    ],
    [
      'where the caller was accepted first, never heard of it, and was throttled when it tried again',
      { callerUntil: 2, instants: [0, 2, 5000, END], sweepsAt: [5000], covered, faults: { lostAnswers: 1 } },
    ],
    [
      'where its late request was accepted unheard and is made again hours later',
      {
        callerAttempts: 1,
        instants: [0, 5000, 12_000, END],
        sweepsAt: [5000, 12_000],
        covered,
        faults: { lostAnswers: 1 },
      },
    ],
    [
      'where sweeps are rare, and its late request was accepted unheard',
      {
        callerAttempts: 1,
        instants: [0, 5000, 8700, END],
        sweepsAt: [5000],
        covered,
        settings: { sweep: { everyMinutes: 60 } },
        faults: { lostAnswers: 1 },
      },
    ],
    [
      'where it came without a token, and our request under one of ours was accepted unheard',
      {
        clientToken: undefined,
        callerAttempts: 1,
        instants: [0, 40, 5000, END],
        sweepsAt: [5000],
        covered,
        settings: { allowWithoutClientToken: true },
        faults: { lostAnswers: 1 },
      },
    ],
    [
      'where another execution of it, from beyond a full hour, launches at its own later deadline',
      { startMs, callerUntil: 4, instants: [0, 4, 3302, 4201, END], sweepsAt: [4201], covered, faults: {} },
    ],
  ])('%s', async (_, changes) => {
    const { found, states, ends } = await exploreWorld(changes);
    explored.push({ states, ends });
    expect(found).toBeUndefined();
    expect(ends).toBeGreaterThan(0);
  });
});

const TWICE = '2 tasks ran, the call asked for 1';

describe('the search finds what goes wrong', () => {
  test.each<[string, string, string, Changes]>([
    [
      'without names that two deliveries agree on',
      'one call has two executions',
      'starts',
      { callerAttempts: 1, faults: { duplicates: 1 }, mutations: { randomExecutionNames: true } },
    ],
    ['with a token of our own in place of the caller’s', TWICE, 'our RunTask', { mutations: { freshTokens: true } }],
    [
      'with a conflict taken for a throttle',
      'people were told of a call that was lost, and all of its tasks ran',
      'conflicts',
      {
        recordDiffers: true,
        instants: [0, 40, 60, END],
        settings: { maxAttempts: 2 },
        mutations: { conflictIsThrottle: true },
      },
    ],
    [
      'without a deadline',
      TWICE,
      'our RunTask under the caller’s token',
      {
        callerAttempts: 1,
        instants: [0, 40, 3700, END],
        settings: { deadlineSeconds: 86_400 },
        faults: { lostAnswers: 1 },
      },
    ],
    [
      'without a proof that a late call was not accepted',
      TWICE,
      'our RunTask under',
      { instants: [0, 5000, END], sweepsAt: [5000], covered, mutations: { lostAcceptances: true } },
    ],
  ])('%s', async (_, problem, step, changes) => {
    const { found } = await exploreWorld(changes);
    expect(found?.problem).toBe(problem);
    expect(found?.trace.join('\n')).toContain(step);
  });

  test('by a way that is as short as any', async () => {
    const { found } = await exploreWorld({ instants: [0, 40, END], mutations: { freshTokens: true } });
    const execution = 'report-2d6c138652489cfcc1df737a3a61a119';
    expect(found?.trace).toEqual([
      '0 s: the caller’s RunTask is throttled',
      '0 s: the caller’s RunTask is accepted',
      `0 s: intake (record 0): execution ${execution} starts`,
      '0 s: time passes to 40 s',
      `40 s: ${execution} gets its permit`,
      `40 s: run-task (execution ${execution}): our RunTask under token fresh 1 is accepted`,
    ]);
  });
});

describe('what the protocol does not promise: a call runs twice', () => {
  test.each<[string, Changes]>([
    [
      'where a loop around the caller is accepted itself, hours after its call was brought back',
      { rejectedRecords: 'bare', handsOver: true, callerUntil: 7200, instants: [0, 40, 7200, END], faults: {} },
    ],
    [
      'where the caller’s attempts, the first accepted unheard, lie further apart than three minutes',
      { callerUntil: 400, instants: [0, 400, 3650, END], faults: { lostAnswers: 1 } },
    ],
  ])('%s', async (_, changes) => {
    const { found } = await exploreWorld(changes);
    expect(found?.problem).toBe(TWICE);
  });
});
