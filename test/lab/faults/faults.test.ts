import { describe, expect, test } from 'vitest';
import { makeRequestMiddleware, type RequestMiddleware } from '../../../lab/aws/sdk/request-middleware.ts';
import { Faults } from '../../../lab/faults/faults.ts';
import { LAB_EPOCH_MS, VirtualClock } from '../../../lab/kernel/clock.ts';
import type { JsonObject } from '../../../lab/kernel/json.ts';
import { randomStream } from '../../../lab/kernel/random.ts';
import { Usage } from '../../../lab/report/cost.ts';
import { type Fault, faultSchema } from '../../../lab/scenario/fault-schema.ts';

const TIMEOUT_MS = 15_000;

/** Faults on a clock, and the passage of calls that they disturb. */
function openFaults(...faults: JsonObject[]) {
  const clock = new VirtualClock();
  const read: Fault[] = faults.map((fault) => faultSchema.parse(fault));
  const drawn = new Faults(read, 1, clock);
  const options = { clock, random: randomStream(1, 'latency'), usage: new Usage(), timeoutMs: TIMEOUT_MS };
  const passage: RequestMiddleware = makeRequestMiddleware({ ...options, faults: drawn });
  return {
    clock,
    faults: drawn,
    /** Calls `times` times, one after the other; returns what each came to and how often the effect happened. */
    call: async (service: string, operation: string, times = 1) => {
      const outcomes: { readonly answer: string; readonly effects: number; readonly seconds: number }[] = [];
      let effects = 0;
      const all = (async () => {
        for (let i = 0; i < times; i++) {
          const [before, effectsBefore] = [clock.now(), effects];
          const answer = await passage(service, operation, () => String(++effects), {}).then(
            () => 'answered',
            (error: Error) => error.name,
          );
          outcomes.push({ answer, effects: effects - effectsBefore, seconds: (clock.now() - before) / 1000 });
        }
      })();
      await clock.run();
      await all;
      return outcomes;
    },
  };
}

describe('an error of a service', () => {
  test('is a 500 on either side of the effect where nothing else is asked for', async () => {
    const { call } = openFaults({ kind: 'serviceError', service: 'ecs', probability: 1 });
    const outcomes = await call('ecs', 'RunTask', 20);
    expect(new Set(outcomes.map(({ answer }) => answer))).toEqual(new Set(['ServerException']));
    expect(new Set(outcomes.map(({ effects }) => effects))).toEqual(new Set([0, 1]));
  });

  test.each([
    ['dynamodb', 'PutItem', 'ThrottlingException', 400],
    ['states', 'StartExecution', 'ThrottlingException', 400],
    ['sqs', 'SendMessage', 'RequestThrottled', 403],
    ['ecs', 'RunTask', 'ThrottlingException', 400],
    ['sns', 'Publish', 'ThrottledException', 429],
    ['cloudtrail', 'LookupEvents', 'ThrottlingException', 429],
  ])('as a throttle is what %s calls it, and comes before the effect', async (service, operation, name, status) => {
    const { call, faults } = openFaults({ kind: 'serviceError', service, probability: 1, error: 'throttling' });
    const outcomes = await call(service, operation, 8);
    expect(outcomes.map(({ answer, effects }) => [answer, effects])).toEqual(Array(8).fill([name, 0]));
    expect(faults.call(service, operation)?.error).toMatchObject({ status });
  });

  test('as a timeout lets the client wait for as long as it does, whether or not the effect was', async () => {
    const { call } = openFaults({ kind: 'serviceError', service: 'ecs', probability: 1, error: 'timeout' });
    const outcomes = await call('ecs', 'RunTask', 20);
    expect(new Set(outcomes.map(({ answer }) => answer))).toEqual(new Set(['TimeoutError']));
    expect(new Set(outcomes.map(({ effects }) => effects))).toEqual(new Set([0, 1]));
    for (const { seconds } of outcomes) expect(seconds).toBeGreaterThan(TIMEOUT_MS / 1000);
  });

  test('of one operation leaves the others of its service alone', async () => {
    const { call } = openFaults({ kind: 'serviceError', service: 'ecs', operation: 'RunTask', probability: 1 });
    expect(await call('ecs', 'DescribeTasks')).toMatchObject([{ answer: 'answered' }]);
    expect(await call('ecs', 'RunTask')).toMatchObject([{ answer: 'ServerException' }]);
  });
});

test('a service that is out fails every call before its effect, for as long as it is out', async () => {
  const { call, clock, faults } = openFaults({ kind: 'serviceOutage', service: 'states', from: 10, seconds: 5 });
  expect(await call('states', 'StartExecution')).toMatchObject([{ answer: 'answered', effects: 1 }]);
  clock.at(LAB_EPOCH_MS + 10_000, () => {});
  await clock.run();
  expect(await call('states', 'StartExecution', 20)).toEqual(
    Array(20).fill(expect.objectContaining({ answer: 'ServiceUnavailable', effects: 0 })),
  );
  expect(await call('dynamodb', 'PutItem')).toMatchObject([{ answer: 'answered' }]);
  clock.at(LAB_EPOCH_MS + 15_000, () => {});
  await clock.run();
  expect(faults.call('states', 'StartExecution')).toBeUndefined();
});

test('a handler crashes in its work or at its calls, as the scenario has it', () => {
  const { faults } = openFaults(
    { kind: 'handlerCrash', handler: 'intake', probability: 1 },
    { kind: 'handlerCrash', handler: 'sweep', probability: 1, at: 'call' },
  );
  expect(faults.crash('intake', 'work')).toBeDefined();
  expect(faults.crash('intake', 'call')).toBeUndefined();
  expect(faults.crash('sweep', 'work')).toBeUndefined();
  expect(faults.crash('sweep', 'call')).toBeDefined();
});

test('clocks are off by what the scenario says, each its own', () => {
  const { faults } = openFaults(
    { kind: 'clockSkew', handler: 'rate-limiter', seconds: -30 },
    { kind: 'clockSkew', service: 'cloudtrail', seconds: 2.5 },
  );
  expect(['rate-limiter', 'cloudtrail', 'intake'].map((whose) => faults.skewMs(whose))).toEqual([-30_000, 2500, 0]);
});
