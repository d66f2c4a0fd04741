import { describe, expect, test } from 'vitest';
import { HIDDEN } from '../../../../lambda/core/events/run-task-request.ts';
import { doneByOf, isAcceptanceOf, isDone, recordedDigest } from '../../../../lambda/core/rerun/acceptance.ts';

const MINUTE = 60_000;
const CALL_MS = 1_000 * MINUTE;
const REQUEST = { cluster: 'batch', taskDefinition: 'report:3', count: 2, clientToken: 'token' };
const ACCEPTED = { atMs: CALL_MS + 1000, taskArns: ['a', 'b'], digest: recordedDigest(REQUEST) };

describe('a call is done', () => {
  test.each<[string, boolean, Partial<typeof ACCEPTED>, Partial<typeof REQUEST>?]>([
    ['where ECS accepted the same request with all its tasks', true, {}],
    ['not where only some tasks were placed', false, { taskArns: ['a'] }],
    ['not where another request used its token', false, { digest: recordedDigest({ ...REQUEST, count: 1 }) }],
    ['where an earlier attempt of the same hour was accepted unheard', true, { atMs: CALL_MS - 60 * MINUTE }],
    ['not where the token was accepted for a call before it', false, { atMs: CALL_MS - 60 * MINUTE - 1 }],
    [
      'whenever it was accepted, under a token that names one call for ever',
      true,
      { atMs: CALL_MS - 600 * MINUTE },
      { clientToken: 'once-1' },
    ],
  ])('%s: %s', (_, expected, accepted, asked = {}) => {
    expect(isDone({ ...ACCEPTED, ...accepted }, doneByOf({ ...REQUEST, ...asked }, CALL_MS))).toBe(expected);
  });

  test('not where nothing was accepted', () => {
    expect(isDone(undefined, doneByOf(REQUEST, CALL_MS))).toBe(false);
  });
});

test('an acceptance in part is of the call, though the call is not done', () => {
  expect(isAcceptanceOf({ ...ACCEPTED, taskArns: [] }, doneByOf(REQUEST, CALL_MS))).toBe(true);
});

test('a request with environment values is the one that CloudTrail records without them', () => {
  const overrides = (environment: unknown) => ({ containerOverrides: [{ name: 'app', environment }] });
  const sent = { ...REQUEST, overrides: overrides([{ name: 'DAY', value: 'monday' }]) };
  expect(recordedDigest(sent)).toBe(recordedDigest({ ...REQUEST, overrides: overrides(HIDDEN) }));
  expect(recordedDigest(sent)).not.toBe(recordedDigest(REQUEST));
});
