import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json } from '../../../lab/kernel/json.ts';
import { machine, only, output, run } from './support.ts';

/** JSON as it comes out of a parser: -0 and keys such as __proto__ are no business of ours. */
const json = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as Json);
const small = fc.integer({ min: -20, max: 20 });

describe('for any JSON', () => {
  it('a Pass, a Choice, a Wait and a Succeed hand it on unchanged', async () => {
    const definition = machine({
      P: { Type: 'Pass', Next: 'C' },
      C: { Type: 'Choice', Choices: [{ Condition: true, Next: 'W' }] },
      W: { Type: 'Wait', Seconds: 1, Next: 'S' },
      S: { Type: 'Succeed' },
    });
    await fc.assert(
      fc.asyncProperty(json, async (value) => {
        expect((await run(definition, value)).output).toEqual(value);
      }),
    );
  });

  it('an expression of the input, a variable, and $parse of its text are the input', async () => {
    const definition = machine({
      A: { Type: 'Pass', Assign: { v: '{% $states.input %}' }, Next: 'B' },
      B: {
        Type: 'Pass',
        Output: { input: '{% $states.input %}', v: '{% $v %}', parsed: '{% $parse($states.input.text) %}' },
        End: true,
      },
    });
    await fc.assert(
      fc.asyncProperty(json, async (value) => {
        const input = { value, text: JSON.stringify(value) };
        expect((await run(definition, input)).output).toEqual({ input, v: input, parsed: value });
      }),
    );
  });

  it('a path leads where JSONata, which reads one in parentheses, says', async () => {
    const leaf = fc.oneof(json, fc.constantFrom(null, [], [7], {}));
    const inner = fc.record({ b: fc.oneof(leaf, fc.record({ b: leaf })) }, { requiredKeys: [] });
    const input = fc.record({ a: fc.oneof(leaf, inner, fc.array(inner)) }, { requiredKeys: [] });
    await fc.assert(
      fc.asyncProperty(input, async (value) => {
        for (const path of ['$states.input', '$states.input.a', '$states.input.a.b', '$states.input.toString']) {
          const [found, expected] = await Promise.all(
            [`{% ${path} %}`, `{% (${path}) %}`].map((source) => run(output(source), value as Json)),
          );
          expect([found?.status, found?.output]).toEqual([expected?.status, expected?.output]);
        }
      }),
    );
  });

  it('a template without expressions is a constant', async () => {
    await fc.assert(
      fc.asyncProperty(json, async (value) => {
        expect((await run(output(value))).output).toEqual(value);
      }),
    );
  });
});

describe('for any numbers', () => {
  it('$partition cuts an array into pieces that make it up again', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer(), { minLength: 1 }),
        fc.integer({ min: 1, max: 9 }),
        async (array, size) => {
          const { output: chunks } = await run(output('{% $partition($states.input.a, $states.input.n) %}'), {
            a: array,
            n: size,
          });
          const lengths = (chunks as Json[][]).map((chunk) => chunk.length);
          expect((chunks as Json[][]).flat()).toEqual(array);
          expect(lengths.slice(0, -1).every((length) => length === size)).toBe(true);
        },
      ),
    );
  });

  it('$range ends at or before its end', async () => {
    await fc.assert(
      fc.asyncProperty(small, small, fc.integer({ min: 1, max: 7 }), async (from, to, step) => {
        const { output: values } = await run(
          output('{% [$range($states.input[0], $states.input[1], $states.input[2])] %}'),
          [from, to, step],
        );
        const expected = Array.from(
          { length: Math.max(0, Math.floor((to - from) / step) + 1) },
          (_, index) => from + index * step,
        );
        expect(values).toEqual(expected);
      }),
    );
  });

  it('a Map at any concurrency keeps the order of its items', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(50)), fc.nat(5), async (items, MaxConcurrency) => {
        const processor = { StartAt: 'W', States: { W: { Type: 'Wait', Seconds: '{% $states.input %}', End: true } } };
        const result = await run(only({ Type: 'Map', MaxConcurrency, ItemProcessor: processor }), items);
        expect(result.output).toEqual(items);
      }),
    );
  });
});
