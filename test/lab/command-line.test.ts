import { expect, test } from 'vitest';
import { readOptions } from '../../lab/command-line.ts';

const options = { runs: { type: 'string', default: '200' } } as const;

test('what was typed is read, with what was left to us', () => {
  expect(readOptions({ args: ['--runs', '3'], options })).toMatchObject({ values: { runs: '3' } });
  expect(readOptions({ args: [], options })).toMatchObject({ values: { runs: '200' } });
});

test.each([
  ['an option that nobody knows', ['--help'], "Unknown option '--help'"],
  ['an option without its value', ['--runs'], "Option '--runs <value>' argument missing"],
  ['more than options', ['a.json'], "Unexpected argument 'a.json'"],
])('%s is named, and ends nothing', (_, args, problem) => {
  expect(readOptions({ args, options })).toEqual({ problem: expect.stringContaining(problem) });
});
