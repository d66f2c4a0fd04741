import { describe, expect, test } from 'vitest';
import { HIDDEN } from '../../../../lambda/core/events/run-task-request.ts';
import { doneByOf, readAcceptances, recordedDigest } from '../../../../lambda/core/rerun/acceptance.ts';

const MINUTE = 60_000;
const CALL_MS = 1_000 * MINUTE;
const REQUEST = { cluster: 'batch', taskDefinition: 'report:3', count: 2, clientToken: 'token' };
const ACCEPTED = { atMs: CALL_MS + 1000, taskArns: ['a', 'b'], digest: recordedDigest(REQUEST) };

describe('what ECS accepted under its token says of a call', () => {
  test.each<[string, string, Partial<typeof ACCEPTED>, Partial<typeof REQUEST>?]>([
    ['done', 'where it was the same request with all its tasks', {}],
    ['inPart', 'where only some tasks were placed', { taskArns: ['a'] }],
    ['inPart', 'where no task was placed', { taskArns: [] }],
    ['another', 'where it was another request', { digest: recordedDigest({ ...REQUEST, count: 1 }) }],
    ['done', 'where an earlier attempt of the same hour was accepted unheard', { atMs: CALL_MS - 60 * MINUTE }],
    ['none', 'where it was for a call before it', { atMs: CALL_MS - 60 * MINUTE - 1 }],
    [
      'done',
      'whenever it was, under a token that names one call for ever',
      { atMs: CALL_MS - 600 * MINUTE },
      { clientToken: 'once-1' },
    ],
  ])('%s %s', (expected, _, accepted, asked = {}) => {
    const found = readAcceptances([{ ...ACCEPTED, ...accepted }], doneByOf({ ...REQUEST, ...asked }, CALL_MS));
    expect(found.kind).toBe(expected);
  });

  test('is nothing where nothing was accepted', () => {
    expect(readAcceptances([], doneByOf(REQUEST, CALL_MS))).toEqual({ kind: 'none' });
  });

  test('is that it is done where it was accepted in part too', () => {
    const both = [{ ...ACCEPTED, taskArns: ['a'] }, ACCEPTED];
    expect(readAcceptances(both, doneByOf(REQUEST, CALL_MS))).toEqual({ kind: 'done', taskArns: ['a', 'b'] });
  });
});

test.each([
  ['one task', { count: 1 }],
  ['no managed tags', { enableECSManagedTags: false }],
  ['an empty override', { overrides: { containerOverrides: [] } }],
])('a request that says %s is the one that leaves it out', (_, said) => {
  const { count: __, ...request } = REQUEST;
  expect(recordedDigest({ ...request, ...said })).toBe(recordedDigest(request));
});

test('a request with environment values is the one that CloudTrail records without them', () => {
  const overrides = (environment: unknown) => ({ containerOverrides: [{ name: 'app', environment }] });
  const sent = { ...REQUEST, overrides: overrides([{ name: 'DAY', value: 'monday' }]) };
  expect(recordedDigest(sent)).toBe(recordedDigest({ ...REQUEST, overrides: overrides(HIDDEN) }));
  expect(recordedDigest(sent)).not.toBe(recordedDigest(REQUEST));
});
