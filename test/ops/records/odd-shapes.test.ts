import fc from 'fast-check';
import { expect, test } from 'vitest';
import { audit } from '../../../ops/audit/audit.ts';
import { Evidence } from '../../../ops/audit/evidence.ts';
import { auditLines } from '../../../ops/audit/print.ts';
import { Facts } from '../../../ops/probe/facts.ts';
import { figuresOf } from '../../../ops/probe/figures.ts';
import { probeLines } from '../../../ops/probe/print.ts';
import { rewind } from '../../../ops/probe/rewind.ts';
import { recordsIn } from '../../../ops/records/shapes.ts';
import { sampleStorm } from '../../support/sample-storm.ts';
import type { Json } from '../../support/stacks.ts';

const TERMINAL = { columns: 80, hasColour: false, showsProgress: false };
const files = sampleStorm() as { [name: string]: Json };
const VALUES: readonly Json[] = [
  ...files['records/trail.json'].Records.slice(0, 60),
  ...files['records/tasks.json'].tasks.slice(0, 20),
  ...files['records/logs.jsonl']
    .split('\n')
    .slice(0, 60)
    .map((line: string) => JSON.parse(line)),
];
const JUNK = [
  null,
  0,
  -1,
  1e308,
  '',
  'x',
  [],
  {},
  [null],
  { a: { b: [] } },
  true,
  '2026-13-45',
  '9999-01-01T00:00:00Z',
  [[[]]],
  'ThrottlingException',
];

/** One of the members of a value, however deep, becomes something else. */
function spoilt(value: Json, path: readonly number[], junk: Json): Json {
  const copy = structuredClone(value);
  let at = copy;
  for (const [depth, step] of path.entries()) {
    const keys = Object.keys(at);
    if (keys.length === 0) break;
    const key = keys[step % keys.length] ?? '';
    if (depth === path.length - 1 || typeof at[key] !== 'object' || at[key] === null) {
      at[key] = junk;
      break;
    }
    at = at[key];
  }
  return copy;
}

test('probe and audit survive records, tasks and lines of any shape, and print what fits', () => {
  const change = fc.tuple(
    fc.nat(VALUES.length - 1),
    fc.array(fc.nat(30), { minLength: 1, maxLength: 6 }),
    fc.constantFrom(...JUNK),
  );
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 60 }), (changes) => {
      const [evidence, facts] = [new Evidence(), new Facts()];
      const values = [...VALUES];
      for (const [index, path, junk] of changes) values[index] = spoilt(values[index], path, junk);
      for (const found of values.flatMap((value) => [...recordsIn(value)])) {
        if (found.kind === 'event') {
          evidence.event(found.event);
          facts.event(found.event);
        } else if (found.kind === 'line') {
          evidence.line(found.line);
          facts.calls.line(found.line);
        } else if (found.kind === 'foreign') facts.foreign(found.record);
      }
      const lines = [...auditLines(audit(evidence, 0), TERMINAL), ...probeLines(figuresOf(facts), TERMINAL)];
      for (const { traffic } of facts.traffic.values())
        for (const storm of traffic.storms()) rewind(facts, traffic, storm);
      expect(lines.join('\n')).not.toMatch(/undefined|NaN|\[object/);
    }),
    { numRuns: 100 },
  );
});
