import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { ops } from '../../support/ops.ts';

const AT = '2026-01-15T03:00:00Z';
const PLACE = { awsRegion: 'us-east-1', recipientAccountId: '111122223333' };
const task = (id: string) => `arn:aws:ecs:us-east-1:111122223333:task/batch/${id}`;
const role = (name: string) => `arn:aws:iam::111122223333:role/${name}`;

interface Recorded {
  readonly id: string;
  readonly by?: string;
  readonly token?: string;
  readonly at?: string;
  readonly error?: string;
  readonly tasks?: readonly string[];
  readonly failures?: readonly string[];
  readonly count?: number;
}

const record = ({ id, by = 'cron', token, at = AT, error, tasks = [], failures = [], count = 1 }: Recorded) => ({
  ...PLACE,
  eventSource: 'ecs.amazonaws.com',
  eventName: 'RunTask',
  eventTime: at,
  eventID: id,
  requestID: `request-${id}`,
  userIdentity: { type: 'AssumedRole', sessionContext: { sessionIssuer: { type: 'Role', arn: role(by) } } },
  ...(error && { errorCode: error, errorMessage: 'Rate exceeded' }),
  requestParameters:
    token === undefined ? null : { cluster: 'batch', taskDefinition: 'report:3', count, clientToken: token },
  responseElements: error
    ? null
    : { tasks: tasks.map((taskArn) => ({ taskArn: task(taskArn) })), failures: failures.map((reason) => ({ reason })) },
});

const ran = (id: string) => ({ taskArn: task(id), lastStatus: 'RUNNING', startedAt: AT, clusterArn: 'batch' });
const failed = (id: string, stoppedReason: string) => ({
  taskArn: task(id),
  lastStatus: 'STOPPED',
  stopCode: 'TaskFailedToStart',
  stoppedReason,
  stoppedAt: AT,
});
const line = (message: string, fields: object, timestamp = AT) => ({
  level: 'INFO',
  message,
  timestamp,
  service: message === 'verdict' ? 'intake' : 'run-task',
  ...fields,
});
const verdict = (kind: string, fields: object) => line('verdict', { kind, caller: role('cron'), ...fields });
const result = (kind: string, fields: object) =>
  line('result', { kind, caller: role('cron'), family: 'report', ...fields });
const LATER = line('sweep', { cluster: '*' }, '2026-01-15T09:00:00Z');
const OWN = verdict('ignore', { reason: 'ownCall', caller: role('ours'), eventId: 'own' });

async function audited(values: readonly object[], ...options: string[]) {
  const jsonl = (rows: readonly object[]) => rows.map((value) => JSON.stringify(value)).join('\n');
  const { stdout, exitCode, stderr } = await ops(['audit', '--json', '--records', 'all.jsonl', ...options], {
    'all.jsonl': jsonl(values),
  });
  return { exitCode, stderr, ...JSON.parse(stdout) };
}

