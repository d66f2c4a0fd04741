import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../lab/kernel/json.ts';
import { type Report, report } from '../../lab/report/report.ts';
import { play } from '../../lab/run/run.ts';
import { readScenario, type Scenario } from '../../lab/scenario/scenario.ts';
import { CRON_REPORTS } from '../support/scenario-config.ts';

const CRON = 'arn:aws:sts::111122223333:assumed-role/cron/session';
const REQUEST = {
  cluster: 'batch',
  taskDefinition: 'report:3',
  launchType: 'FARGATE',
  networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-0aaa'] } },
};

interface Parts {
  readonly config?: JsonObject;
  readonly buckets?: JsonObject;
  readonly disguisedShare?: number;
  readonly cron?: JsonObject;
  readonly callers?: JsonObject[];
  readonly events?: JsonObject[];
  readonly faults?: JsonObject[];
}

/** The text of a scenario in which `cron` makes ten calls at once and the account admits one now and one each second. */
function scenarioText({ config, buckets, disguisedShare, cron, callers, ...rest }: Parts): string {
  return JSON.stringify({
    name: 'test',
    seed: 4,
    remediation: {
      config: {
        ...CRON_REPORTS,
        ...config,
      },
    },
    account: {
      throttledRecords: 'full',
      clusters: ['batch'],
      taskDefinitions: [{ family: 'report', revision: 3 }],
      buckets: { clusterResourceModify: { burst: 1, refillPerSecond: 1 }, ...buckets },
      taskSeconds: [5, 20],
      ...(disguisedShare !== undefined && { disguisedShare }),
    },
    callers: callers ?? [{ name: 'cron', principalArn: CRON, calls: 10, maxAttempts: 1, request: REQUEST, ...cron }],
    ...rest,
  });
}

const scenario = (parts: Parts): Scenario => readScenario(scenarioText(parts), 'test.json');

test('the same scenario and seed give the same report, byte for byte, but for the wall clock', async () => {
  const once = () =>
    report(
      scenario({
        callers: [
          { name: 'cron', principalArn: CRON, calls: 15, overSeconds: 2, maxAttempts: 2, request: REQUEST },
          {
            name: 'web',
            principalArn: CRON,
            callsPerSecond: 0.2,
            arrival: 'poisson',
            maxAttempts: 1,
            request: REQUEST,
          },
        ],
        faults: [
          { kind: 'duplicateEvents', probability: 0.3 },
          { kind: 'delayEvents', seconds: [0, 30] },
          { kind: 'handlerCrash', handler: 'run-task', probability: 0.1 },
          { kind: 'serviceError', service: 'states', probability: 0.1 },
          { kind: 'serviceError', service: 'dynamodb', probability: 0.1 },
        ],
      }),
    );
  const texts = [await once(), await once()].map((result) => JSON.stringify({ ...result.report, wallSeconds: 0 }));
  expect(texts[0]).toBe(texts[1]);
});

test.each([
  [true, 'goes on through the drain'],
  [false, 'ends with the last finite caller'],
])('live traffic whose untilDrained is %s %s', async (untilDrained) => {
  const finite = { name: 'cron', principalArn: CRON, calls: 10, overSeconds: 2, maxAttempts: 1, request: REQUEST };
  const web = { name: 'web', principalArn: CRON, callsPerSecond: 0.5, maxAttempts: 1, request: REQUEST, untilDrained };
  const { ledger } = await play(scenario({ callers: [finite, web] }), { enabled: true });
  const last = Math.max(...ledger.calls.filter(({ finite }) => !finite).map(({ madeAt }) => madeAt));
  expect(last > (ledger.finiteDoneAt as number)).toBe(untilDrained);
});

