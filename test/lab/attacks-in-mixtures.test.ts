import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Changes } from '../support/records.ts';
import { attacked, attackText, type Mode } from './attack.fixture.ts';
import { ATTACKS, HONEST } from './attack.table.ts';

/** Several attacks on one call: no two of them cancel each other out. */
function together(changes: readonly Changes[]): Changes {
  const merged = (part: keyof Changes) => Object.assign({}, ...changes.map((change) => change[part]));
  return { envelope: merged('envelope'), detail: merged('detail'), request: merged('request') };
}

const changesOf = ([, , changes]: (typeof ATTACKS)[number]) => changes;
const attack = fc
  .subarray([...ATTACKS], { minLength: 1, maxLength: 4 })
  .map((attacks) => ({ isHonest: false, changes: together(attacks.map(changesOf)) }));
const honest = fc.constantFrom(...HONEST).map((call) => ({ isHonest: true, changes: changesOf(call) }));
const delivery = fc.record({
  call: fc.oneof({ weight: 4, arbitrary: attack }, { weight: 1, arbitrary: honest }),
  times: fc.integer({ min: 1, max: 3 }),
});

test('in any mixture of attacks and calls, in any number of copies, exactly the calls are run', async () => {
  const property = fc.asyncProperty(
    fc.array(delivery, { minLength: 1, maxLength: 40 }),
    fc.constantFrom<Mode>('rerun', 'observe'),
    async (deliveries, mode) => {
      const { launched } = await attacked(
        ({ put }) => {
          for (const [index, { call, times }] of deliveries.entries())
            for (let n = 0; n < times; n++) put(attackText(`call-${index}`, call.changes));
        },
        { mode },
      );
      const run = deliveries.flatMap(({ call }, index) =>
        call.isHonest && mode === 'rerun' ? [`call-${index}`, `call-${index}`] : [],
      );
      expect(launched.map(({ clientToken }) => clientToken).toSorted()).toEqual(run.toSorted());
    },
  );
  await fc.assert(property, { numRuns: 20 });
});
