import { expect, test } from 'vitest';
import { cloudTrailRecord } from '../../lab/aws/cloudtrail/cloudtrail-record.ts';
import { type Row, runQuery } from '../../lab/aws/cloudwatch/logs-insights.ts';
import { play } from '../../lab/run/run.ts';
import { readScenario } from '../../lab/scenario/scenario.ts';
import type { LogLine } from '../../lab/world/sandbox.ts';
import { OWN_QUERIES, TRAIL_QUERIES, textOf } from '../../lib/investigation/log-queries.ts';
import type { Json } from '../support/stacks.ts';

const CRON = 'arn:aws:iam::111122223333:role/cron';
const SCENARIO = {
  name: 'saved queries',
  seed: 3,
  remediation: { config: { mode: 'rerun', clusters: ['batch'], families: ['report'], callers: [CRON] } },
  account: {
    throttledRecords: 'full',
    clusters: ['batch'],
    taskDefinitions: [{ family: 'report', revision: 1 }],
    buckets: { clusterResourceModify: { burst: 2, refillPerSecond: 1 } },
    disguisedShare: 0.4,
  },
  callers: ['plain', 'hidden'].map((name) => ({
    name,
    principalArn: 'arn:aws:sts::111122223333:assumed-role/cron/session',
    calls: 10,
    overSeconds: 3,
    maxAttempts: 1,
    request: {
      cluster: 'batch',
      taskDefinition: 'report:1',
      ...(name === 'hidden' && {
        overrides: { containerOverrides: [{ name: 'app', environment: [{ name: 'A', value: 'b' }] }] },
      }),
    },
  })),
};

test('the saved queries find in a storm of the lab what the lab itself counts', async () => {
  const lines: Json[] = [];
  const requests: Json[] = [];
  const scenario = readScenario(JSON.stringify(SCENARIO), 'test.json');
  const { records, ledger } = await play(scenario, {
    enabled: true,
    observe: () => ({
      // The function's name is what Powertools adds to each line.
      log: ({ handler, message, fields }: LogLine) => void lines.push({ message, service: handler, ...fields }),
      request: (request) => void requests.push(cloudTrailRecord(request, scenario.account)),
    }),
  });
  const ask = (name: string, over: readonly Json[]) => {
    const query = [...OWN_QUERIES, ...TRAIL_QUERIES].find((each) => each.name === name);
    return runQuery(textOf(query ?? { name, lines: [] }), over);
  };
  const sum = (rows: readonly Row[], key: string, of: (row: Row) => boolean = () => true) =>
    rows.filter(of).reduce((total, row) => total + Number(row[key]), 0);

  const results = ask('Results of re-runs', lines);
  expect(sum(results, 'calls', ({ kind }) => kind === 'started')).toBe(records.started.started);
  expect(records.started.started).toBeGreaterThan(3);
  expect(results.every(({ caller, family }) => caller === CRON && family === 'report')).toBe(true);

  const refusals = ask('Refusals by reason', lines);
  expect(refusals.map(({ reason }) => reason)).toContain('hiddenEnvironment');
  // Sweeps refuse again what the intake refused; the query tells the two apart.
  expect(sum(refusals, 'calls', ({ service }) => service !== 'sweep')).toBe(
    Object.values(records.refused).reduce((total, count) => total + count, 0),
  );
  expect(sum(ask('Verdicts', lines), 'calls', ({ kind }) => kind === 'rerun')).toBe(records.started.started);

  const throttled = ledger.calls.filter(({ state }) => state === 'throttled').length;
  const theirs = (row: Row) => `${row['userIdentity.arn']}`.includes('assumed-role/cron');
  expect(sum(ask('Throttles by caller', requests), 'throttles', theirs)).toBe(throttled);
});
