import { beforeAll, describe, expect, test } from 'vitest';
import { scenarioOf } from '../../../lab/bench/cases.ts';
import { ALTERNATIVES, CONTENDERS, THIS_PROJECT } from '../../../lab/bench/contenders.ts';
import { type Figures, measure } from '../../../lab/bench/measure.ts';
import { standIn } from '../../../lab/bench/stand-in.ts';
import { play } from '../../../lab/run/run.ts';

const STORM = {
  bucket: { burst: 5, refillPerSecond: 2 },
  calls: 60,
  others: { perSecond: 0.5, arrival: 'even' },
} as const;

describe('a small storm', () => {
  const figures = new Map<string, Figures>();
  const of = (contender: string) => figures.get(contender) as Figures;
  beforeAll(async () => {
    for (const contender of CONTENDERS) figures.set(contender, await measure({ contender, storm: STORM, seed: 1 }));
  }, 60_000);

  test('without remediation every call that was throttled stays lost', () => {
    expect(of('no remediation').lost).toBeGreaterThan(40);
    expect(of('no remediation')).toMatchObject({ callsPerRerun: null, pointsAdded: 0 });
  });

  test.each(CONTENDERS.filter((name) => name !== 'no remediation'))('%s: every call comes back', (contender) => {
    expect(of(contender).lost).toBe(0);
    expect(of(contender).hasEnded).toBe(true);
  });

  test('who backs off alone asks more than once for each task, and this project once', () => {
    expect(of(THIS_PROJECT).callsPerRerun).toBeLessThan(1.15);
    for (const { name, policy } of ALTERNATIVES) if (policy) expect(of(name).callsPerRerun).toBeGreaterThan(1.5);
  });

  test('Step Functions bills two states and each retry, a function that sleeps no transition', () => {
    const { transitionsPerRerun, callsPerRerun } = of('exponential, no jitter');
    expect(transitionsPerRerun).toBeCloseTo(2 + (callsPerRerun ?? 0) - 1, 5);
    expect(of('SDK standard mode, no attempt limit').transitionsPerRerun).toBe(0);
    expect(of('SDK standard mode, no attempt limit').dollarsPerThousand).toBeGreaterThan(0);
  });
});

test('a lost call is taken up when its record has arrived and its grace is over, under the caller’s own token', async () => {
  const requests: { at: number; token: unknown; isOurs: boolean }[] = [];
  const { records, ledger } = await play(scenarioOf(STORM, 1, 'recorded'), {
    enabled: true,
    deploy: (site) => standIn(site, { name: 'one attempt', policy: () => () => undefined, host: 'lambda' }),
    observe: () => ({
      request: ({ input, at }, isOurs) => void requests.push({ at, token: input.clientToken, isOurs }),
    }),
  });
  const attempts = requests.filter(({ isOurs }) => isOurs);
  const due = [...records.readyAt].map(([{ call }, at]) => ({
    at,
    token: call.tokens[0],
    isOurs: true,
  }));
  const byToken = (a: { token: unknown }, b: { token: unknown }) => (String(a.token) < String(b.token) ? -1 : 1);
  expect(attempts.length).toBe(ledger.calls.filter(({ finite, state }) => finite && state === 'throttled').length);
  expect(attempts.toSorted(byToken)).toEqual(due.toSorted(byToken));
});