describe('one launch for each call', () => {
  /** Plays; returns each call with the number of its tasks that the fake ECS saw running. */
  async function launches(parts: Parts) {
    const { oracle, records } = await play(scenario(parts), { enabled: true });
    const fates = [...oracle.fates.finite()];
    return {
      calls: fates.map(({ call }) => call),
      tasks: fates.map(({ running }) => running),
      beyond: oracle.fates.duplicated(),
      executions: [...records.reruns].length,
      results: records.started,
    };
  }

  test('however often a record is delivered', async () => {
    const { calls, tasks, beyond, executions } = await launches({
      faults: [{ kind: 'duplicateEvents', probability: 1 }],
    });
    expect(calls.filter(({ state }) => state === 'throttled')).toHaveLength(executions);
    expect(tasks).toEqual(calls.map(() => 1));
    expect(beyond).toBe(0);
  });

  test('from the three records of one SDK call', async () => {
    const { calls, tasks, beyond, executions } = await launches({
      buckets: { clusterResourceModify: { burst: 1, refillPerSecond: 0.25 } },
      cron: { calls: 3, maxAttempts: 3 },
      // Callers do not retry a throttle that comes as a bad parameter.
      disguisedShare: 0,
    });
    expect(calls.map(({ attempts }) => attempts.length)).toEqual([1, 3, 3]);
    expect(executions).toBe(2);
    expect(tasks).toEqual([1, 1, 1]);
    expect(beyond).toBe(0);
  });

  test('where the caller gets through by itself, early or late', async () => {
    const { calls, tasks, beyond, results } = await launches({
      config: { graceSeconds: 1 },
      cron: { maxAttempts: 6 },
    });
    expect(calls.some(({ state, attempts }) => state === 'accepted' && attempts.length > 1)).toBe(true);
    expect(results.alreadyStarted).toBeGreaterThan(0);
    expect(tasks).toEqual(calls.map(() => 1));
    expect(beyond).toBe(0);
  });
});

test('a poison event ends in a verdict or in the dead-letter queue, and harms no other event', async () => {
  const record = (detail: JsonObject, envelope: JsonObject = {}): JsonObject => ({
    version: '0',
    id: 'poison',
    account: '111122223333',
    region: 'us-east-1',
    source: 'aws.ecs',
    'detail-type': 'AWS API Call via CloudTrail',
    detail: {
      eventID: 'poison',
      eventTime: '2026-01-15T03:00:01Z',
      eventSource: 'ecs.amazonaws.com',
      eventName: 'RunTask',
      awsRegion: 'us-east-1',
      recipientAccountId: '111122223333',
      errorCode: 'ThrottlingException',
      errorMessage: 'Rate exceeded',
      userIdentity: { type: 'AssumedRole', arn: CRON },
      requestParameters: { ...REQUEST, clientToken: 'poison' },
      ...detail,
    },
    ...envelope,
  });
  const changed = (parameters: JsonObject) =>
    record({ requestParameters: { ...REQUEST, clientToken: 't', ...parameters } });
  const poison: readonly (readonly [expected: string, event: JsonObject])[] = [
    ['malformed', record({ eventTime: 5, userIdentity: 'cron' })],
    ['malformed', record({ errorCode: 400 })],
    ['bareRecord', record({ eventID: 'a', requestParameters: null })],
    [
      'unknownParameter',
      record({ eventID: 'b', requestParameters: { ...REQUEST, clientToken: 't', brandNew: { a: 1 } } }),
    ],
    ['otherAccount', record({ recipientAccountId: '444455556666' })],
    ['otherAccount', record({ recipientAccountId: undefined as never }, { account: '444455556666' })],
    ['replayed', record({}, { 'replay-name': 'yesterday' })],
    ['invalidParameter', changed({ count: 'ten' })],
    [
      'rejectedByEcs',
      changed({
        clientToken: 'big',
        overrides: { containerOverrides: [{ name: 'app', command: ['x'.repeat(200_000)] }] },
      }),
    ],
  ];
  const { report: figures, run } = await report(
    scenario({
      // AWS's own keys: this is about events, not about who may use the stack's key.
      config: { encryption: 'awsOwned' },
      buckets: { clusterResourceModify: { burst: 3, refillPerSecond: 40 } },
      events: poison.map(([, event], i) => ({ at: 2 + i / 100, event })),
    }),
  );
  const { ownCall: _, ...ignored } = figures.reruns.ignored;
  const found = Object.entries({ ...ignored, ...figures.reruns.refused });
  const reasons = found.flatMap(([reason, times]) => Array<string>(times).fill(reason));
  expect(reasons.toSorted()).toEqual(poison.map(([reason]) => reason).toSorted());
  // What cannot be decoded is left where a person can look at it.
  expect(run.records.unanswered.size).toBe(0);
  expect(figures.dlqMessages).toBe(2);
  expect(figures.invariants).toEqual({ lost: 0, duplicated: 0, unreported: 0 });
  expect(figures.calls.owed).toBeGreaterThan(0);
  expect(figures.reruns.started).toBe(figures.calls.owed);
});

test('a StartExecution quota far below the storm slows the re-runs and loses none', async () => {
  const { report: figures, violations } = await report(
    scenario({
      buckets: {
        clusterResourceModify: { burst: 1, refillPerSecond: 40 },
        startExecution: { burst: 5, refillPerSecond: 2 },
      },
      cron: { calls: 100 },
    }),
  );
  expect(violations).toEqual([]);
  expect(figures.calls.owed).toBe(99);
  expect(figures.reruns.started).toBe(99);
  expect(figures.dlqMessages).toBe(0);
  // 99 starts at two a second, but for the burst.
  expect(figures.drain.seconds).toBeGreaterThan(45);
});

