import { describe, expect, test } from 'vitest';
import { HOME } from '../support/records.ts';
import { attacked, attackText, type Mode } from './attack.fixture.ts';
import { ATTACKS, type Attack, HONEST } from './attack.table.ts';

const ALL: readonly Attack[] = [...HONEST, ...ATTACKS];
const idOf = (name: string) => `attack-${ALL.findIndex(([known]) => known === name)}`;

/** All of them at once: each under an identity of its own, so that its end and its tasks can be told. */
const everything = (mode: Mode) =>
  attacked(
    ({ put }) => {
      for (const [name, , changes] of ALL) put(attackText(idOf(name), changes));
    },
    { mode },
  );

const inRerunMode = everything('rerun');
const inObserveMode = everything('observe');

describe('where calls are re-run', () => {
  test.each(HONEST)('%s is', async (name) => {
    const { endOf, launched } = await inRerunMode;
    expect(endOf(idOf(name))).toBe('started');
    expect(launched.filter(({ clientToken }) => clientToken === idOf(name))).toHaveLength(2);
  });

  test.each(ATTACKS)('%s ends as: %s', async (name, end) => {
    expect((await inRerunMode).endOf(idOf(name))).toBe(end);
  });

  test('no attack starts a task, and only one costs a call', async () => {
    const { launched, runTaskCalls } = await inRerunMode;
    expect(launched).toHaveLength(2 * HONEST.length);
    expect(runTaskCalls).toBe(HONEST.length + 1);
  });
});

describe('where calls are only observed', () => {
  test.each(ALL)('%s starts nothing', async (name, end) => {
    const { endOf } = await inObserveMode;
    // What the intake would let pass stays there.
    const observed = /^(started|refused)/.test(end) ? 'ignore observeMode' : end;
    expect(endOf(idOf(name))).toBe(observed);
  });

  test('ECS is asked for nothing', async () => {
    const { launched, runTaskCalls } = await inObserveMode;
    expect([launched, runTaskCalls]).toEqual([[], 0]);
  });
});

describe('where names are listed by their beginnings', () => {
  const ecs = (resource: string, account = HOME.account) => `arn:aws:ecs:us-east-1:${account}:${resource}`;
  /** Nothing but a name stands for the `*`: no revision, path or ARN. */
  const FAMILIES: readonly [string, string][] = [
    ['nightly-report', 'started'],
    ['nightly-report:3', 'started'],
    [ecs('task-definition/nightly-report:3'), 'started'],
    ['nightly', 'ignore familyNotListed'],
    ['a-nightly-report', 'ignore familyNotListed'],
    ['NIGHTLY-report', 'ignore familyNotListed'],
    ['nightly-*', 'ignore familyNotListed'],
    ['nightly-report:3:3', 'ignore familyNotListed'],
    ['nightly-:report-admin', 'ignore familyNotListed'],
    ['nightly-/report-admin', 'ignore familyNotListed'],
    ['nightly-/../report-admin:3', 'ignore familyNotListed'],
    [`nightly-${ecs('task-definition/report-admin:3')}`, 'ignore familyNotListed'],
    [ecs('task-definition/nightly-report/report-admin:3'), 'ignore familyNotListed'],
    [ecs('task-definition/nightly-report:3', '999999999999'), 'ignore familyNotListed'],
    [ecs('service/nightly-report'), 'ignore familyNotListed'],
  ];
  const CLUSTERS: readonly [string, string][] = [
    ['batch-eu', 'started'],
    [ecs('cluster/batch-eu'), 'started'],
    ['batch', 'ignore clusterNotListed'],
    ['batch-eu/default', 'ignore clusterNotListed'],
    ['batch-*', 'ignore clusterNotListed'],
    [ecs('cluster/batch-eu/default'), 'ignore clusterNotListed'],
    [ecs('cluster/batch-eu', '999999999999'), 'ignore clusterNotListed'],
  ];
  const CALLS = [
    ...FAMILIES.map(([taskDefinition, end]) => ({ end, request: { cluster: 'batch-eu', taskDefinition } })),
    ...CLUSTERS.map(([cluster, end]) => ({ end, request: { cluster, taskDefinition: 'nightly-report' } })),
  ];

  test('what begins so and is no name is not started', async () => {
    const { endOf, launched } = await attacked(
      ({ put }) => {
        for (const [n, { request }] of CALLS.entries()) put(attackText(`call-${n}`, { request }));
      },
      {
        config: { clusters: ['batch-*'], families: ['nightly-*'] },
        account: {
          clusters: ['default', 'batch', 'batch-eu'],
          taskDefinitions: ['nightly-report', 'report-admin'].map((family) => ({ family, revision: 3 })),
        },
      },
    );
    expect(CALLS.map(({ request }, n) => [request, endOf(`call-${n}`)])).toEqual(
      CALLS.map(({ request, end }) => [request, end]),
    );
    expect(launched).toHaveLength(2 * CALLS.filter(({ end }) => end === 'started').length);
  });
});
