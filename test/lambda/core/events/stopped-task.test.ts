import { describe, expect, test } from 'vitest';
import type { Settings } from '../../../../lambda/core/settings.ts';
import { decide } from '../../../../lambda/core/verdict/decide.ts';
import {
  CONTEXT,
  CREATED_MS,
  decoded,
  EVENT_TIME_MS,
  fixtureText,
  stoppedText,
  stoppedVerdictOn,
  TASK_ARN,
} from '../../../support/records.ts';

const REASON = 'Timeout waiting for network interface provisioning to complete.';
const ARN = 'arn:aws:ecs:us-east-1:111122223333';

describe('a stopped task', () => {
  test('is decoded into just what verdicts need', () => {
    expect(decoded(stoppedText())).toEqual({
      kind: 'stoppedTask',
      account: '111122223333',
      region: 'us-east-1',
      taskArn: TASK_ARN,
      clusterArn: `${ARN}:cluster/batch`,
      taskDefinitionArn: `${ARN}:task-definition/report:3`,
      group: 'family:report',
      startedBy: '',
      stopCode: 'TaskFailedToStart',
      reasons: [REASON],
      hasRun: false,
      stoppedAtMs: EVENT_TIME_MS,
      createdAtMs: CREATED_MS,
      environments: {
        app: [{ name: 'DAY', value: 'canary-value' }],
        'aws-guardduty-agent-nm40lC': [{ name: 'AGENT', value: 'guardduty' }],
      },
      replayed: false,
      origin: { account: '111122223333', region: 'us-east-1' },
    });
  });

  test.each([
    ['task-state-change.ec2', 'task-definition/webserver'],
    ['task-state-change.fargate', 'task-definition/'],
  ])('in the sample event %s of AWS is decoded, revision or not, and is none that failed to start', (name, family) => {
    const event = decoded(fixtureText(`events/${name}`));
    expect(event).toMatchObject({
      kind: 'stoppedTask',
      stopCode: '',
      taskDefinitionArn: expect.stringContaining(family),
      createdAtMs: expect.any(Number),
    });
    expect(
      decide(event, { ...CONTEXT, awsEnvironment: event.origin, nowMs: Date.parse('2025-05-13T00:00:00Z') }),
    ).toMatchObject({
      kind: 'ignore',
    });
  });

  test.each([
    [
      'without optional members',
      { group: undefined, startedBy: null, overrides: undefined, containers: undefined },
      {},
    ],
    ['with the cpu "null" that GuardDuty’s agent has', { containers: [{ name: 'agent', cpu: 'null' }] }, {}],
    ['with members that are newer than this code', { brandNew: { x: 1 } }, {}],
    [
      'with the reasons of its containers',
      { stoppedReason: undefined, containers: [{ reason: 'a' }, {}, { reason: null }, { reason: 'b' }] },
      { reasons: ['a', 'b'] },
    ],
    ['without the time of its stop: its last update', { stoppedAt: undefined }, { stoppedAtMs: EVENT_TIME_MS }],
    [
      'without any time of its stop: that of its event',
      { stoppedAt: undefined, updatedAt: null },
      { stoppedAtMs: EVENT_TIME_MS, createdAtMs: CREATED_MS },
    ],
    ['without the time of its launch: that of its stop', { createdAt: undefined }, { createdAtMs: EVENT_TIME_MS }],
    ['with a time of another zone', { stoppedAt: '2026-01-15T04:00:00+01:00' }, { stoppedAtMs: EVENT_TIME_MS }],
    ['that still runs has no stop code that counts', { lastStatus: 'RUNNING' }, { stopCode: '' }],
    [
      'overridden without an environment',
      { overrides: { containerOverrides: [{ name: 'app', command: ['x'] }, { environment: null }] } },
      { environments: {} },
    ],
    ['with no container overridden', { overrides: { containerOverrides: null } }, { environments: {} }],
  ])('%s is decoded', (_, detail, expected) => {
    expect(decoded(stoppedText(detail))).toMatchObject({ kind: 'stoppedTask', taskArn: TASK_ARN, ...expected });
  });

  test.each([
    ['ran, as its exit code says', [{ exitCode: 0 }], true],
    [
      'ran where another of its containers never started',
      [{ exitCode: 1 }, { reason: 'CannotStartContainerError: x', exitCode: 143 }],
      true,
    ],
    [
      'ran whatever else its reason is',
      [{ exitCode: 137, reason: 'OutOfMemoryError: CannotStartContainerError: x' }],
      true,
    ],
    ['ran and could not be stopped', [{ exitCode: 137, reason: 'CannotStopContainerError: x' }], true],
    ['did not run where no container did', [{ reason: 'CannotPullContainerError: x' }, { exitCode: null }], false],
    [
      'did not run where the agent makes exit codes up',
      [{ exitCode: 143, reason: 'CannotStartContainerError: dependency graph: x' }],
      false,
    ],
    ['did not run without an image', [{ exitCode: 128, reason: 'CannotPullECRContainerError: x' }], false],
    ['did not run as long as nothing was created', [{ exitCode: 128, reason: 'CannotCreateContainerError: x' }], false],
  ])('%s', (_, containers, hasRun) => {
    expect(decoded(stoppedText({ containers }))).toMatchObject({ hasRun });
  });

  test('ran if it was ever started, whatever its containers say', () => {
    const containers = [{ exitCode: 143, reason: 'CannotStartContainerError: x' }];
    expect(decoded(stoppedText({ containers, startedAt: '2026-01-15T02:59:59Z' }))).toMatchObject({ hasRun: true });
  });

  test.each([[{ name: 'EMPTY' }], [{ value: 'x' }], [{}]])('with the variable %j is decoded', (variable) => {
    const overrides = { containerOverrides: [{ name: 'app', environment: [variable] }] };
    expect(decoded(stoppedText({ overrides })).kind).toBe('stoppedTask');
  });
});

