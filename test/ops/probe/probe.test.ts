import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { readScenario } from '../../../lab/scenario/scenario.ts';
import { accountOf } from '../../support/account.ts';
import { ops } from '../../support/ops.ts';
import { playedRecords } from '../../support/played-records.ts';
import { Synthesized } from '../../support/stacks.ts';

const CRON = 'arn:aws:iam::111122223333:role/cron';
let ids = 0;

function record({
  by = CRON,
  second = 0,
  error,
  token,
  detail = {},
}: {
  by?: string;
  second?: number;
  error?: string;
  token?: string | undefined;
  detail?: object;
}) {
  const request = { cluster: 'batch', taskDefinition: 'report:3', clientToken: token };
  return {
    eventID: `e${ids++}`,
    eventSource: 'ecs.amazonaws.com',
    eventName: 'RunTask',
    eventTime: new Date(Date.UTC(2026, 0, 15, 3, 0, second)).toISOString().replace('.000', ''),
    awsRegion: 'us-east-1',
    recipientAccountId: '111122223333',
    userIdentity: {
      type: 'AssumedRole',
      sessionContext: { sessionIssuer: { type: 'Role', arn: by, principalId: 'AROA1' } },
    },
    ...(error && { errorCode: error, errorMessage: 'Rate exceeded' }),
    requestParameters: token === undefined ? null : request,
    responseElements: error
      ? null
      : { tasks: [{ taskArn: `arn:aws:ecs:us-east-1:111122223333:task/batch/${ids}` }], failures: [] },
    ...detail,
  };
}

async function probed(values: readonly unknown[], ...options: string[]) {
  const files = { 'trail/a.json.gz': gzipSync(JSON.stringify({ Records: values })) };
  const { stdout, exitCode, stderr } = await ops(['probe', '--json', '--records', 'trail', ...options], files);
  return { exitCode, stderr, text: stdout, figures: JSON.parse(stdout) };
}

describe('probe', () => {
  test('counts calls by their tokens: what a later attempt brought through is not lost', async () => {
    const { figures, exitCode } = await probed([
      record({ token: 'a', error: 'ThrottlingException' }),
      record({ token: 'a', error: 'ThrottlingException', second: 1 }),
      record({ token: 'a', second: 2 }),
      record({ token: 'b', error: 'ThrottlingException' }),
      record({ token: 'b', error: 'ThrottlingException', second: 3 }),
    ]);
    expect(figures).toMatchObject({ calls: 2, rejectedAttempts: 4, throttled: 1, wouldRerun: 1, noRoom: 0 });
    expect(figures.byCaller).toMatchObject([
      { caller: CRON, family: 'report', calls: 2, rejectedAttempts: 4, throttled: 1, wouldRerun: 1 },
    ]);
    expect(exitCode).toBe(0);
  });

  test('says null of what bare records cannot tell, and who has to hand over', async () => {
    const { figures } = await probed([
      record({ error: 'ThrottlingException' }),
      record({ error: 'ThrottlingException', second: 1 }),
      record({ token: 'a' }),
      record({ token: 'b' }),
    ]);
    expect(figures).toMatchObject({
      calls: null,
      throttled: null,
      rejectedAttempts: 2,
      wouldRerun: 0,
      refused: { bareRecord: 2 },
      bucket: null,
      quota: null,
    });
    expect(figures.handOver).toEqual([
      {
        caller: CRON,
        rejectedAttempts: 2,
        reason: 'bareRecord',
        usualRequest: { family: 'report', cluster: 'batch', share: 1 },
      },
    ]);
    expect(figures).toMatchObject({ failedStarts: null, downstream: null });
    expect(figures.untested).toMatchObject({
      throttledRunTaskCallsLeaveRecords: { settled: true, answer: 'yes', seen: 2 },
      theirRecordsHoldTheRequest: { settled: true, answer: 'none' },
      aTokenNamesTheSameTasksForTwoPrincipals: { settled: false, answer: null },
    });
  });

  test('its configuration works when pasted, and leaves out what none takes', async () => {
    const { figures } = await probed([
      record({ error: 'ThrottlingException' }),
      record({ token: 'a' }),
      record({ by: 'arn:aws:iam::111122223333:root', token: 'x', error: 'ThrottlingException' }),
      record({ by: `${CRON}2`, token: 'b', error: 'ThrottlingException' }),
    ]);
    const { suggestedConfiguration } = figures;
    expect(suggestedConfiguration).toEqual({
      mode: 'observe',
      cloudTrail: 'existing',
      clusters: ['batch'],
      families: ['report'],
      callers: [{ arn: CRON, handsOver: true }, `${CRON}2`],
    });
    expect(new Synthesized(suggestedConfiguration)).toBeDefined();
  });

  test('finds throttled calls that ECS itself made to other services', async () => {
    const throttle = {
      eventSource: 'ec2.amazonaws.com',
      eventName: 'CreateNetworkInterface',
      errorCode: 'Client.RequestLimitExceeded',
      userIdentity: { invokedBy: 'ecs.amazonaws.com' },
    };
    const others = { ...throttle, userIdentity: { invokedBy: 'cloudformation.amazonaws.com' } };
    const { figures } = await probed([throttle, throttle, others]);
    expect(figures.downstream).toMatchObject([{ call: 'ec2:CreateNetworkInterface', throttled: 2 }]);
    expect(figures).toMatchObject({ calls: 0, rejectedAttempts: 0, throttled: 0 });
  });

  test('survives records of any shape, and counts what it skips', async () => {
    const odd = [
      null,
      1,
      'x',
      [],
      {},
      { eventSource: 1, eventName: 2 },
      { eventSource: 's3.amazonaws.com', eventName: 'GetObject', userIdentity: null, errorCode: {} },
      record({ token: 'a', detail: { userIdentity: null } }),
      record({ token: 'a', detail: { responseElements: 'x' } }),
      record({ token: 'a', detail: { requestParameters: { clientToken: 5, taskDefinition: {} } } }),
      record({ token: 'a', detail: { eventTime: 'yesterday' } }),
      { ...record({ token: 'a' }), eventName: 'DescribeTasks', requestParameters: [] },
    ];
    const { figures, stderr } = await probed([...odd, record({ token: 'ok' })]);
    expect(figures).toMatchObject({ calls: 2, rejectedAttempts: 0 });
    expect(stderr).toMatch(/skipped \d+/);
  });

  test('keeps environment values and commands to itself, also in what it rewinds', async () => {
    const overrides = {
      containerOverrides: [
        { name: 'app', command: ['canary-command'], environment: [{ name: 'K', value: 'canary-value' }] },
      ],
    };
    const storm = Array.from({ length: 60 }, (_, n) => {
      const made = record({
        token: `t${n}`,
        error: 'ThrottlingException',
        second: Math.floor(n / 10),
        by: `${CRON}-secretive`,
      });
      return { ...made, requestParameters: { ...made.requestParameters, overrides } };
    });
    const files = { 'a.json': { Records: storm } };
    const { stdout, stderr } = await ops(['probe', '--records', 'a.json', '--rewind', '/dev/stderr'], files);
    expect(stdout + stderr).not.toContain('canary');
  });

  test('writes a page that needs nothing else, with the figures that it prints', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'page-'));
    const page = join(directory, 'page.html');
    await probed([record({ token: '<a', error: 'ThrottlingException' }), record({ token: 'b' })], '--html', page);
    const shown = readFileSync(page, 'utf8');
    rmSync(directory, { recursive: true });
    expect(shown).toContain('Throttling took 1 calls.');
    expect(shown).toContain('<h2>The worst storm</h2>');
    expect(shown).not.toMatch(/https?:|<script|<link/);
  });

  test('reads the event history page by page', async () => {
    const page = (made: object) => ({ EventId: `${ids++}`, CloudTrailEvent: JSON.stringify(made) });
    const { account, asked } = accountOf({
      LookupEventsCommand: ({ NextToken }: { NextToken?: string }) =>
        NextToken
          ? { Events: [page(record({ token: 'b', error: 'ThrottlingException' }))] }
          : { Events: [page(record({ token: 'a' }))], NextToken: 'more' },
    });
    const { stdout, exitCode } = await ops(['probe', '--json', '--days', '3'], {}, {}, account);
    expect(JSON.parse(stdout)).toMatchObject({ calls: 2, throttled: 1, failedStarts: null });
    expect({ exitCode, asked: asked.length }).toEqual({ exitCode: 0, asked: 2 });
  });
});

