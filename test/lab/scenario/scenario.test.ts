import { describe, expect, test } from 'vitest';
import type { Json, JsonObject } from '../../../lab/kernel/json.ts';
import { BadScenarioError, readScenario, scenarioJsonSchema } from '../../../lab/scenario/scenario.ts';

const CALLER: JsonObject = {
  name: 'cron',
  principalArn: 'arn:aws:sts::111122223333:assumed-role/cron/session',
  calls: 2,
  request: { cluster: 'batch', taskDefinition: 'report:3' },
};
const SCENARIO: JsonObject = {
  name: 'one lost call',
  seed: 7,
  account: { clusters: ['batch'], taskDefinitions: [{ family: 'report', revision: 3 }] },
  callers: [CALLER],
};

/** The scenario with the value at `path` replaced. */
function withValue(path: string, value: Json): string {
  const replaced = (at: Json, [key, ...rest]: string[]): Json => {
    if (key === undefined) return value;
    if (Array.isArray(at)) return at.map((entry, index) => (index === Number(key) ? replaced(entry, rest) : entry));
    const object = (at ?? {}) as JsonObject;
    return { ...object, [key]: replaced(object[key] ?? null, rest) };
  };
  return JSON.stringify(replaced(SCENARIO, path.split('.')));
}

describe('a scenario', () => {
  test('says little, and gets the defaults', () => {
    const { account, callers, remediation, events, faults } = readScenario(JSON.stringify(SCENARIO), 'x.json');
    expect(account).toEqual({
      id: '111122223333',
      region: 'us-east-1',
      buckets: {
        clusterResourceModify: { burst: 100, refillPerSecond: 40 },
        clusterResourceRead: { burst: 100, refillPerSecond: 20 },
        fargateRunTask: null,
        fargateTasks: null,
        startExecution: { burst: 1300, refillPerSecond: 300 },
      },
      clusters: ['batch'],
      taskDefinitions: [{ family: 'report', revision: 3, containers: ['app'], status: 'ACTIVE' }],
      startFailures: [],
      placementFailures: [],
      room: [],
      lambdaConcurrency: null,
      taskSeconds: [60, 600],
      disguisedShare: 0.1,
      cloudTrailDelaySeconds: [2, 15],
      eventHistoryDelaySeconds: [60, 300],
      throttledRecords: 'bare',
    });
    const handOver = { handsOver: false, copies: 1, neverAttempts: false, callerErrors: 0 };
    expect(callers).toEqual([{ ...CALLER, startAt: 0, overSeconds: 0, maxAttempts: 3, ...handOver }]);
    expect({ remediation, events, faults }).toEqual({
      remediation: { enabled: true, config: {} },
      events: [],
      faults: [],
    });
  });

  test('may need nothing but a name and a seed', () => {
    expect(readScenario('{"name":"quiet","seed":0}', 'x.json').callers).toEqual([]);
  });

  test('bounds its room in four ways', () => {
    const room: JsonObject[] = [
      { kind: 'fargate', launchType: 'FARGATE', tasks: 250 },
      { kind: 'addresses', subnet: 'subnet-0aaa', tasks: 33 },
      { kind: 'provisioning', cluster: 'batch', tasks: 500 },
      { kind: 'instances', cluster: 'batch', tasks: 0 },
    ];
    expect(readScenario(withValue('account.room', room), 'x.json').account.room).toEqual(room);
  });

  test('gives live traffic an even rhythm until the drain is over', () => {
    const { calls: _, ...caller } = CALLER;
    const { callers } = readScenario(withValue('callers', [{ ...caller, callsPerSecond: 20 }]), 'x.json');
    expect(callers).toMatchObject([{ callsPerSecond: 20, arrival: 'even', operation: 'RunTask', untilDrained: true }]);
  });

  test('knows every fault', () => {
    const faults: JsonObject[] = [
      { kind: 'duplicateEvents', probability: 0.2 },
      { kind: 'delayEvents', seconds: [0, 600] },
      { kind: 'delayEvents', seconds: [0, 600], detailType: 'ECS Task State Change' },
      { kind: 'dropEvents', detailType: 'ECS Task State Change', probability: 1 },
      ...['intake', 'rate-limiter', 'run-task', 'sweep'].map((handler) => ({
        kind: 'handlerCrash',
        handler,
        probability: 0.01,
      })),
      { kind: 'outage', handler: 'rate-limiter', from: 60, seconds: 600 },
      ...['dynamodb', 'states', 'sqs', 'ecs', 'sns', 'cloudtrail'].map((service) => ({
        kind: 'serviceError',
        service,
        probability: 0.05,
      })),
    ];
    expect(readScenario(withValue('faults', faults), 'x.json').faults).toMatchObject(faults);
  });
});

