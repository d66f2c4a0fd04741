import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { executionName, synchronousCallId } from '../../../lambda/core/identity.ts';
import { adviceOf } from '../../../lambda/core/notices/notice.ts';
import { explained, ops } from '../../support/ops.ts';
import {
  ACCOUNT,
  acceptedText,
  CRON_ROLE,
  EVENT_TIME_MS,
  eventText,
  fixtureText,
  HOME,
  stoppedText,
  TASK_ARN,
} from '../../support/records.ts';
import type { Json } from '../../support/stacks.ts';

const REPORTED = new URL('../../fixtures/reported/', import.meta.url);
const reported = (file: string) => readFileSync(new URL(file, REPORTED), 'utf8');
const event = (text: string): Json => JSON.parse(text);
const verdictOf = ({ kind, reason }: Json) => (reason === null ? kind : `${kind}:${reason}`);

describe('explain', () => {
  test('says of each reported event what is expected of it', async () => {
    const files = readdirSync(REPORTED).filter((file) => file.endsWith('.json'));
    const contents = Object.fromEntries(files.map((file) => [file, reported(file)]));
    const found = await explained(contents);
    expect(found.map((line) => [line.file, verdictOf(line)])).toEqual(
      files.map((file) => [file, JSON.parse(reported(file)).expect]),
    );
  });

  const texts = reported('texts.jsonl')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  /** A record that tells of a text. */
  function telling({ where, text, code }: Json, index: number): Json {
    const eventID = `00000000-0000-4000-9000-${String(index).padStart(12, '0')}`;
    switch (where) {
      case 'stopped':
        return event(
          stoppedText({ taskArn: `${TASK_ARN.slice(0, -4)}${1000 + index}`, stoppedReason: text, containers: [] }),
        );
      case 'failures':
        return event(acceptedText([], [{ reason: text }], { detail: { eventID } }));
      default:
        return event(eventText({ detail: { eventID, errorCode: code, errorMessage: text } }));
    }
  }

  test('tells the class of every reported text, in one file of records as lines', async () => {
    const lines = texts.map((text, index) => JSON.stringify(telling(text, index))).join('\n');
    const found = await explained({ 'texts.jsonl': lines });
    const shown = (name: string) => (name === 'transient' ? 'throttle' : name);
    expect(found.map((line, index) => [texts[index].text, line.class])).toEqual(
      texts.map((text) => [text.text, shown(text.class)]),
    );
    expect(new Set(found.map((line) => line.class))).toEqual(new Set(['throttle', 'capacity', 'none']));
  });

  test('prints one line for a record, with its figures and the advice that people are notified with', async () => {
    const [rerun] = await explained({ 'a.json': eventText() });
    const callId = synchronousCallId({
      ...HOME,
      principal: event(eventText()).detail.userIdentity.sessionContext.sessionIssuer.principalId ?? CRON_ROLE,
      cluster: 'batch',
      clientToken: event(eventText()).detail.requestParameters.clientToken,
    });
    expect(rerun).toEqual({
      file: 'a.json',
      time: '2026-01-15T03:00:00.000Z',
      kind: 'rerun',
      reason: null,
      class: 'throttle',
      name: executionName('report', callId, EVENT_TIME_MS),
      caller: CRON_ROLE,
      family: 'report',
      cluster: 'batch',
      advice: expect.any(String),
    });
    const [bare] = await explained({ 'a.json': eventText({ detail: { requestParameters: null } }) });
    expect(bare).toMatchObject({
      kind: 'refuse',
      reason: 'bareRecord',
      name: null,
      caller: CRON_ROLE,
      family: null,
      cluster: null,
      advice: `${adviceOf('bareRecord')} "callers": [{ "arn": "${CRON_ROLE}", "handsOver": true }]`,
    });
    const [failed] = await explained({ 'a.json': stoppedText() });
    expect(failed).toMatchObject({ kind: 'rerun', caller: null, family: 'report', cluster: 'batch' });
  });

  test('never prints environment values or commands', async () => {
    const overrides = {
      containerOverrides: [
        { name: 'app', command: ['canary-command'], environment: [{ name: 'KEY', value: 'canary-value' }] },
      ],
    };
    const files = {
      'call.json': eventText({ request: { overrides } }),
      'task.json': stoppedText({ overrides }),
      'broken.json': eventText({ request: { overrides }, detail: { eventTime: 'canary-time' } }),
      'none.jsonl': '{"canary-name": "canary-value"\ncanary-line\n',
    };
    for (const options of [['--json'], []]) {
      const { stdout, stderr } = await ops(['explain', ...options, '.'], files);
      expect(stdout).toContain('malformed');
      expect(stdout + stderr).not.toContain('canary');
    }
  });
});

