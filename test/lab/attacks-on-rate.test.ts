import { expect, test } from 'vitest';
import { HOME } from '../support/records.ts';
import { type Attacked, attacked, attackText } from './attack.fixture.ts';

/** Calls that are lost at once, some minutes after the first records. */
const LOST = 300;
const AT_SECOND = 300;
const STRANGER = { userIdentity: { arn: `arn:aws:iam::${HOME.account}:role/stranger` } };
const iso = (ms: number) => new Date(ms).toISOString().replace(/\.\d+Z/, 'Z');

/** What a stranger's call, of three seconds ago, leaves in the event bus. */
function strangers({ put, clock }: Attacked, id: string, detail: object): void {
  put(
    attackText(id, {
      request: { taskDefinition: 'report-admin' },
      detail: { ...STRANGER, eventTime: iso(clock.now() - 3000), ...detail },
    }),
  );
}

const accepted = (id: string) => ({
  errorCode: undefined,
  errorMessage: undefined,
  responseElements: { tasks: [{ taskArn: `task-${id}` }], failures: [] },
});

/** In each of so many seconds from then on. */
const everySecond = ({ clock }: Attacked, from: number, seconds: number, act: (second: number) => void) => {
  for (let s = 0; s < seconds; s++) clock.after((from + s) * 1000, () => act(s));
};

/** A storm of others that shows the bucket: 40 a second. */
const trueStorm = (on: Attacked) =>
  everySecond(on, AT_SECOND - 14, 14, (s) => {
    for (let i = 0; i < 40; i++) strangers(on, `accepted-${s}-${i}`, accepted(`${s}-${i}`));
    for (let i = 0; i < 20; i++) strangers(on, `throttled-${s}-${i}`, {});
  });

/** After a true storm, more calls a second than the bucket refills, for as long as a drain may take. */
const flooded = (detail: object) => (on: Attacked) => {
  trueStorm(on);
  everySecond(on, AT_SECOND + 1, 60, (s) => {
    for (let i = 0; i < 45; i++) strangers(on, `flood-${s}-${i}`, detail);
  });
};

/** How many seconds pass from when calls are lost until the last of them is started. */
async function drainSeconds(before: (on: Attacked) => void): Promise<number> {
  let lostAt = 0;
  let last = 0;
  const { launched } = await attacked(
    (on) => {
      const { put, clock, world } = on;
      before(on);
      clock.after(AT_SECOND * 1000, () => {
        lostAt = clock.now();
        for (let i = 0; i < LOST; i++) {
          put(attackText(`lost-${i}`, { request: { count: 1 }, detail: { eventTime: iso(lostAt) } }));
        }
      });
      world.ecs.onTask((transition) => {
        if (transition.kind === 'launched' && world.isOurs(transition.principal.arn)) last = clock.now();
      });
    },
    { config: { cloudTrail: 'none' } },
  );
  expect(launched).toHaveLength(LOST);
  return (last - lostAt) / 1000;
}

const undisturbed = drainSeconds(() => {});

test.each<[string, (on: Attacked) => void]>([
  ['a true storm before it', trueStorm],
  [
    'throttles of EC2, which come as ECS’s, beside a few accepted calls a second',
    (on) =>
      everySecond(on, AT_SECOND - 120, 80, (s) => {
        const errorMessage =
          'Error retrieving subnet information for [subnet-0aaa]: Rate exceeded (ErrorCode: Throttling)';
        strangers(on, `wrapped-${s}`, { errorCode: 'InvalidParameterException', errorMessage });
        strangers(on, `accepted-${s}`, accepted(`${s}`));
      }),
  ],
  [
    'forty-five denied calls a second, after a true storm',
    flooded({ eventName: 'StopTask', errorCode: 'AccessDenied', errorMessage: 'not authorized' }),
  ],
  [
    'forty-five calls a second of which the bucket knows nothing, after a true storm',
    flooded({ eventName: 'StopTask', errorCode: undefined, errorMessage: undefined }),
  ],
])(
  'records of strangers do not treble a drain: %s',
  async (_, before) => {
    const seconds = await drainSeconds(before);
    expect(seconds).toBeLessThanOrEqual(3 * (await undisturbed));
  },
  300_000,
);
