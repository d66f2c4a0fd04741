import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../lab/kernel/json.ts';
import { CLIENTS, type Client, type Job } from './clients.ts';
import { REQUEST, startLab } from './lab.fixture.ts';

/** Each client against the lab, over loopback HTTP: whatever happens on the way, a job is launched once. */

const request = (changes: JsonObject = {}): JsonObject => ({ ...structuredClone(REQUEST), ...changes }) as JsonObject;
const JOB: Job = { request: request(), key: 'nightly' };

/** In a row: clients' processes are slow enough one at a time. */
async function inTurn<T, R>(items: readonly T[], run: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (const item of items) results.push(await run(item));
  return results;
}

describe.each(CLIENTS)('the $name client', ({ name, missing, run }: Client) => {
  if (missing !== undefined) console.error(`SKIPPED: the tests of the ${name} client, as ${missing}`);

  describe.skipIf(missing !== undefined)('', () => {
    test('starts what ECS takes and hands the rest of a storm over: the stack starts each once', async () => {
      const lab = await startLab({ account: { buckets: { clusterResourceModify: { burst: 2, refillPerSecond: 5 } } } });
      const keys = ['a', 'b', 'c', 'd'];
      const outcomes = await inTurn(keys, (key) => run(lab, { request: request({ startedBy: key }), key }));
      expect(outcomes.map(({ kind }) => kind)).toEqual(['started', 'started', 'handedOver', 'handedOver']);
      expect(outcomes[0]?.tasks).toMatchObject([{ taskArn: lab.launches[0]?.taskArn }]);
      expect(outcomes[2]?.messageId).toBe(lab.messages[0]?.messageId);
      await lab.play();
      expect(lab.launches.map(({ input }) => input.startedBy).toSorted()).toEqual(keys);
      expect(lab.refusals).toEqual([]);
    });

    test('makes the same call again where a loop around it tries again', async () => {
      const lab = await startLab();
      lab.emptyBucket();
      expect(await run(lab, JOB)).toMatchObject({ kind: 'handedOver' });
      expect(await run(lab, JOB)).toMatchObject({ kind: 'handedOver' });
      await lab.play();
      expect(await run(lab, JOB)).toMatchObject({ kind: 'started', tasks: [{ taskArn: lab.launches[0]?.taskArn }] });
      expect(lab.launches).toHaveLength(1);
    });
  });
});
