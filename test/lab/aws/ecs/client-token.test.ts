import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { holdToModels } from '../held-to-models.ts';
import { arnsOf, refusalOf, world } from '../world.ts';

holdToModels();

const HOUR = 3600;
/** Tasks that start between 5 and 30 s after their launch and stop ten seconds later. */
const SHORT = { taskSeconds: [10, 10] };

describe('a clientToken', () => {
  test('stands for one launch, and its repetition gets the original answer', async () => {
    const { runTask, playUntil, transitions } = world(SHORT);
    const original = runTask({ clientToken: 't', count: 3 });
    await playUntil(60);
    expect(runTask({ clientToken: 't', count: 3 })).toEqual(original);
    expect(transitions.filter(({ kind }) => kind === 'launched')).toHaveLength(3);
  });

  test('also repeats original placement failures', () => {
    const { runTask } = world({
      placementFailures: [{ family: 'report', probability: 0.5, reason: 'RESOURCE:MEMORY' }],
    });
    const original = runTask({ clientToken: 't', count: 10 });
    expect(original.failures).toContainEqual({ reason: 'RESOURCE:MEMORY' });
    expect(runTask({ clientToken: 't', count: 10 })).toEqual(original);
  });

  test('with other parameters is a conflict that names the tasks already started', () => {
    const { runTask } = world();
    const tasks = arnsOf(runTask({ clientToken: 't', count: 2 }));
    const error = refusalOf(() => runTask({ clientToken: 't', count: 3 }));
    expect(error).toMatchObject({ code: 'ConflictException', status: 400, members: { resourceIds: tasks } });
  });

  test('is compared whatever the order of the parameters', () => {
    const { call } = world();
    const a = call('RunTask', { clientToken: 't', taskDefinition: 'report', launchType: 'EC2', cluster: 'batch' });
    const b = call('RunTask', { cluster: 'batch', launchType: 'EC2', taskDefinition: 'report', clientToken: 't' });
    expect(arnsOf(b)).toEqual(arnsOf(a));
  });

  test('means something else in another cluster, and the same to another principal', () => {
    const { runTask } = world();
    const inBatch = arnsOf(runTask({ clientToken: 't' }));
    expect(arnsOf(runTask({ clientToken: 't', cluster: 'other' }))).not.toEqual(inBatch);
    const somebodyElse = { arn: 'arn:aws:iam::111122223333:user/ops' };
    expect(arnsOf(runTask({ clientToken: 't' }, somebodyElse))).toEqual(inBatch);
  });

  test('is not used up by a request that was throttled or refused', async () => {
    const { runTask, playUntil } = world({ buckets: { clusterResourceModify: { burst: 1, refillPerSecond: 1 } } });
    refusalOf(() => runTask({ clientToken: 't', count: 99 }));
    refusalOf(() => runTask({ clientToken: 't', count: 2 }));
    await playUntil(1);
    expect(arnsOf(runTask({ clientToken: 't' }))).toHaveLength(1);
  });

  test('costs a request token also where it starts nothing', () => {
    const { runTask } = world({ buckets: { clusterResourceModify: { burst: 2, refillPerSecond: 0.001 } } });
    runTask({ clientToken: 't' });
    runTask({ clientToken: 't' });
    expect(refusalOf(() => runTask({ clientToken: 't' })).code).toBe('ThrottlingException');
  });

  test('launches again one hour after the last of its tasks stopped', async () => {
    const { runTask, playUntil, transitions } = world(SHORT);
    const original = arnsOf(runTask({ clientToken: 't', count: 2 }));
    await playUntil(60);
    const lastStop = Math.max(...transitions.filter(({ kind }) => kind === 'stopped').map(({ at }) => at));
    const start = transitions[0]?.at ?? 0;
    await playUntil((lastStop - start) / 1000 + HOUR - 0.001);
    expect(arnsOf(runTask({ clientToken: 't', count: 2 }))).toEqual(original);
    await playUntil((lastStop - start) / 1000 + HOUR + 0.001);
    expect(arnsOf(runTask({ clientToken: 't', count: 2 }))).not.toEqual(original);
  });

  test('launches again after a day, whatever its tasks do', async () => {
    const { runTask, playUntil } = world({ taskSeconds: [1e6, 1e6] });
    const original = arnsOf(runTask({ clientToken: 't' }));
    await playUntil(24 * HOUR - 1);
    expect(arnsOf(runTask({ clientToken: 't' }))).toEqual(original);
    await playUntil(24 * HOUR);
    expect(arnsOf(runTask({ clientToken: 't' }))).not.toEqual(original);
  });

  test('that is absent is made up by nobody: each request launches', () => {
    const { runTask } = world();
    expect(arnsOf(runTask())).not.toEqual(arnsOf(runTask()));
  });

  test('never has two launches alive, in whatever order requests and pauses come', async () => {
    const step = fc.record({ token: fc.constantFrom('a', 'b'), pause: fc.integer({ min: 0, max: 2400 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const { runTask, playUntil, transitions } = world(SHORT);
        let now = 0;
        for (const { token, pause } of steps) {
          runTask({ clientToken: token });
          now += pause;
          await playUntil(now);
        }
        for (const token of ['a', 'b']) {
          const launches = transitions.flatMap((t) => (t.kind === 'launched' && t.clientToken === token ? [t.at] : []));
          const gaps = launches.slice(1).map((at, index) => (at - (launches[index] ?? 0)) / 1000);
          // The task itself takes 15 to 40 seconds.
          for (const gap of gaps) expect(gap).toBeGreaterThanOrEqual(HOUR + 15);
        }
      }),
      { numRuns: 40 },
    );
  });
});