const RECORD: Json = event(eventText()).detail;
const TASK: Json = event(stoppedText()).detail;
const SOURCES: readonly (readonly [string, unknown])[] = [
  ['an event of EventBridge', eventText()],
  ['a record alone', RECORD],
  ['a trail’s file', { Records: [RECORD] }],
  ['a trail’s compressed file', gzipSync(JSON.stringify({ Records: [RECORD] }))],
  [
    'what LookupEvents answers',
    { Events: [{ EventId: 'x', CloudTrailEvent: JSON.stringify(RECORD) }], NextToken: 'x' },
  ],
  ['an event of LookupEvents', { CloudTrailEvent: JSON.stringify(RECORD) }],
  ['the texts of records', [JSON.stringify(RECORD)]],
  ['a list', [[event(eventText())]]],
  ['lines', `${eventText()}\n${JSON.stringify({ Records: [] })}\n`],
  ['text of PowerShell', Buffer.from(`\uFEFF${eventText()}`, 'utf16le')],
  ['text with a byte order mark', `\uFEFF${eventText()}`],
];
const TASKS: readonly (readonly [string, unknown])[] = [
  ['an event of ECS', stoppedText()],
  ['what DescribeTasks answers', { tasks: [TASK], failures: [] }],
  ['a task', TASK],
  [
    'a task with the times of the older AWS CLI',
    {
      tasks: [{ ...TASK, stoppedAt: Date.parse(TASK.stoppedAt) / 1000, createdAt: Date.parse(TASK.createdAt) / 1000 }],
    },
  ],
  ['a task with the times of Python', { tasks: [{ ...TASK, stoppedAt: TASK.stoppedAt.replace('T', ' ') }] }],
];

