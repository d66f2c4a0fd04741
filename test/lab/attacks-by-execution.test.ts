import { describe, expect, test } from 'vitest';
import type { Json } from '../../lab/kernel/json.ts';
import type { RunTaskRequest } from '../../lambda/core/events/run-task-request.ts';
import { asynchronousCallId } from '../../lambda/core/identity.ts';
import type { RerunInput } from '../../lambda/core/rerun/rerun-input.ts';
import { AIRFLOW_ROLE, acceptedText, CRON_ROLE, HOME, rerunOf, stoppedVerdictOn } from '../support/records.ts';
import { type Attacked, attacked } from './attack.fixture.ts';

const STRANGER = `arn:aws:iam::${HOME.account}:role/stranger`;
const ADMIN = `arn:aws:iam::${HOME.account}:role/admin`;
const honest = rerunOf();
const { call, request } = honest;
const inFuture = '2026-01-16T03:00:00.000Z';
const FAR = '9999-12-31T00:00:00.000Z';

describe('whoever may start an execution of the re-run workflow', () => {
  const asking = (changes: Partial<RunTaskRequest>): Partial<RerunInput> => ({ request: { ...request, ...changes } });
  const progress = { attempts: 0, unanswered: 0, remaining: 1, round: 1, taskArns: [] };
  const stopped = stoppedVerdictOn();
  const failed = stopped.kind === 'rerun' ? stopped.input : honest;
  const { failedTask } = failed;

  const CRAFTED: readonly (readonly [name: string, end: string, input: Json])[] = (
    [
      ['a caller that is not listed', 'notOptedIn', { call: { ...call, caller: STRANGER } }],
      ['a caller that looks like all of them', 'notOptedIn', { call: { ...call, caller: '*' } }],
      ['a caller that retries itself', 'notOptedIn', { call: { ...call, caller: AIRFLOW_ROLE } }],
      ['no caller', 'notOptedIn', { call: { ...call, caller: undefined } }],
      [
        'a family that is not listed',
        'notOptedIn',
        { call: { ...call, family: 'report-admin' }, ...asking({ taskDefinition: 'report-admin' }) },
      ],
      ['a family that only the call is of', 'notOptedIn', asking({ taskDefinition: 'report-admin' })],
      ['a cluster that only the call is on', 'notOptedIn', asking({ cluster: 'batch2' })],
      [
        'a cluster that is not listed',
        'notOptedIn',
        { call: { ...call, cluster: 'batch2' }, ...asking({ cluster: 'batch2' }) },
      ],
      ['a call of another account', 'notOptedIn', { call: { ...call, account: '999999999999' } }],
      ['a call of another Region', 'notOptedIn', { call: { ...call, region: 'eu-west-1' } }],
      ['a task that somebody watches', 'notOptedIn', asking({ group: 'service:web' })],
      ['a task role', 'roleOverride', asking({ overrides: { taskRoleArn: ADMIN } })],
      ['an execution role', 'roleOverride', asking({ overrides: { executionRoleArn: ADMIN } })],
      [
        'the role of a volume',
        'roleOverride',
        asking({ volumeConfigurations: [{ name: 'a', managedEBSVolume: { roleArn: ADMIN } }] }),
      ],
      ['ECS Exec', 'executeCommand', asking({ enableExecuteCommand: true })],
      ['no client token', 'noClientToken', asking({ clientToken: undefined })],
      ['another client token under the same identity', 'notOptedIn', asking({ clientToken: 'fresh' })],
      ['another identity for the same client token', 'notOptedIn', { callId: 'fresh' }],
      ['the identity of a task that did not fail', 'notOptedIn', { failedTask }],
      ['a time to come', 'malformed', { call: { ...call, eventTime: inFuture } }],
      ['a time long past', 'tooLate', { call: { ...call, eventTime: '2026-01-14T20:00:00.000Z' } }],
      ['more tasks left than were asked for', 'notOptedIn', { progress: { ...progress, remaining: 10 } }],
      ['fewer tasks left than none', 'malformed', { progress: { ...progress, remaining: -1_000_000 } }],
      ['attempts to come', 'malformed', { progress: { ...progress, attempts: -1_000_000 } }],
      ['fewer tasks than none', 'malformed', { ...asking({ count: -1_000_000 }), progress }],
      ['parameters that ECS does not know', 'malformed', { request: { ...request, asAdmin: true } as RunTaskRequest }],
      ['nothing but a deadline', 'malformed', { request: undefined }],
    ] satisfies [string, string, Partial<RerunInput>][]
  ).map(([name, end, changes]) => [name, `refused ${end}`, { ...honest, ...changes } as Json]);

  const crafted = attacked(({ start }) => {
    for (const [index, [, , input]] of CRAFTED.entries()) start(`crafted-${index}`, input);
  });

  test.each(CRAFTED.map(([name, end], index) => [name, end, index] as const))(
    'gains nothing by %s: %s',
    async (_, end, index) => {
      expect((await crafted).endOf(`crafted-${index}`)).toBe(end);
    },
  );

  test('and ECS is not even asked', async () => {
    const { launched, runTaskCalls } = await crafted;
    expect([launched, runTaskCalls]).toEqual([[], 0]);
  });

  test('gains no execution that waits for ever, whatever deadline it is given', async () => {
    const { executions } = await attacked(({ start }) =>
      start('patient', { ...honest, deadline: FAR, call: { ...call, caller: STRANGER } } as Json),
    );
    expect(executions.find(({ name }) => name === 'patient')?.stoppedAt).toBeDefined();
  });

  test('cannot choose what people are told, nor how often', async () => {
    const { world, endOf } = await attacked(({ start }) => {
      for (let n = 0; n < 50; n++) {
        const said = `urgent ${n}\n\nLog in at https://evil.example`;
        start(`spam-${n}`, { ...honest, call: { ...call, family: said, caller: said } } as Json);
      }
    });
    expect(endOf('spam-0')).toBe('refused notOptedIn');
    // The first at once, the rest when the hour is over.
    expect(world.sns.published).toHaveLength(2);
    expect(JSON.stringify(world.sns.published)).not.toContain('evil');
  });

  test('cannot lower what was spent, nor exceed the cap by what is left', async () => {
    let withinTheHour = 0;
    const { launched } = await attacked(
      ({ start, clock, launched: so }) => {
        start('lower', { ...honest, ...asking({ count: -1000 }), progress } as Json);
        start('exceed', { ...honest, progress: { ...progress, remaining: 10 } } as Json);
        for (const clientToken of ['a', 'b', 'c', 'd'])
          start(clientToken, rerunOf({ request: { clientToken } }) as Json);
        clock.after(50 * 60_000, () => {
          withinTheHour = so.length;
        });
      },
      { config: { maxTasksPerHour: 5 } },
    );
    expect(withinTheHour).toBe(4);
    // Without sweeps nothing proves that the others may still be run when the next hour has room.
    expect(launched).toHaveLength(4);
  });

  test('gains nothing by redriving what was refused, and cannot redrive what was started', async () => {
    const redriven: string[] = [];
    const { endOf, launched } = await attacked(({ start, clock, world }) => {
      start('refused', { ...honest, ...asking({ overrides: { taskRoleArn: ADMIN } }) } as Json);
      start('started', honest as Json);
      clock.after(10 * 60_000, () => {
        for (const { arn: executionArn, name } of [...world.states.executions]) {
          if (name.startsWith('notice-')) continue;
          try {
            world.states.call('RedriveExecution', { executionArn });
            redriven.push(name);
          } catch (error) {
            redriven.push(String((error as Error & { code?: string }).code));
          }
        }
      });
    });
    expect(redriven).toEqual(['refused', 'ExecutionNotRedrivable']);
    expect([endOf('refused'), launched.length]).toEqual(['refused roleOverride', 2]);
  });

  /** A task of an accepted call, and an execution that says it failed to start. */
  const saysItFailed = (caller: string, changes: Partial<RerunInput> = {}) => {
    const taskArn = `arn:aws:ecs:${HOME.region}:${HOME.account}:task/batch/${'a'.repeat(32)}`;
    return attacked(({ put, start }: Attacked) => {
      put(acceptedText([taskArn], [], { detail: { eventID: 'accepted', userIdentity: { arn: caller } } }));
      const task = { ...failedTask, taskArn } as RerunInput['failedTask'];
      start('failed', { ...failed, callId: asynchronousCallId(taskArn), failedTask: task, ...changes } as Json);
    });
  };

  test.each<[string, string, string, Partial<RerunInput>]>([
    ['a task whose caller is not listed', STRANGER, 'ignored callerNotListed', {}],
    ['a task under another identity', CRON_ROLE, 'refused notOptedIn', { callId: 'fresh' }],
    ['a task of another family', CRON_ROLE, 'refused notOptedIn', { call: { ...failed.call, family: 'report-admin' } }],
  ])('cannot have %s started again', async (_, caller, end, changes) => {
    const { endOf, launched } = await saysItFailed(caller, changes);
    expect([endOf('failed'), launched]).toEqual([end, []]);
  });

  test('may craft the call of a listed caller: the permission is worth RunTask on what is listed, and no more', async () => {
    const { launched } = await attacked(({ start }) => start('forged', honest as Json));
    expect(launched).toHaveLength(2);
    expect((await saysItFailed(CRON_ROLE)).launched).toHaveLength(1);
  });

  test('gains nothing at all where calls are only observed', async () => {
    const forge = ({ start }: Attacked) => start('forged', honest as Json);
    const { endOf, launched } = await attacked(forge, { mode: 'observe' });
    expect([endOf('forged'), launched]).toEqual(['refused observeMode', []]);
  });
});