describe('a start that throttling prevented', () => {
  test('is re-run under a name that has no hour, with what the task knows of its call', () => {
    expect(stoppedVerdictOn()).toEqual({
      kind: 'rerun',
      name: 'report-55c1f48c4b96f1f5b5f5a304ef9ebae3',
      input: {
        callId: '1da4ad3ca1b28b3aac02ba3d42836561',
        call: {
          account: '111122223333',
          region: 'us-east-1',
          cluster: 'batch',
          family: 'report',
          eventTime: '2026-01-15T03:00:00.000Z',
        },
        settleUntil: '2026-01-15T03:00:50.698Z',
        deadline: '2026-01-15T03:55:00.000Z',
        failedTask: {
          taskArn: TASK_ARN,
          taskDefinition: 'arn:aws:ecs:us-east-1:111122223333:task-definition/report:3',
          createdAt: '2026-01-15T02:59:58.000Z',
          environments: {
            app: [{ name: 'DAY', value: 'canary-value' }],
            'aws-guardduty-agent-nm40lC': [{ name: 'AGENT', value: 'guardduty' }],
          },
        },
      },
    });
  });

  test.each([
    ['in a definition without revision', { taskDefinitionArn: `${ARN}:task-definition/report` }],
    ['as a container says', { stoppedReason: 'Task failed to start', containers: [{ reason: REASON }] }],
    ['by a launcher that takes an accepted task for a started one', { startedBy: 'events-rule/nightly' }],
  ])('is re-run: %s', (_, detail) => {
    expect(stoppedVerdictOn(detail).kind).toBe('rerun');
  });

  test.each([
    ['a container of which had run', { containers: [{ reason: REASON }, { exitCode: 0 }] }],
    ['that was running itself', { startedAt: '2026-01-15T02:59:59Z' }],
  ])('is refused where something of the task ran: one %s', (_, detail) => {
    expect(stoppedVerdictOn(detail)).toEqual({ kind: 'refuse', reason: 'partlyRan', caller: '', family: 'report' });
  });

  test.each<[string, string, Record<string, unknown>, Partial<Settings>?, number?]>([
    ['whose reason is another', 'notAThrottle', { stoppedReason: 'CannotPullContainerError: not found' }],
    ['without a reason', 'notAThrottle', { stoppedReason: null }],
    ['that started before it stopped', 'notAThrottle', { stopCode: 'EssentialContainerExited' }],
    ['that somebody stopped', 'notAThrottle', { stopCode: 'UserInitiated' }],
    ['of a service', 'launcherRetries', { group: 'service:web' }],
    ['of a deployment', 'launcherRetries', { startedBy: 'ecs-svc/123' }],
    ['of Step Functions', 'launcherRetries', { startedBy: 'AWS Step Functions' }],
    ['of Batch', 'launcherRetries', { clusterArn: `${ARN}:cluster/AWSBatch-jobs-1` }, { clusters: ['*'] }],
    ['of a family that is not listed', 'familyNotListed', { taskDefinitionArn: `${ARN}:task-definition/web:1` }],
    ['on a cluster that is not listed', 'clusterNotListed', { clusterArn: `${ARN}:cluster/web` }],
    ['of the day before', 'stale', {}, {}, EVENT_TIME_MS + 86_400_001],
  ])('is ignored %s: %s', (_, reason, detail, settings, nowMs) => {
    expect(stoppedVerdictOn(detail, settings, nowMs)).toEqual({ kind: 'ignore', reason });
  });

  test.each([
    ['otherAccount', { account: '999999999999' }],
    ['otherRegion', { region: 'eu-west-1' }],
    ['replayed', { 'replay-name': 'yesterday' }],
  ])('is ignored where its event came from elsewhere: %s', (reason, envelope) => {
    expect(decide(decoded(stoppedText({}, envelope)), CONTEXT)).toEqual({ kind: 'ignore', reason });
  });
});