describe('npm run lab', () => {
  const directory = mkdtempSync(join(tmpdir(), 'lab-test-'));
  afterAll(() => rmSync(directory, { recursive: true }));
  const LAB = fileURLToPath(new URL('../../lab/lab.ts', import.meta.url));
  const COMPILE_CACHE = new URL('../../scripts/compile-cache.mjs', import.meta.url).href;

  /** Runs the command as npm would for somebody whose shell is in `directory`. */
  function lab(text: string, ...options: string[]) {
    return plain(text, '--json', ...options);
  }

  function plain(text: string, ...options: string[]) {
    writeFileSync(join(directory, 'mine.json'), text);
    const env = { ...process.env, INIT_CWD: directory };
    return spawnSync(process.execPath, ['--import', COMPILE_CACHE, LAB, 'mine.json', ...options], {
      env,
      encoding: 'utf8',
    });
  }

  test('prints the summary of npm start where nobody asks for JSON', () => {
    const { status, stdout } = plain(scenarioText({ cron: { calls: 2 } }));
    expect(status).toBe(0);
    expect(stdout).toContain('✔ 1 call brought back: none lost, none run twice.');
    expect(stdout).toMatch(/time to bring all back .* virtual/);
  });

  describe('asked for all that it has', () => {
    let ran: ReturnType<typeof lab>;
    let figures: Report;
    beforeAll(() => {
      ran = lab(scenarioText({}), '--html', 'pages/run.html', '--records', 'mine');
      figures = JSON.parse(ran.stdout);
    });

    test('prints one report on stdout, the same in every process, and exits 0 when the invariants held', async () => {
      expect(ran.status).toBe(0);
      const { report: own } = await report(scenario({}));
      expect(ran.stdout).toBe(`${JSON.stringify({ ...own, wallSeconds: figures.wallSeconds })}\n`);
    });

    test('writes the page of the run beside the report', () => {
      expect(figures.calls.made).toBe(10);
      expect(readFileSync(join(directory, 'pages/run.html'), 'utf8')).toContain('Throttling took 9 of 10 calls');
    });

    test('writes what the account would have of the run: records of a trail, task events, log lines', () => {
      const files = readdirSync(join(directory, 'mine'), { recursive: true }).map(String);
      const trail = files.filter((file) => file.endsWith('.json.gz'));
      for (const file of trail)
        expect(file).toMatch(
          /^AWSLogs\/111122223333\/CloudTrail\/us-east-1\/2026\/01\/15\/111122223333_CloudTrail_us-east-1_20260115T03\d\dZ_[0-9a-f]{16}\.json\.gz$/,
        );
      const read = (file: string) => readFileSync(join(directory, 'mine', file));
      const records = trail.flatMap((file) => JSON.parse(gunzipSync(read(file)).toString()).Records as JsonObject[]);
      const runTask = records.filter(({ eventName }) => eventName === 'RunTask');
      expect(runTask).toHaveLength(figures.calls.made + figures.ecs.runTaskCalls);
      expect(runTask.filter(({ errorCode }) => errorCode !== undefined).length).toBeGreaterThanOrEqual(9);

      const lines = (file: string) =>
        read(file)
          .toString()
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as JsonObject);
      const stopped = lines('task-events.jsonl').filter(
        ({ detail }) => (detail as JsonObject).lastStatus === 'STOPPED',
      );
      expect(stopped).toHaveLength(10);
      const results = lines('function-logs.jsonl').filter(({ message }) => message === 'result');
      expect(results).toHaveLength(figures.reruns.started);
      expect(results[0]).toMatchObject({
        level: 'INFO',
        service: 'run-task',
        timestamp: expect.stringMatching(/^2026-/),
      });
    });
  });

  test.each([
    [
      'a malformed scenario, with path, found and expected',
      scenarioText({ cron: { calls: 'many' } }),
      /^mine\.json: callers\[0\]\.calls: found "many", expected number/m,
    ],
    [
      'an unknown key of the configuration',
      scenarioText({ config: { maxTaskPerHour: 3 } }),
      /maxTaskPerHour: found .*expected/,
    ],
  ])('exits 2 for %s', (_, text, message) => {
    const { status, stdout, stderr } = lab(text);
    expect(stderr).toMatch(message);
    expect(stdout).toBe('');
    expect(status).toBe(2);
  });
});
