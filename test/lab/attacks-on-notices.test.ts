import { expect, test } from 'vitest';
import { attacked, attackText } from './attack.fixture.ts';

test('whoever can choose the names of families, where any is listed, cannot bury people in mail', async () => {
  const { launched, world, executions } = await attacked(
    ({ put }) => {
      for (let n = 0; n < 500; n++) {
        put(attackText(`call-${n}`, { request: { taskDefinition: `family-${n}`, clientToken: undefined } }));
      }
    },
    { config: { families: ['*'] } },
  );
  expect(launched).toEqual([]);
  // Ten intakes, ten named each; one for the rest, at once and when the hour is over.
  expect(executions.length).toBeLessThanOrEqual(110);
  expect(world.sns.published.length).toBeLessThanOrEqual(120);
  const rest = world.sns.published.map(({ message }) => /there were (\d+) such calls/.exec(message)?.[1] ?? 0);
  expect(Math.max(...rest.map(Number))).toBeGreaterThanOrEqual(380);
});
