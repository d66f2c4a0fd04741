import { expect, test } from 'vitest';
import * as javascript from '../../clients/javascript/run-task-or-hand-over.js';
import { CAPACITY_TEXTS } from '../../lambda/core/events/texts.ts';
import { isLasting } from '../../lambda/core/identity.ts';
import { ERRORS, expected, FAILURES, ROOM_TEXTS } from './classification.table.ts';

test('the texts here stand for every row of the table', () => {
  for (const { pattern } of CAPACITY_TEXTS)
    expect(ROOM_TEXTS.some((text) => new RegExp(`^${pattern}`).test(text))).toBe(true);
  expect(new Set(expected.errors)).toEqual(new Set([true, false]));
});

test('a job’s token is the same for ever, and for every revision; another cluster or family is another job', () => {
  const [first, ...others] = expected.tokens;
  expect(first).toBe('once-2acef0915c07e570181f850e21d6a7b08cf7dbf496edc68c');
  expect(others.map((token) => expected.tokens.indexOf(token))).toEqual([0, 2, 3, 3, 5]);
  for (const token of expected.tokens) {
    expect(isLasting(token)).toBe(true);
    // ECS takes no longer one, and no other characters.
    expect(token).toMatch(/^[\x21-\x7e]{32,64}$/);
  }
});

test('the JavaScript client agrees with the table', () => {
  expect(ERRORS.map((error) => javascript.mayPass({ status: undefined, ...error }))).toEqual(expected.errors);
  expect(FAILURES.map((reason) => javascript.isPassingFailure(reason))).toEqual(expected.failures);
});
