import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { JsonObject } from '../../lab/kernel/json.ts';
import { play } from '../../lab/run/run.ts';
import { readScenario } from '../../lab/scenario/scenario.ts';

// What waits in a queue is kept as what it tells of.
test('an event says the same when it is written long after it happened', async () => {
  const file = 'lab/scenarios/faults.json';
  const told: { readonly text: string; readonly render: () => JsonObject }[] = [];
  await play(readScenario(readFileSync(file, 'utf8'), file), {
    enabled: true,
    observe: () => ({ emitted: (_, render) => void told.push({ text: JSON.stringify(render()), render }) }),
  });
  expect(told.length).toBeGreaterThan(100);
  expect(told.map(({ render }) => JSON.stringify(render()))).toEqual(told.map(({ text }) => text));
});
