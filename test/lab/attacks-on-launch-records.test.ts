import { describe, expect, test } from 'vitest';
import { ACCOUNT, acceptedText, stoppedText } from '../support/records.ts';
import { attacked } from './attack.fixture.ts';

/**
 * ECS answers a call that repeats another's token and request with the other's tasks. Whoever may run a listed family can so
 * have a record of their own that names a listed caller's tasks: it must not take a task away that fails to start.
 */
const TASK = `arn:aws:ecs:us-east-1:${ACCOUNT}:task/batch/0123456789abcdef0123456789abcdef`;
const STRANGER = { userIdentity: { arn: `arn:aws:iam::${ACCOUNT}:role/stranger` } };
const iso = (ms: number) => new Date(ms).toISOString().replace(/\.\d+Z/, 'Z');

interface Sequence {
  /** When each arrives, in seconds; undefined where it never does. */
  readonly original: number | undefined;
  readonly strangers: number;
  readonly stop: number;
  /** When the stranger's call was made, in seconds after the task was created. */
  readonly madeAfter: number;
}

const played = ({ original, strangers, stop, madeAfter }: Sequence) =>
  attacked(({ put, clock }) => {
    const createdAt = clock.now();
    const record = (eventID: string, madeAt: number, detail: object = {}) =>
      put(
        acceptedText([TASK], [], {
          request: { clientToken: 'nightly' },
          detail: { eventID, eventTime: iso(madeAt), ...detail },
        }),
      );
    if (original !== undefined) clock.after(original * 1000, () => record('original', createdAt));
    clock.after(strangers * 1000, () => record('strangers', createdAt + madeAfter * 1000, STRANGER));
    clock.after(stop * 1000, () =>
      put(stoppedText({ taskArn: TASK, createdAt: iso(createdAt), stoppedAt: iso(createdAt + stop * 1000) })),
    );
  });

describe('a listed caller’s task that fails to start, and that a stranger’s call names too, is started again, where the stranger’s record', () => {
  test.each<[string, Sequence]>([
    ['comes after the caller’s', { original: 5, strangers: 20, stop: 40, madeAfter: 15 }],
    ['comes before it, and both before the task stops', { original: 30, strangers: 20, stop: 40, madeAfter: 15 }],
    ['comes before the task stops, and the caller’s after', { original: 60, strangers: 20, stop: 40, madeAfter: 15 }],
    ['comes first, and the caller’s minutes later', { original: 400, strangers: 20, stop: 40, madeAfter: 15 }],
    ['comes when the re-run waits already', { original: 400, strangers: 60, stop: 40, madeAfter: 15 }],
    ['is of the same second, and comes first', { original: 30, strangers: 20, stop: 40, madeAfter: 0 }],
    ['is of a call before the caller’s', { original: 30, strangers: 20, stop: 40, madeAfter: -2 }],
  ])('%s', async (_, sequence) => {
    const { launched, world } = await played(sequence);
    expect(launched).toHaveLength(1);
    expect(world.sns.published).toEqual([]);
  });
});

test('a task that a stranger alone asked for is not started, nor one whose caller’s record never comes: people hear of that', async () => {
  const alone = await played({ original: undefined, strangers: 20, stop: 40, madeAfter: 0 });
  expect([alone.launched, alone.endOf(TASK)]).toEqual([[], 'ignore callerNotListed']);
  const repeated = await played({ original: undefined, strangers: 20, stop: 40, madeAfter: 15 });
  expect([repeated.launched, repeated.endOf(TASK)]).toEqual([[], 'refused launchUnknown']);
  expect(repeated.world.sns.published).toHaveLength(1);
});