describe('the input of explain', () => {
  test.each(SOURCES)('may be %s', async (_, content) => {
    const found = await explained({ input: content });
    expect(found).toMatchObject([{ kind: 'rerun', class: 'throttle', caller: CRON_ROLE, family: 'report' }]);
  });

  test.each(TASKS)('may be %s', async (_, content) => {
    const found = await explained({ input: content });
    expect(found).toMatchObject([
      {
        kind: 'rerun',
        class: 'throttle',
        family: 'report',
        cluster: 'batch',
        time: new Date(TASK.stoppedAt).toISOString(),
      },
    ]);
  });

  test('may be mixed and in folders; what is there twice counts once', async () => {
    const all = [...SOURCES, ...TASKS].map(([, content], index) => [`in/${index % 3}/${index}`, content]);
    const { stdout, stderr, exitCode } = await ops(['explain', '--json', 'in'], Object.fromEntries(all));
    expect(stdout.trim().split('\n')).toHaveLength(2);
    expect(stderr).toBe(`records 2, files ${all.length}, duplicates ${all.length - 2}, skipped 0\n`);
    expect(exitCode).toBe(0);
  });

  test('may have any order: a task that ran before it stopped is another record than its stop', async () => {
    const running = stoppedText({ lastStatus: 'RUNNING', stopCode: undefined, stoppedReason: undefined });
    const lines = [running, stoppedText(), eventText()];
    const kinds = async (text: string) => (await explained({ 'a.jsonl': text })).map(({ kind }) => kind).toSorted();
    expect(await kinds(lines.join('\n'))).toEqual(['ignore', 'rerun', 'rerun']);
    expect(await kinds(lines.toReversed().join('\n'))).toEqual(['ignore', 'rerun', 'rerun']);
  });

  test('is passed over where it is none of these: named, counted, and never in the way of the rest', async () => {
    const { stdout, stderr, exitCode } = await ops(['explain', '--json', '.'], {
      'a.json': { Records: [RECORD, { ...RECORD, eventSource: 's3.amazonaws.com' }, {}] },
      'b.txt': 'hello\nworld\n',
      'c.json.gz': gzipSync(eventText()).subarray(0, 30),
      'd.jsonl': `{"a":\n${stoppedText()}\n`,
      'e.json': { ...event(eventText()), source: 'aws.s3', detail: {} },
      'f.json': `{\n"a":\n${stoppedText({ taskArn: `${TASK_ARN}1` })}\n`,
    });
    expect(stdout.trim().split('\n')).toHaveLength(3);
    expect(stderr.trim().split('\n')).toEqual([
      'a.json: skipped 1 of s3.amazonaws.com, 1 of no known kind (first at line 1)',
      'b.txt: skipped 2 of no known kind (first at line 1)',
      expect.stringMatching(/^c\.json\.gz: skipped .*1 rest of the file: unexpected end of file$/),
      'd.jsonl: skipped 1 of no known kind (first at line 1)',
      'e.json: skipped 1 of aws.s3',
      'f.json: skipped 1 of no known kind (first at line 1)',
      expect.stringMatching(/^records 3, files 6, duplicates 0, skipped \d+$/),
    ]);
    expect(exitCode).toBe(0);
  });

  test('of other services alone is no mistake; nothing but what is unknown is one', async () => {
    const foreign = await ops(['explain', 'a.json'], { 'a.json': { Records: [{ ...RECORD, eventSource: 'x' }] } });
    expect(foreign.exitCode).toBe(0);
    const unknown = await ops(['explain', 'a.json'], { 'a.json': {} });
    expect(unknown).toMatchObject({ exitCode: 2, stdout: '', stderr: expect.stringContaining('found no record') });
  });
});

describe('a record that is judged', () => {
  test('counts as just come, however old it is', async () => {
    const old = eventText({ detail: { eventTime: '2021-01-15T03:00:00Z' } });
    expect(await explained({ 'a.json': old })).toMatchObject([{ kind: 'rerun', time: '2021-01-15T03:00:00.000Z' }]);
  });

  test('is of its own account and Region', async () => {
    const elsewhere = JSON.parse(eventText().replaceAll(ACCOUNT, '444455556666').replaceAll('us-east-1', 'eu-west-1'));
    expect(await explained({ 'a.json': elsewhere })).toMatchObject([{ kind: 'rerun', cluster: 'batch' }]);
    expect(await explained({ 'a.json': eventText({ envelope: { account: '444455556666' } }) })).toMatchObject([
      { kind: 'ignore', reason: 'otherAccount' },
    ]);
  });

  test.each([
    ['another call of ECS', eventText({ detail: { eventName: 'DescribeTasks' } }), 'throttle'],
    ['another call of RunTask’s bucket', eventText({ detail: { eventName: 'StopTask' } }), 'throttle'],
    ['an accepted one', eventText({ detail: { eventName: 'StopTask', errorCode: undefined } }), 'none'],
    [
      'a service that is throttled',
      JSON.stringify({
        'detail-type': 'ECS Service Action',
        source: 'aws.ecs',
        time: '2026-01-15T03:00:00Z',
        detail: { eventName: 'ECS_OPERATION_THROTTLED' },
      }),
      'throttle',
    ],
    [
      'a service that is steady',
      JSON.stringify({
        'detail-type': 'ECS Service Action',
        source: 'aws.ecs',
        detail: { eventName: 'SERVICE_STEADY_STATE' },
      }),
      'none',
    ],
  ])('is ignored where it tells of %s', async (_, text, lost) => {
    expect(await explained({ 'a.json': text })).toMatchObject([{ kind: 'ignore', reason: 'notRunTask', class: lost }]);
  });

  test('makes the exit code 1 where it is refused', async () => {
    const files = { 'a.json': fixtureText('refuse-hiddenEnvironment'), 'b.json': eventText() };
    expect((await ops(['explain', 'a.json', 'b.json'], files)).exitCode).toBe(1);
    expect((await ops(['explain', 'b.json'], files)).exitCode).toBe(0);
  });
});