/** A storm like that of docs/lab.md, small. */
const STORM = {
  name: 'a small storm',
  seed: 3,
  remediation: { enabled: true, config: { mode: 'rerun', clusters: ['batch'], families: ['report'], callers: [CRON] } },
  account: {
    buckets: { clusterResourceModify: { burst: 20, refillPerSecond: 10 } },
    clusters: ['batch'],
    taskDefinitions: [{ family: 'report' }, { family: 'web' }],
    throttledRecords: 'full',
  },
  callers: [
    {
      name: 'cron',
      principalArn: 'arn:aws:sts::111122223333:assumed-role/cron/s',
      calls: 200,
      overSeconds: 8,
      maxAttempts: 2,
      request: { cluster: 'batch', taskDefinition: 'report' },
    },
    {
      name: 'web',
      principalArn: 'arn:aws:sts::111122223333:assumed-role/web/s',
      callsPerSecond: 3,
      maxAttempts: 1,
      request: { cluster: 'batch', taskDefinition: 'web' },
    },
  ],
};

describe('probe on what the lab leaves', () => {
  test('its figures are those of the scenario, and the storm that it rewinds has as many throttled calls', async () => {
    const { report, files } = await playedRecords(readScenario(JSON.stringify(STORM), 'storm'));
    const directory = mkdtempSync(join(tmpdir(), 'rewound-'));
    const out = join(directory, 'out.json');
    const { stdout } = await ops(['probe', '--json', '--records', 'records', '--rewind', out], files);
    const text = readFileSync(out, 'utf8');
    rmSync(directory, { recursive: true });
    const figures = JSON.parse(stdout);
    expect(figures).toMatchObject({
      calls: report.calls.made + report.others.calls,
      throttled: report.calls.throttled + report.others.throttled,
      failedStarts: 0,
    });
    expect(Math.abs(figures.bucket.refillPerSecond - 10)).toBeLessThanOrEqual(1);
    expect(Math.abs(figures.bucket.burst - 20)).toBeLessThanOrEqual(2);
    expect(figures.slow).toMatchObject({ caller: CRON });
    expect(text).not.toMatch(/cron|report|batch/);
    const replayed = await playedRecords(readScenario(text, out));
    const share = replayed.report.calls.throttled / report.calls.throttled;
    expect(Math.abs(share - 1)).toBeLessThanOrEqual(0.1);
    expect(replayed.report.invariants).toEqual({ lost: 0, duplicated: 0, unreported: 0 });
  });
});
