import { describe, expect, test } from 'vitest';
import type { RunTaskRequest } from '../../../../lambda/core/events/run-task-request.ts';
import { launchGuard } from '../../../../lambda/core/rerun/launch-guard.ts';
import type { RerunInput } from '../../../../lambda/core/rerun/rerun-input.ts';
import type { Settings } from '../../../../lambda/core/settings.ts';
import { AIRFLOW_ROLE, HOME, OWN_ROLE, rerunOf, SETTINGS, stoppedVerdictOn } from '../../../support/records.ts';

const rerun = rerunOf();
const { call, request } = rerun;
const STRANGER = 'arn:aws:sts::111122223333:assumed-role/stranger/x';
const failed = stoppedVerdictOn();
const { failedTask } = failed.kind === 'rerun' ? failed.input : {};

const guarded = (
  input: Partial<RerunInput>,
  asked: Partial<RunTaskRequest>,
  settings: Partial<Settings> = {},
  remaining = request.count ?? 1,
) =>
  launchGuard(
    { ...rerun, ...input },
    { ...request, ...asked },
    { remaining },
    { awsEnvironment: HOME, settings: { ...SETTINGS, ...settings } },
  );
const ofFailedTask =
  failed.kind === 'rerun' ? { callId: failed.input.callId, failedTask, ownToken: 'generation' as const } : {};

describe('before the launch, the opt-in is checked again', () => {
  test('and says nothing against what the intake wrote', () => {
    expect(guarded({}, {})).toBeUndefined();
    expect(guarded(ofFailedTask, { clientToken: undefined })).toBeUndefined();
  });

  test.each<[string, string, Partial<RerunInput>, Partial<RunTaskRequest>, Partial<Settings>?]>([
    ['in observe mode', 'observeMode', {}, {}, { mode: 'observe' }],
    ['of the caller', 'notOptedIn', { call: { ...call, caller: STRANGER } }, {}],
    ['of a caller that nobody knows', 'notOptedIn', { call: { ...call, caller: undefined } }, {}],
    ['of a caller that retries itself', 'notOptedIn', { call: { ...call, caller: AIRFLOW_ROLE } }, {}],
    ['of the family that is really asked for', 'notOptedIn', {}, { taskDefinition: 'web' }],
    ['of the family in the re-run’s name', 'notOptedIn', { call: { ...call, family: 'web' } }, {}, { families: ['*'] }],
    ['of the cluster that is really asked for', 'notOptedIn', {}, { cluster: 'web' }],
    ['of the cluster that is meant by none', 'notOptedIn', {}, { cluster: undefined }],
    ['of the cluster in the re-run’s name', 'notOptedIn', { call: { ...call, cluster: 'default' } }, {}],
    ['of the account', 'notOptedIn', { call: { ...call, account: '999999999999' } }, {}],
    ['of the Region', 'notOptedIn', { call: { ...call, region: 'eu-west-1' } }, {}],
    ['of a task that Step Functions watches', 'notOptedIn', {}, { startedBy: 'AWS Step Functions' }],
    ['of a task of a service', 'notOptedIn', {}, { group: 'service:web' }],
    ['of the identity, which is that of another token', 'notOptedIn', {}, { clientToken: 'fresh' }],
    ['of the identity, which is of no task', 'notOptedIn', { failedTask }, {}],
    ['of a request without a token', 'noClientToken', {}, { clientToken: undefined }],
    ['of a request with an empty token', 'noClientToken', {}, { clientToken: '' }],
    ['of roles', 'roleOverride', {}, { overrides: { taskRoleArn: OWN_ROLE } }],
    ['of more tasks than any hour has room for', 'overTaskCap', {}, { count: 6 }, { maxTasksPerHour: 5 }],
    ['of ECS Exec', 'executeCommand', {}, { enableExecuteCommand: true }],
  ])('%s: %s', (_, reason, input, asked, settings) => {
    expect(guarded(input, asked, settings)).toBe(reason);
  });

  test('of how many tasks are left, which are no more than were asked for', () => {
    expect(guarded({}, { count: 2 }, {}, 3)).toBe('notOptedIn');
    expect(guarded({}, { count: 2 }, {}, 1)).toBeUndefined();
    expect(guarded({}, { count: undefined }, {}, 2)).toBe('notOptedIn');
  });

  test('and a call that came without a token has one of its own', () => {
    for (const ownToken of ['substitute', 'keyed'] as const) {
      const own = { callId: 'of the record', ownToken };
      expect(guarded(own, { clientToken: undefined })).toBeUndefined();
      expect(guarded(own, {})).toBe('notOptedIn');
    }
    expect(guarded({ callId: 'of no task', ownToken: 'generation' }, { clientToken: undefined })).toBe('notOptedIn');
  });

  test('and a call with a token of its own goes under no other', () => {
    for (const ownToken of ['substitute', 'keyed', 'generation'] as const)
      expect(guarded({ ownToken }, {})).toBe('notOptedIn');
  });

  test.each<[string, Partial<RerunInput>, Partial<RunTaskRequest>]>([
    ['has the identity of that task', { callId: 'of another' }, {}],
    ['goes under the token of the next generation', { ownToken: 'substitute' }, {}],
    ['goes under no token of its caller, which its task has used up', {}, { clientToken: 'token-1' }],
  ])('and a task that failed to start %s', (_, input, asked) => {
    expect(guarded({ ...ofFailedTask, ...input }, { clientToken: undefined, ...asked })).toBe('notOptedIn');
  });

  test('but a caller that retries itself and hands over has given up', () => {
    const callers = SETTINGS.callers.map((entry) => ({ ...entry, retriesItself: true }));
    const given = callers.map((entry) => ({ ...entry, handsOver: true }));
    expect(guarded({}, {}, { callers })).toBe('notOptedIn');
    expect(guarded({}, {}, { callers: given })).toBeUndefined();
  });

  test('but a caller that retries itself cannot see that an accepted task never started', () => {
    expect(
      guarded({ ...ofFailedTask, call: { ...call, caller: AIRFLOW_ROLE } }, { clientToken: undefined }),
    ).toBeUndefined();
  });
});
