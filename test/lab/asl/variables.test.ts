import { describe, expect, it } from 'vitest';
import { inState, machine, run } from './support.ts';

const pass = (fields: object) => ({ Type: 'Pass', ...fields });

describe('variables', () => {
  it('are seen by the states that follow, not by the state that assigns them', async () => {
    const { output } = await run(
      machine({
        A: pass({ Assign: { x: 3, a: 6 }, Next: 'B' }),
        B: pass({ Assign: { x: '{% $a %}', nextX: '{% $x %}' }, Output: '{% $x %}', Next: 'C' }),
        C: pass({ Output: { seenByB: '{% $states.input %}', x: '{% $x %}', nextX: '{% $nextX %}' }, End: true }),
      }),
    );
    expect(output).toEqual({ seenByB: 3, x: 6, nextX: 3 });
  });

  it('keep null', async () => {
    const { output } = await run(
      machine({
        A: pass({ Assign: { n: '{% null %}' }, Next: 'B' }),
        B: pass({ Output: ['{% $n %}', '{% $exists($n) %}'], End: true }),
      }),
    );
    expect(output).toEqual([null, true]);
  });

  it('that do not exist are nothing', async () => {
    expect((await run(machine({ A: pass({ Output: '{% $nobody %}', End: true }) }))).cause).toBe(
      `${inState('A')}The JSONata expression '$nobody' specified for the field 'Output' returned nothing (undefined).`,
    );
  });

  it('fail the state whose Assign yields nothing', async () => {
    const { cause } = await run(machine({ A: pass({ Assign: { x: { y: '{% $nobody %}' } }, End: true }) }));
    expect(cause).toContain("specified for the field 'Assign/x/y' returned nothing (undefined).");
  });

  it('of a result hold the result', async () => {
    const { output } = await run(
      machine({
        P: {
          Type: 'Parallel',
          Branches: [machineFlow({ I: pass({ Output: 1, End: true }) })],
          Assign: { r: '{% $states.result %}', i: '{% $states.input %}' },
          Next: 'B',
        },
        B: pass({ Output: ['{% $r %}', '{% $i %}'], End: true }),
      }),
      'in',
    );
    expect(output).toEqual([[1], 'in']);
  });
});

describe('the variables of a branch or an iteration', () => {
  it('start as those around it, and end with it', async () => {
    const inner = machineFlow({
      I: pass({ Assign: { inner: '{% $outer + $states.input %}' }, Next: 'J' }),
      J: pass({ Output: '{% $inner %}', End: true }),
    });
    const { output } = await run(
      machine({
        A: pass({ Assign: { outer: 40 }, Next: 'M' }),
        M: { Type: 'Map', Items: [1, 2], ItemProcessor: inner, Next: 'B' },
        B: pass({
          Output: { results: '{% $states.input %}', outer: '{% $outer %}', leaked: '{% $exists($inner) %}' },
          End: true,
        }),
      }),
    );
    expect(output).toEqual({ results: [41, 42], outer: 40, leaked: false });
  });

  it('may have the same names in two branches', async () => {
    const branch = (name: string, value: number) =>
      machineFlow({
        [name]: pass({ Assign: { v: value }, Next: `${name}2` }),
        [`${name}2`]: pass({ Output: '{% $v %}', End: true }),
      });
    const { output } = await run(
      machine({ P: { Type: 'Parallel', Branches: [branch('I', 1), branch('J', 2)], End: true } }),
    );
    expect(output).toEqual([1, 2]);
  });
});

function machineFlow(states: Record<string, object>): object {
  return { StartAt: Object.keys(states)[0], States: states };
}
