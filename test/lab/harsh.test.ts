import { expect, test } from 'vitest';
import type { JsonObject } from '../../lab/kernel/json.ts';
import { report } from '../../lab/report/report.ts';
import { OPERATIONS } from '../../lab/scenario/fault-schema.ts';
import { readScenario } from '../../lab/scenario/scenario.ts';
import { HANDLERS } from '../../lambda/core/contract.ts';
import { CRON_REPORTS } from '../support/scenario-config.ts';

const services = Object.keys(OPERATIONS);
const LATE: JsonObject = { kind: 'delayEvents', seconds: [0, 900] };
const DOUBLE: JsonObject = { kind: 'duplicateEvents', probability: 0.6 };
const RATE_LIMITER_OUT: JsonObject = { kind: 'outage', handler: 'rate-limiter', from: 60, seconds: 900 };
const crashes = (at: string): JsonObject[] =>
  HANDLERS.map((handler) => ({ kind: 'handlerCrash', handler, probability: 0.1, at }));
const errors = (error: string): JsonObject[] =>
  services.map((service) => ({ kind: 'serviceError', service, probability: 0.15, error }));

/** Worse days than any that a service level agreement leaves room for. */
const DAYS: readonly (readonly [name: string, faults: readonly JsonObject[]])[] = [
  ['every handler dies in a tenth of its invocations', crashes('work')],
  ['every handler dies at a tenth of its calls', crashes('call')],
  ['every service fails in 15 % of its answers', errors('serverError')],
  ['every service throttles 15 % of the calls', errors('throttling')],
  ['every service leaves 15 % of the calls without an answer', errors('timeout')],
  ['the rate limiter is out for a quarter of an hour', [RATE_LIMITER_OUT]],
  ['events are up to a quarter of an hour late, and most come twice', [LATE, DOUBLE]],
  ['all of it at once', [...crashes('work'), ...errors('serverError'), RATE_LIMITER_OUT, LATE, DOUBLE]],
  [
    'all of it at once, between the side effects',
    [...crashes('call'), ...errors('timeout'), ...errors('throttling'), RATE_LIMITER_OUT, LATE, DOUBLE],
  ],
];

/** Calls for four tasks each, of which a fifth finds no room, beside calls for one. */
const day = (faults: readonly JsonObject[]) =>
  readScenario(
    JSON.stringify({
      name: 'harsh',
      seed: 5,
      remediation: {
        config: {
          ...CRON_REPORTS,
          maxAttempts: 20,
        },
      },
      account: {
        throttledRecords: 'full',
        clusters: ['batch'],
        taskDefinitions: [{ family: 'report' }],
        buckets: { clusterResourceModify: { burst: 5, refillPerSecond: 2 } },
        placementFailures: [{ family: 'report', probability: 0.2, reason: 'RESOURCE:MEMORY' }],
        taskSeconds: [10, 60],
      },
      callers: [1, 4].map((count) => ({
        name: `cron-${count}`,
        principalArn: 'arn:aws:sts::111122223333:assumed-role/cron/session',
        calls: 9,
        overSeconds: 3,
        maxAttempts: 1,
        request: { cluster: 'batch', taskDefinition: 'report:1', count },
      })),
      faults,
    }),
    'harsh.json',
  );

test.each(DAYS)('%s: every task runs, once', async (_, faults) => {
  const { report: figures, violations } = await report(day(faults));
  expect(violations).toEqual([]);
  expect(figures.calls.owed).toBeGreaterThan(10);
  expect(figures.reruns).toMatchObject({ gaveUp: {}, refused: {} });
});