describe('--config', () => {
  const CONFIG = { mode: 'rerun', clusters: ['batch'], families: ['report'], callers: [CRON_ROLE] };
  const judged = async (config: unknown, text = eventText()) => {
    const files = { 'config.json': config, 'a.json': text };
    const { stdout } = await ops(['explain', '--json', '--config', 'config.json', 'a.json'], files);
    return verdictOf(JSON.parse(stdout));
  };

  test.each<[string, object, string]>([
    ['what is listed', CONFIG, 'rerun'],
    ['a caller that is not', { ...CONFIG, callers: [] }, 'ignore:callerNotListed'],
    ['a family that is not', { ...CONFIG, families: ['other'] }, 'ignore:familyNotListed'],
    ['a cluster that is not', { ...CONFIG, clusters: ['other'] }, 'ignore:clusterNotListed'],
    ['a stack that observes', { ...CONFIG, mode: 'observe' }, 'ignore:observeMode'],
    [
      'the stack of its own Region',
      {
        ...CONFIG,
        environments: [
          { account: ACCOUNT, region: 'eu-west-1', families: [] },
          { account: ACCOUNT, region: 'us-east-1' },
        ],
      },
      'rerun',
    ],
    [
      'a Region without a stack',
      { ...CONFIG, environments: [{ account: ACCOUNT, region: 'eu-west-1' }] },
      'ignore:otherRegion',
    ],
  ])('judges by %s', async (_, config, expected) => {
    expect(await judged({ cloudTrail: 'create', ...config })).toBe(expected);
    expect(await judged(config)).toBe(expected);
  });

  test.each<[string, unknown, string]>([
    ['a value', { mode: 'nope' }, 'ecsThrottleRemediation.mode: found "nope", expected one of "observe"|"rerun"'],
    ['a key', { cluster: [] }, 'ecsThrottleRemediation.cluster: found an unknown key'],
    ['no JSON', 'mode: rerun', 'config.json: found no JSON, expected the object under ecsThrottleRemediation'],
    ['a whole cdk.json', { app: 'x', context: {} }, 'config.json: found a whole cdk.json'],
    ['nothing', undefined, 'config.json: found no readable file'],
  ])('is refused with what was found and expected: %s', async (_, config, message) => {
    const files = { ...(config !== undefined && { 'config.json': config }), 'a.json': eventText() };
    const result = await ops(['explain', '--config', 'config.json', 'a.json'], files);
    expect(result).toMatchObject({ exitCode: 2, stdout: '' });
    expect(result.stderr).toContain(message);
  });
});

describe('the table of explain', () => {
  const files = {
    'a.json': eventText({ request: { taskDefinition: `${'x'.repeat(300)}:1` } }),
    'b.json': fixtureText('refuse-hiddenEnvironment'),
  };

  test.each([80, 100, 160])('fits a terminal of %i columns', async (columns) => {
    const { stdout } = await ops(['explain', 'a.json', 'b.json'], files, { columns });
    expect(Math.max(...stdout.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(columns);
    expect(stdout).toContain('hiddenEnvironment');
  });

  test('says in the end what each verdict means', async () => {
    const { stdout } = await ops(['explain', 'b.json'], files, { columns: 1000 });
    expect(stdout).toContain(`1 refuse hiddenEnvironment\n  ${adviceOf('hiddenEnvironment')}\n`);
  });

  test('has colours on a terminal alone', async () => {
    expect((await ops(['explain', 'b.json'], files)).stdout).not.toContain('\u001b');
    expect((await ops(['explain', 'b.json'], files, { hasColour: true })).stdout).toContain('\u001b[31mrefuse');
  });

  test('lets no name of a record steer the terminal', async () => {
    const hostile = eventText({ request: { cluster: 'a\u001b[2Jb\nc' } });
    const { stdout } = await ops(['explain', 'a.json'], { 'a.json': hostile });
    expect(stdout).toContain('clusterNotListed');
    expect(stdout).not.toContain('\u001b');
  });
});