describe('a bad scenario is refused with path, found and expected', () => {
  const cases: [name: string, text: string, message: string][] = [
    ['text that is not JSON', '{', 'bad.json: found text that is not JSON'],
    ['a list', '[]', 'bad.json: the file: found [], expected object'],
    ['a missing seed', JSON.stringify({ name: 'x' }), 'bad.json: seed: found nothing, expected number'],
    [
      'a wrong type',
      withValue('callers.0.maxAttempts', 'three'),
      'bad.json: callers[0].maxAttempts: found "three", expected number',
    ],
    ['a fraction', withValue('callers.0.calls', 1.5), 'bad.json: callers[0].calls: found 1.5, expected a whole number'],
    [
      'an unknown key',
      withValue('account.cluster', 'batch'),
      'bad.json: account.cluster: found "batch", expected no such key',
    ],
    [
      'an unknown key of a caller',
      withValue('callers.0.retries', 3),
      'bad.json: callers[0].retries: found 3, expected no such key',
    ],
    [
      'a probability above 1',
      withValue('account.disguisedShare', 1.5),
      'bad.json: account.disguisedShare: found 1.5, expected at most 1',
    ],
    [
      'a reversed range',
      withValue('account.taskSeconds', [9, 3]),
      'bad.json: account.taskSeconds: found [9,3], expected a range',
    ],
    [
      'room of a kind that there is not',
      withValue('account.room', [{ kind: 'gpus', tasks: 3 }]),
      'bad.json: account.room[0].kind: found "gpus", expected one of the documented values of kind',
    ],
    [
      'room in a cluster that there is not',
      withValue('account.room', [{ kind: 'instances', cluster: 'gpu', tasks: 3 }]),
      'bad.json: account.room[0].cluster: found "gpu", expected a cluster of account.clusters',
    ],
    [
      'an empty bucket',
      withValue('account.buckets', { clusterResourceModify: { burst: 0, refillPerSecond: 1 } }),
      'bad.json: account.buckets.clusterResourceModify.burst: found 0, expected more than 0',
    ],
    [
      'an account ID of three digits',
      withValue('account.id', '123'),
      'bad.json: account.id: found "123", expected text that matches',
    ],
    [
      'a caller without a rhythm',
      withValue('callers.0', { ...CALLER, calls: null }),
      'bad.json: callers[0].calls: found null, expected number',
    ],
    [
      'a caller with two rhythms',
      withValue('callers.0.callsPerSecond', 5),
      'bad.json: callers[0].callsPerSecond: found 5, expected no such key',
    ],
    [
      'a principal that is nobody',
      withValue('callers.0.principalArn', 'cron'),
      'bad.json: callers[0].principalArn: found "cron", expected text that matches',
    ],
    [
      'a fixed token, which all calls would share',
      withValue('callers.0.request.clientToken', 'x'),
      'bad.json: callers[0].request.clientToken: found "x", expected null',
    ],
    [
      'an unknown fault',
      withValue('faults', [{ kind: 'fire' }]),
      'bad.json: faults[0].kind: found "fire", expected one of the documented values of kind',
    ],
    [
      'an unknown handler',
      withValue('faults', [{ kind: 'outage', handler: 'intakes', from: 0, seconds: 1 }]),
      'bad.json: faults[0].handler: found "intakes", expected "intake" or "rate-limiter" or "run-task" or "sweep"',
    ],
    [
      'an unknown service',
      withValue('faults', [{ kind: 'serviceError', service: 's3', probability: 0 }]),
      'bad.json: faults[0].service: found "s3", expected "dynamodb" or "states"',
    ],
    [
      'an operation of another service',
      withValue('faults', [{ kind: 'serviceError', service: 'ecs', operation: 'PutItem', probability: 0 }]),
      'bad.json: faults[0].operation: found "PutItem", expected an operation of ecs: RunTask, ListTasks',
    ],
    [
      'an operation that nobody calls',
      withValue('faults', [{ kind: 'serviceError', service: 'ecs', operation: 'StopTask', probability: 0 }]),
      'bad.json: faults[0].operation: found "StopTask", expected "GetItem" or "BatchGetItem"',
    ],
    [
      'an item that nobody may spoil',
      withValue('faults', [{ kind: 'corruptItem', item: 'told', at: 0, to: 'deleted' }]),
      'bad.json: faults[0].item: found "told", expected "rate" or "coverage"',
    ],
    [
      'a clock of nobody',
      withValue('faults', [{ kind: 'clockSkew', seconds: 3 }]),
      'bad.json: faults[0]: found {"kind":"clockSkew","seconds":3}, expected either a handler or a service',
    ],
    [
      'an unknown cluster',
      withValue('callers.0.request.cluster', 'web'),
      'bad.json: callers[0].request.cluster: found "web", expected a cluster of account.clusters',
    ],
    [
      'the default cluster where there is none',
      withValue('callers.0.request', { taskDefinition: 'report' }),
      'bad.json: callers[0].request.cluster: found nothing, expected a cluster',
    ],
    [
      'an unknown task definition',
      withValue('callers.0.request.taskDefinition', 'report:4'),
      'bad.json: callers[0].request.taskDefinition: found "report:4", expected one of account.taskDefinitions',
    ],
    [
      'a failure of an unknown family',
      withValue('account.placementFailures', [{ family: 'repport', probability: 1, reason: 'AGENT' }]),
      'bad.json: account.placementFailures[0].family: found "repport", expected a family',
    ],
    [
      'two callers of one name',
      withValue('callers', [CALLER, CALLER]),
      'bad.json: callers[1].name: found "cron", expected a name that no other caller has',
    ],
  ];
  test.each(cases)('%s', (_name, text, message) => {
    expect(() => readScenario(text, 'bad.json')).toThrow(BadScenarioError);
    expect(() => readScenario(text, 'bad.json')).toThrow(message);
  });

  test('all its problems at once, one a line', () => {
    const text = JSON.stringify({ ...SCENARIO, seed: 'x', name: '', callers: [{ ...CALLER, calls: 0 }] });
    expect(() => readScenario(text, 'bad.json')).toThrow(
      /^bad\.json: name: .*\nbad\.json: seed: .*\nbad\.json: callers\[0\]\.calls: .*$/,
    );
  });
});

test('the JSON Schema requires what has no default, and forbids unknown keys', () => {
  const schema = scenarioJsonSchema();
  expect(schema).toMatchObject({ required: ['name', 'seed'], additionalProperties: false });
  expect(JSON.stringify(schema)).toContain('"callsPerSecond"');
});
