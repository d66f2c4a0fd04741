import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { jsonValues } from '../../../ops/records/json-values.ts';

async function valuesOf(...chunks: string[]) {
  async function* source() {
    yield* chunks;
  }
  const found: { text: string; line: number }[] = [];
  for await (const value of jsonValues(source())) found.push(value);
  return found;
}
const textsOf = async (...chunks: string[]) => (await valuesOf(...chunks)).map(({ text }) => text.trim());

describe('the values of a text', () => {
  test.each<[string, string, string[]]>([
    ['one object', '{"a":1}', ['{"a":1}']],
    ['one object over several lines', '{\n  "a": [1,\n  2]\n}\n', ['{\n  "a": [1,\n  2]\n}']],
    ['a value a line', '{"a":1}\n\n{"a":2}\r\n[3]\n', ['{"a":1}', '{"a":2}', '[3]']],
    ['one after the other', '{"a":1}{"a":2}\t{"a":3}', ['{"a":1}', '{"a":2}', '{"a":3}']],
    ['elements of the outermost list', '[{"a":1},\n{"a":[2]},[3],"x",4]', ['{"a":1}', '{"a":[2]}', '[3]', '"x"', '4']],
    ['elements of a trail’s records', '{"Records":[{"a":1},{"a":2}]}', ['{"a":1}', '{"a":2}']],
    [
      'elements among other members',
      '{\n"failures":[{"b":1}],"tasks":[{"a":1}],"NextToken":"]}"}\n{"c":3}',
      ['{"a":1}', '{"c":3}'],
    ],
    ['elements of two lists', '{"Records":[],"Events":[{"a":1}]}', ['{"a":1}']],
    ['lists of that name deeper inside', '{"x":{"Records":[1]},"y":1}', ['{"x":{"Records":[1]},"y":1}']],
    ['lists of that name in an element', '[{"Records":[1]}]', ['{"Records":[1]}']],
    ['a name as a value', '{"x":"Records","y":[1]}', ['{"x":"Records","y":[1]}']],
    ['brackets and quotes in strings', '[{"a":"]}\\"[{"},"\\\\"]', ['{"a":"]}\\"[{"}', '"\\\\"']],
    ['lines among which some are none', 'hello\n{"a":1}\n{"b":\n{"c":3}\n', ['hello', '{"a":1}', '{"b":', '{"c":3}']],
    ['a list that is cut off', '{"Records":[{"a":1},{"b"', ['{"a":1}', '{"b"']],
    ['closing brackets too many', '{\n"a":1}\n]\n}\n{"b":2}', ['{\n"a":1}', ']', '}', '{"b":2}']],
    ['nothing', ' \n\n', []],
  ])('are found in %s', async (_, text, expected) => {
    expect(await textsOf(text)).toEqual(expected);
  });

  test('say on which line they begin', async () => {
    expect((await valuesOf('[\n{"a":\n1},\n\n{"b":2}]')).map(({ line }) => line)).toEqual([2, 5]);
    expect((await valuesOf('{"a":1}\n\nx\n')).map(({ line }) => line)).toEqual([1, 3]);
  });

  const layout = fc.constantFrom(
    (values: unknown[]) => values.map((value) => JSON.stringify(value)).join('\n'),
    (values: unknown[]) => values.map((value) => JSON.stringify(value, undefined, 2)).join('\n'),
    (values: unknown[]) => JSON.stringify(values),
    (values: unknown[]) => JSON.stringify(values, undefined, 1),
    (values: unknown[]) => JSON.stringify({ before: [1], Records: values, after: { tasks: [2] } }, undefined, 1),
  );
  const objects = fc.array(
    fc
      .dictionary(fc.string(), fc.jsonValue())
      .filter((value) => !('Records' in value || 'Events' in value || 'tasks' in value)),
    { minLength: 1 },
  );

  test('are the same however a text is written, and wherever its parts are cut', async () => {
    await fc.assert(
      fc.asyncProperty(objects, layout, fc.integer({ min: 1, max: 40 }), async (values, write, size) => {
        const text = write(values);
        const chunks = text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [];
        expect((await textsOf(...chunks)).map((each) => JSON.parse(each))).toEqual(
          values.map((value) => JSON.parse(JSON.stringify(value))),
        );
      }),
    );
  });

  test('of any text are found without an end to it', async () => {
    const bits = fc.array(fc.constantFrom('{', '}', '[', ']', '"', '\\', ',', ':', '\n', ' ', 'a', '"Records":['));
    await fc.assert(fc.asyncProperty(bits, async (parts) => void (await valuesOf(parts.join('')))));
  });
});
