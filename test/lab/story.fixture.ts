import type { Report } from '../../lab/report/report.ts';
import type { Story } from '../../lab/report/story.ts';

const REPORT: Report = {
  scenario: 'made <by> hand',
  seed: 1,
  virtualSeconds: 200,
  wallSeconds: 1.5,
  calls: { made: 1200, throttled: 1001, startFailed: 0, owed: 1001, owedRefused: 0 },
  reruns: { started: 1001, alreadyStarted: 2, gaveUp: { deadline: 3 }, refused: { noClientToken: 4 }, ignored: {} },
  invariants: { lost: 0, duplicated: 0, unreported: 0 },
  ecs: { runTaskCalls: 1003, callsPerRerun: 1, callsPerOwed: 1, readCalls: 0 },
  room: null,
  drain: { seconds: 170, limitSeconds: 80, ratio: 2.125, waitSeconds: { p50: 82, p99: 164 } },
  others: { calls: 100, throttled: 3, throttledShare: 0.03, throttledShareWithout: 0.01 },
  workflow: { executions: 1003, stateTransitions: 5015, transitionsPerRerun: 5, maxHistoryEvents: 19 },
  costUsd: { perThousandReruns: 0.1352 },
  byCaller: { cron: { owed: 1001, started: 1001, waitSeconds: { p50: 82, p99: 164 } } },
  lambda: { seconds: 90, maxConcurrent: 4 },
  notifications: 0,
  dlqMessages: 0,
};

/** A story made up by hand: three calls lost in the first second, back at 31, 32 and 40 s. */
export function story(changes: Partial<Story> = {}): Story {
  return {
    report: REPORT,
    violations: [],
    standing: { made: 1200, taken: 1001, broughtBack: 1001, waiting: 0 },
    leftAlone: { calls: 0, callers: [], rejectedAttempts: 0, areTold: true },
    counts: {
      callersAccepted: [100, 40, 20],
      oursAccepted: [0, 0, 10],
      callersThrottled: [3, 0],
      oursThrottled: [],
      permits: [0, 0, 10],
    },
    room: [],
    console: { machines: [], executions: [], total: 0, mails: [] },
    owed: [31, 32, 40].map((backAt) => ({ lostAt: 0.5, backAt })),
    refillPerSecond: 40,
    configuration: undefined,
    workflow: undefined,
    ...changes,
  };
}

/** The same with a report of which one part differs. */
export const storyWith = (changes: Partial<Report>, violations: readonly string[] = []): Story =>
  story({ report: { ...REPORT, ...changes }, violations });
