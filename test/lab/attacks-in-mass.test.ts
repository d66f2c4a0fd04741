import { expect, test } from 'vitest';
import { acceptedText, type Changes, eventText, HOME } from '../support/records.ts';
import { attacked, attackText, sendMessage } from './attack.fixture.ts';

const FLOOD = 2000;
/** One in so many is refused, the others are ignored. */
const REFUSED_EACH = 100;
const STRANGER: Changes = { detail: { userIdentity: { arn: `arn:aws:iam::${HOME.account}:role/stranger` } } };

test('two thousand forged events start nothing, and cost cents and two messages', async () => {
  const stranger = attackText('flood-N', STRANGER);
  const override = attackText('flood-N', {
    request: { overrides: { taskRoleArn: `arn:aws:iam::${HOME.account}:role/admin` } },
  });
  const { launched, runTaskCalls, executions, world, deadLetters, dollars, readable } = await attacked(({ put }) => {
    // As if EventBridge had let them pass: most are of strangers, some of them look like a listed caller's.
    for (let n = 0; n < FLOOD; n++)
      put((n % REFUSED_EACH === 0 ? override : stranger).replaceAll('flood-N', `flood-${n}`));
  });
  expect([launched, runTaskCalls, deadLetters]).toEqual([[], 0, 0]);
  // One execution tells of the first at once and of the others when the hour is over; an alarm on throttled calls has one sweep look.
  const [notice, ...sweeps] = executions.map(({ name }) => name);
  expect(notice).toMatch(/^notice-/);
  expect(sweeps.length).toBeLessThanOrEqual(1);
  expect(world.sns.published.map(({ message }) => message)).toEqual([
    expect.stringContaining('Reason: roleOverride'),
    expect.stringContaining(`there were ${FLOOD / REFUSED_EACH} such calls`),
  ]);
  // One verdict line for each, and as many metrics.
  expect(readable.filter((line) => line.includes('"message":"verdict"'))).toHaveLength(FLOOD);
  expect(dollars).toBeLessThan(0.01);
});

test('bodies that are no events, or are huge, go to the dead-letter queue at once, and nothing of them is shown', async () => {
  const huge = 'canary'.repeat(35_000);
  const BODIES = [
    'canary',
    '{"canary":',
    'null',
    '[]',
    '{}',
    `"${huge}"`,
    huge,
    JSON.stringify({ ...JSON.parse(eventText()), source: huge }),
    eventText({ detail: { eventName: 'canary' } }),
    eventText({ detail: { eventTime: 'canary' } }),
    eventText({ detail: { userIdentity: 'canary' } }),
    eventText({ detail: { responseElements: { tasks: ['canary'] } } }),
    `${'['.repeat(5000)}"canary"${']'.repeat(5000)}`,
  ];
  const ids: string[] = [];
  const { endOf, launched, deadLetters, readable } = await attacked(({ world, arnOf }) => {
    const intake = arnOf('AWS::SQS::Queue', 'IntakeQueue');
    for (const body of BODIES) ids.push(sendMessage(world.sqs, intake, body));
  });
  expect(ids.map(endOf)).toEqual(BODIES.map(() => 'refuse malformed'));
  expect([launched, deadLetters]).toEqual([[], BODIES.length]);
  expect(readable.filter((line) => line.includes('canary'))).toEqual([]);
});

test('a huge request of a listed caller is left to ECS, which refuses it', async () => {
  const command = ['x'.repeat(200_000)];
  const { endOf, launched } = await attacked(({ put }) =>
    put(attackText('huge', { request: { overrides: { containerOverrides: [{ name: 'app', command }] } } })),
  );
  expect(launched).toEqual([]);
  expect(endOf('huge')).toMatch(/^refused rejectedByEcs/);
});

test('a call for a billion tasks does not hold up the others, even where permits are counted in tasks', async () => {
  const { endOf, launched } = await attacked(({ put, clock }) => {
    const at = (second: number, text: (eventTime: string) => string) =>
      clock.after(second * 1000, () => put(text(new Date(clock.now()).toISOString())));
    const call = (second: number, id: string, { detail, request = {} }: Changes) =>
      at(second, (eventTime) => attackText(id, { request, detail: { eventTime, ...detail } }));
    // Where calls for many tasks are throttled and those for one are not, the bucket counts tasks.
    for (let second = 0; second < 12; second++) {
      call(second, `large-${second}`, { ...STRANGER, request: { count: 10 } });
      const detail = { ...STRANGER.detail, eventID: `small-${second}` };
      at(second, (eventTime) => acceptedText([`task-${second}`], [], { detail: { ...detail, eventTime } }));
    }
    call(13, 'billion', { request: { count: 1e9 } });
    call(120, 'honest', {});
  });
  expect(endOf('honest')).toBe('started');
  expect(launched).toHaveLength(2);
  expect(endOf('billion')).toBe('refuse invalidParameter');
});