describe('audit', () => {
  const THROTTLED = record({ id: 'r1', token: 't1', error: 'ThrottlingException' });
  const BEGUN = verdict('rerun', { eventId: 'r1', callId: 'c1', execution: 'report-1' });

  test('a throttled call whose re-run ran is one that ran once', async () => {
    const found = await audited([
      THROTTLED,
      record({ id: 'own', by: 'ours', token: 't1', tasks: ['a'] }),
      ran('a'),
      OWN,
      BEGUN,
      result('started', { callId: 'c1', taskArns: [task('a')] }),
      LATER,
    ]);
    expect(found).toMatchObject({
      calls: 1,
      ranOnce: 1,
      ranTwice: 0,
      lost: 0,
      exitCode: 0,
      launchedBy: [role('ours')],
    });
    expect(found.verdicts).toMatchObject([
      {
        verdict: 'ranOnce',
        caller: role('cron'),
        family: 'report',
        cluster: 'batch',
        tasks: 1,
        ran: 1,
        executions: ['report-1'],
      },
    ]);
  });

  test('a call that its caller brought through while a re-run launched it under another token ran twice', async () => {
    const found = await audited([
      THROTTLED,
      record({ id: 'r2', token: 't1', tasks: ['a'] }),
      record({ id: 'own', by: 'ours', token: 'fresh', tasks: ['b'] }),
      ran('a'),
      ran('b'),
      OWN,
      BEGUN,
      result('started', { callId: 'c1', taskArns: [task('b')] }),
      LATER,
    ]);
    expect(found).toMatchObject({ calls: 1, ranTwice: 1, exitCode: 1 });
  });

  test('a launch under the role of the stack that none of its lines speaks of is one too many', async () => {
    const found = await audited([
      THROTTLED,
      record({ id: 'own', by: 'ours', token: 'x', tasks: ['a'] }),
      record({ id: 'own2', by: 'ours', token: 'y', tasks: ['b'] }),
      ran('a'),
      ran('b'),
      OWN,
      BEGUN,
      result('started', { callId: 'c1', taskArns: [task('b')] }),
      LATER,
    ]);
    expect(found).toMatchObject({ ranOnce: 1, ranTwice: 1, exitCode: 1 });
  });

  test('a call that was begun and of which nothing came in its time is lost; while it may still come it is not', async () => {
    expect(await audited([THROTTLED, BEGUN, LATER])).toMatchObject({ calls: 1, lost: 1, exitCode: 1 });
    const soon = await audited([THROTTLED, BEGUN, line('sweep', {}, '2026-01-15T03:30:00Z')]);
    expect(soon).toMatchObject({ lost: 0, notProvable: { underway: 1 }, exitCode: 0 });
  });

  test('a record that no line speaks of is late while it is young, lost later where its caller is served', async () => {
    const other = [
      record({ id: 'r9', token: 't9', error: 'ThrottlingException' }),
      verdict('rerun', { eventId: 'r9', callId: 'c9' }),
      result('started', { callId: 'c9', taskArns: [task('z')] }),
      ran('z'),
    ];
    const young = line('sweep', {}, '2026-01-15T03:10:00Z');
    expect(await audited([THROTTLED, ...other, young])).toMatchObject({ notProvable: { late: 1 }, lost: 0 });
    expect(await audited([THROTTLED, ...other, LATER])).toMatchObject({ lost: 1, exitCode: 1 });
    expect(await audited([THROTTLED, LATER])).toMatchObject({ notProvable: { noVerdict: 1 }, lost: 0 });
  });

  test('what came late and ran is said to have come late', async () => {
    const late = { ...BEGUN, timestamp: '2026-01-15T03:12:00Z' };
    const end = result('started', { callId: 'c1', taskArns: [task('a')] });
    expect(await audited([THROTTLED, late, end, ran('a'), LATER])).toMatchObject({ ranOnce: 1, cameLate: 1, lost: 0 });
  });

  test('refusals and calls that the stack was not asked for keep their reasons', async () => {
    const found = await audited([
      THROTTLED,
      verdict('refuse', { eventId: 'r1', callId: 'c1', reason: 'hiddenEnvironment' }),
      record({ id: 'r2', by: 'web', token: 't2', error: 'ThrottlingException' }),
      verdict('ignore', { eventId: 'r2', callId: 'c2', reason: 'callerNotListed' }),
      record({ id: 'r3', token: 't3', error: 'ThrottlingException' }),
      verdict('rerun', { eventId: 'r3', callId: 'c3' }),
      result('gaveUp', { callId: 'c3', reason: 'deadline', taskArns: [] }),
      LATER,
    ]);
    expect(found).toMatchObject({
      refused: { hiddenEnvironment: 1, deadline: 1 },
      ignored: { callerNotListed: 1 },
      exitCode: 0,
    });
  });

  test('a task that failed to start is one call with all its later generations', async () => {
    const found = await audited([
      record({ id: 'r1', token: 't1', tasks: ['a'] }),
      failed('a', 'Timeout waiting for network interface provisioning to complete.'),
      verdict('rerun', { taskArn: task('a'), callId: 'ca' }),
      record({ id: 'own', by: 'ours', token: 'g1', tasks: ['b'] }),
      OWN,
      result('started', { callId: 'ca', rootCallId: 'c1', generation: 1, taskArns: [task('b')] }),
      failed('b', 'CannotPullContainerError: toomanyrequests: Rate exceeded'),
      verdict('rerun', { taskArn: task('b'), callId: 'cb' }),
      record({ id: 'own2', by: 'ours', token: 'g2', tasks: ['c'] }),
      result('started', { callId: 'cb', rootCallId: 'c1', generation: 2, taskArns: [task('c')] }),
      ran('c'),
      LATER,
    ]);
    expect(found).toMatchObject({ calls: 1, ranOnce: 1, ranTwice: 0, lost: 0, exitCode: 0 });
  });

  test('bare attempts are linked by the message that names them; others are counted as attempts', async () => {
    const found = await audited([
      record({ id: 'r1', error: 'ThrottlingException' }),
      record({ id: 'r2', error: 'ThrottlingException' }),
      line('verdict', {
        kind: 'rerun',
        messageId: 'm1',
        handedOver: 'rejected',
        requestIds: ['request-r1'],
        execution: 'report-1',
        caller: role('cron'),
      }),
      verdict('ignore', { eventId: 'r1', callId: 'x1', reason: 'handedOver' }),
      verdict('ignore', { eventId: 'r2', callId: 'x2', reason: 'handedOver' }),
      record({ id: 'own', by: 'ours', token: 't1', tasks: ['a'] }),
      OWN,
      result('started', { callId: 'c1', execution: 'report-1', taskArns: [task('a')] }),
      ran('a'),
      LATER,
    ]);
    expect(found).toMatchObject({
      calls: 1,
      ranOnce: 1,
      bareAttempts: { count: 1, notProvable: { noMessage: 1 } },
      exitCode: 0,
    });
  });

  test('two callers that the stack took for one call: the one that did not run is lost', async () => {
    const found = await audited([
      THROTTLED,
      record({ id: 'r2', by: 'ops', token: 't1', error: 'ThrottlingException' }),
      BEGUN,
      verdict('duplicate', { eventId: 'r2', callId: 'c1', execution: 'report-1' }),
      result('started', { callId: 'c1', taskArns: [task('a')] }),
      ran('a'),
      LATER,
    ]);
    expect(found).toMatchObject({ lost: 1, exitCode: 1 });
  });

  test('log lines are read as CloudWatch Logs gives them: exported, filtered, queried, compressed', async () => {
    const text = JSON.stringify(BEGUN);
    const end = JSON.stringify(result('started', { callId: 'c1', taskArns: [task('a')] }));
    const { stdout, exitCode } = await ops(
      [
        'audit',
        '--json',
        '--records',
        'trail.json.gz',
        'tasks.json',
        '--logs',
        'export.gz',
        'filtered.json',
        'queried.json',
      ],
      {
        'trail.json.gz': gzipSync(JSON.stringify({ Records: [THROTTLED] })),
        'tasks.json': { tasks: [ran('a')] },
        'export.gz': gzipSync(`2026-01-15T03:00:01.000Z ${text}\n2026-01-15T03:00:01.000Z START RequestId: x\n`),
        'filtered.json': { events: [{ timestamp: 1, message: end }] },
        'queried.json': { results: [[{ field: '@message', value: JSON.stringify(LATER) }]] },
      },
    );
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ calls: 1, ranOnce: 1 });
  });

  test('a record without an answer, a task or a message never makes it fail', async () => {
    const odd = [
      { ...record({ id: 'r1' }), responseElements: 'x', userIdentity: null },
      { taskArn: 1, lastStatus: 2 },
      LATER,
    ];
    expect(await audited(odd)).toMatchObject({ calls: 0, exitCode: 0 });
  });

  test('exits 2 where nothing is named or nothing is there', async () => {
    expect(await ops(['audit'])).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--records') });
    const none = await ops(['audit', '--records', 'a.json'], { 'a.json': { a: 1 } });
    expect(none).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('found no record') });
  });
});
