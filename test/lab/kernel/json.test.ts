import fc from 'fast-check';
import { expect, test } from 'vitest';
import { copyOf, type Json } from '../../../lab/kernel/json.ts';

/** What services answer: JSON, and members that are undefined. */
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(null, true, 1.5, '', 'text'),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.string(), fc.oneof(tie('value'), fc.constant(undefined)), { maxKeys: 4, noNullPrototype: true }),
  ),
}));

test('a copy is what the text would be read as', () => {
  fc.assert(
    fc.property(value, (original) => {
      expect(copyOf(original as Json)).toStrictEqual(JSON.parse(JSON.stringify(original)));
    }),
  );
});

test('a change of the copy leaves the original alone', () => {
  const original = { list: [{ name: 'a' }] };
  const copy = copyOf(original);
  copy.list.push({ name: 'b' });
  Object.assign(copy.list[0] ?? {}, { name: 'c' });
  expect(original).toEqual({ list: [{ name: 'a' }] });
});
