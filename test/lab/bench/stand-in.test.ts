import { beforeAll, describe, expect, test } from 'vitest';
import { type Case, scenarioOf } from '../../../lab/bench/cases.ts';
import { ALTERNATIVES, CONTENDERS, THIS_PROJECT } from '../../../lab/bench/contenders.ts';
import { type Figures, measure } from '../../../lab/bench/measure.ts';
import { standIn } from '../../../lab/bench/stand-in.ts';
import { play } from '../../../lab/run/run.ts';

const STORM: Case = {
  bucket: { burst: 5, refillPerSecond: 2 },
  calls: 60,
  overSeconds: 5,
  attempts: 1,
  others: { perSecond: 0.5 },
};

describe('a small storm', () => {
  const figures = new Map<string, Figures>();
  const of = (contender: string) => figures.get(contender) as Figures;
  beforeAll(async () => {
    for (const contender of CONTENDERS) figures.set(contender, await measure({ contender, storm: STORM, seed: 1 }));
  }, 60_000);

  test('without remediation every call that was throttled stays lost', () => {
    expect(of('no remediation').lost).toBeGreaterThan(40);
    expect(of('no remediation')).toMatchObject({ callsPerOwed: null, pointsAdded: 0 });
  });

  test.each(CONTENDERS.filter((name) => name !== 'no remediation'))('%s: every call comes back', (contender) => {
    expect(of(contender).lost).toBe(0);
    expect(of(contender).hasEnded).toBe(true);
  });

  test('who backs off alone asks more than once for each task, and this project once', () => {
    expect(of(THIS_PROJECT).callsPerOwed).toBeLessThan(1.2);
    for (const { name, policy } of ALTERNATIVES) if (policy) expect(of(name).callsPerOwed).toBeGreaterThan(1.5);
  });

  test('Step Functions bills two states and each retry, a function that sleeps no transition', () => {
    const { transitionsPerOwed, callsPerOwed } = of('exponential, no jitter');
    expect(transitionsPerOwed).toBeCloseTo(2 + (callsPerOwed ?? 0) - 1, 5);
    expect(of('SDK standard mode, no attempt limit').transitionsPerOwed).toBe(0);
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

test('a call of several attempts is taken up once, and not at all where one of them was accepted', async () => {
  const taken: string[] = [];
  const { ledger } = await play(scenarioOf({ ...STORM, attempts: 3 }, 1, 'recorded'), {
    enabled: true,
    deploy: (site) => standIn(site, { name: 'one attempt', policy: () => () => undefined, host: 'lambda' }),
    observe: () => ({ request: ({ input }, isOurs) => void (isOurs && taken.push(String(input.referenceId))) }),
  });
  const lost = ledger.calls.filter(({ finite, state }) => finite && state === 'throttled');
  expect(taken.toSorted()).toEqual(lost.map(({ request }) => String(request.referenceId)).toSorted());
  expect(lost.length).toBeLessThan(ledger.calls.filter(({ attempts }) => attempts[0]?.outcome === 'throttled').length);
});

/** Nobody is throttled, and no others are there. */
const CALM: Case = { bucket: { burst: 100, refillPerSecond: 40 }, calls: 60, overSeconds: 5, attempts: 1 };

describe.each<[string, Case]>([
  ['Fargate answers a rule with failures[]', { ...CALM, room: { kind: 'fargate', tasks: 10 }, isRule: true }],
  ['tasks die for want of an address', { ...CALM, room: { kind: 'addresses', tasks: 10 } }],
  ['calls are rejected beyond the limit of PROVISIONING', { ...CALM, room: { kind: 'provisioning', tasks: 10 } }],
])('%s', (_, storm) => {
  const figures = (contender: string) => measure({ contender, storm, seed: 1 });

  test('this project brings every call back, and hardly asks twice', async () => {
    const ours = await figures(THIS_PROJECT);
    expect(ours).toMatchObject({ lost: 0, hasEnded: true });
    expect(ours.roomRatio).toBeGreaterThan(0.9);
    expect(ours.callsPerOwed).toBeLessThan(1.2);
  });

  test('a state of Step Functions sees that, and asks until each call is back', async () => {
    const theirs = await figures('Step Functions Retry, FULL jitter');
    expect(theirs).toMatchObject({ lost: 0, hasEnded: true });
    expect(theirs.roomRatio).toBeGreaterThan(0);
    expect(theirs.callsPerOwed).toBeGreaterThan(1.5);
    expect(theirs.transitionsPerOwed).toBeCloseTo((theirs.callsPerOwed ?? 0) + 1, 5);
  });

  test('the SDK’s own retries do not, and leave as many behind as there were', async () => {
    const sdk = await figures('SDK standard mode, no attempt limit');
    const nobody = await figures('no remediation');
    expect(nobody.lost).toBeGreaterThan(20);
    expect(sdk).toMatchObject({ lost: nobody.lost, roomRatio: null, callsPerOwed: null, hasEnded: true });
  });
});

test('who found no room asks under a new token each time, as ECS repeats its answer under an old one', async () => {
  const tokens: string[] = [];
  const storm: Case = { ...CALM, room: { kind: 'fargate', tasks: 10 } };
  const { ledger, oracle } = await play(scenarioOf(storm, 1, 'recorded'), {
    enabled: true,
    deploy: (site) => standIn(site, { name: 'each minute', policy: () => () => 60_000, host: 'stepFunctions' }),
    observe: () => ({ request: ({ input }, isOurs) => void (isOurs && tokens.push(String(input.clientToken))) }),
  });
  expect(tokens.length).toBeGreaterThan(ledger.calls.filter(({ failures }) => failures.length > 0).length);
  expect(new Set([...tokens, ...ledger.calls.flatMap(({ tokens }) => tokens)]).size).toBe(
    tokens.length + ledger.calls.length,
  );
  expect(oracle.fates.duplicated()).toBe(0);
});
