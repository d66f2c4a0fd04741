import { describe, expect, test } from 'vitest';
import { LAB_EPOCH_MS } from '../../../../lab/kernel/clock.ts';
import type { JsonObject } from '../../../../lab/kernel/json.ts';
import { holdToModels } from '../held-to-models.ts';
import { arnsOf, CRON, detailOf, objects, RUN_TASK, refusalOf, world } from '../world.ts';

holdToModels();

const HIDDEN = 'HIDDEN_DUE_TO_SECURITY_REASONS';
const NOW = LAB_EPOCH_MS / 1000;
const AT_ONCE = { cloudTrailDelaySeconds: [0, 0], eventHistoryDelaySeconds: [0, 0] };
const CANARY = 'canary-7f3a';
const WITH_ENVIRONMENT = {
  overrides: {
    containerOverrides: [{ name: 'app', command: ['run', 'it'], environment: [{ name: 'SECRET', value: CANARY }] }],
  },
};
/** Buckets that never run dry. */
const PLENTY = { buckets: { clusterResourceModify: { burst: 1e6, refillPerSecond: 1 } } };

async function recordOf(input: JsonObject, principal = CRON, overrides: JsonObject = {}): Promise<JsonObject> {
  const { runTask, playUntil, records } = world({ ...AT_ONCE, ...overrides });
  try {
    runTask(input, principal);
  } catch {
    // The record tells.
  }
  await playUntil(1);
  return records()[0] as JsonObject;
}

describe('the record of a RunTask', () => {
  test('has the shape of a real one', async () => {
    const { runTask, playUntil, records, events } = world(AT_ONCE);
    await playUntil(1.75);
    const [task] = arnsOf(runTask({ clientToken: 'token' }));
    await playUntil(2);
    expect(records()).toEqual([
      {
        eventVersion: '1.11',
        userIdentity: {
          type: 'AssumedRole',
          principalId: expect.stringMatching(/^AROA[0-9A-Z]{16}:session$/),
          arn: 'arn:aws:sts::111122223333:assumed-role/cron/session',
          accountId: '111122223333',
          accessKeyId: expect.stringMatching(/^ASIA[0-9A-Z]{16}$/),
          sessionContext: {
            sessionIssuer: {
              type: 'Role',
              principalId: expect.stringMatching(/^AROA[0-9A-Z]{16}$/),
              arn: 'arn:aws:iam::111122223333:role/cron',
              accountId: '111122223333',
              userName: 'cron',
            },
            attributes: { creationDate: '2026-01-15T03:00:00Z', mfaAuthenticated: 'false' },
          },
        },
        eventTime: '2026-01-15T03:00:01Z',
        eventSource: 'ecs.amazonaws.com',
        eventName: 'RunTask',
        awsRegion: 'us-east-1',
        sourceIPAddress: expect.stringMatching(/^198\.51\.100\.\d+$/),
        userAgent: expect.stringContaining('aws-sdk-js'),
        requestParameters: { ...RUN_TASK, clientToken: 'token' },
        responseElements: {
          tasks: [expect.objectContaining({ taskArn: task, createdAt: 'Jan 15, 2026, 3:00:01 AM' })],
          failures: [],
        },
        requestID: expect.any(String),
        eventID: expect.any(String),
        readOnly: false,
        eventType: 'AwsApiCall',
        managementEvent: true,
        recipientAccountId: '111122223333',
        eventCategory: 'Management',
      },
    ]);
    const { detail: _, ...envelope } =
      events.find(({ source, detail }) => source === 'aws.ecs' && (detail as JsonObject).eventID) ?? {};
    expect(envelope).toEqual({
      version: '0',
      id: expect.any(String),
      'detail-type': 'AWS API Call via CloudTrail',
      source: 'aws.ecs',
      account: '111122223333',
      time: '2026-01-15T03:00:01Z',
      region: 'us-east-1',
      resources: [],
    });
  });

  test('hides environment values in request and answer, and shows the command', async () => {
    const record = await recordOf(WITH_ENVIRONMENT);
    const override = { name: 'app', command: ['run', 'it'], environment: HIDDEN };
    expect(record.requestParameters).toMatchObject({ overrides: { containerOverrides: [override] } });
    expect(record.responseElements).toMatchObject({
      tasks: [{ overrides: { containerOverrides: [override, { name: 'sidecar' }] } }],
    });
    expect(JSON.stringify(record)).not.toContain(CANARY);
  });

  describe('of a rejected call', () => {
    /** What the bus and the event history have of one throttled call. */
    async function throttled(account: JsonObject) {
      const { runTask, playUntil, records, trail } = world({
        ...AT_ONCE,
        eventHistoryDelaySeconds: [0, 0],
        buckets: { clusterResourceModify: { burst: 1, refillPerSecond: 0.001 } },
        ...account,
      });
      runTask();
      refusalOf(() => runTask({ ...WITH_ENVIRONMENT, clientToken: 't' }));
      await playUntil(1);
      const [looked] = objects(trail.call('LookupEvents', {}).Events);
      return [records()[1], JSON.parse(String(looked?.CloudTrailEvent))];
    }

    test.each<JsonObject>([{}, { disguisedShare: 1 }])(
      'says who, when and why, and nothing of the request (%o)',
      async (account) => {
        for (const record of await throttled(account))
          expect(record).toMatchObject({
            errorCode: expect.stringMatching(/^(ThrottlingException|InvalidParameterException)$/),
            errorMessage: expect.any(String),
            userIdentity: { principalId: expect.any(String) },
            requestID: expect.any(String),
            requestParameters: null,
            responseElements: null,
          });
      },
    );

    test('holds the whole request, but no answer, where the account’s records are full', async () => {
      for (const record of await throttled({ throttledRecords: 'full' }))
        expect(record).toMatchObject({
          errorCode: 'ThrottlingException',
          errorMessage: 'Rate exceeded',
          requestParameters: { clientToken: 't', overrides: { containerOverrides: [{ environment: HIDDEN }] } },
          responseElements: null,
        });
    });
  });

  test('shows failures[] of a call that was not placed', async () => {
    const placementFailures = [{ family: 'report', probability: 1, reason: 'RESOURCE:MEMORY' }];
    const record = await recordOf({}, CRON, { placementFailures });
    expect(record).not.toHaveProperty('errorCode');
    expect(record.responseElements).toEqual({ tasks: [], failures: [{ reason: 'RESOURCE:MEMORY' }] });
  });

  test('drops request parameters of more than 100 KB and cuts an error message at 1 KB', async () => {
    const record = await recordOf({
      overrides: { containerOverrides: [{ name: 'app', command: ['x'.repeat(200_000)] }] },
    });
    expect(record).toMatchObject({ requestParameters: null, errorCode: 'InvalidParameterException' });
    const stranger = await recordOf({ overrides: { containerOverrides: [{ name: 'x'.repeat(5000) }] } });
    expect(stranger.errorMessage).toHaveLength(1024);
  });

  test.each<[string, string, JsonObject]>([
    ['an IAM user', 'arn:aws:iam::111122223333:user/people/ops', { type: 'IAMUser', userName: 'ops' }],
    [
      'a role with a path',
      'arn:aws:iam::111122223333:role/service-role/cron',
      {
        type: 'AssumedRole',
        arn: 'arn:aws:sts::111122223333:assumed-role/cron/session',
        sessionContext: {
          sessionIssuer: { arn: 'arn:aws:iam::111122223333:role/service-role/cron', userName: 'cron' },
        },
      },
    ],
  ])('tells of %s', async (_name, arn, expected) => {
    expect((await recordOf({}, { arn })).userIdentity).toMatchObject(expected);
  });

  test('names the service that called for somebody', async () => {
    const record = await recordOf({}, { ...CRON, invokedBy: 'events.amazonaws.com', userAgent: 'mine' });
    expect(record).toMatchObject({
      userIdentity: { type: 'AssumedRole', invokedBy: 'events.amazonaws.com' },
      sourceIPAddress: 'events.amazonaws.com',
      userAgent: 'events.amazonaws.com',
    });
  });
});

describe('the trail', () => {
  test("brings each write call to the bus once, within the scenario's delay, and reads never", async () => {
    const { runTask, call, playUntil, records, events } = world({ ...PLENTY, cloudTrailDelaySeconds: [3, 9] });
    const [task = ''] = arnsOf(runTask({ count: 10 }));
    for (let n = 1; n < 100; n++) runTask();
    call('ListTasks', { cluster: 'batch' });
    call('StopTask', { cluster: 'batch', task });
    await playUntil(2.99);
    expect(records()).toEqual([]);
    await playUntil(9);
    expect(
      records()
        .map(({ eventName }) => eventName)
        .toSorted(),
    ).toEqual([...Array(100).fill('RunTask'), 'StopTask']);
    const ids = records().map(({ eventID }) => eventID);
    expect(new Set(ids).size).toBe(101);
    await playUntil(10);
    expect(events.filter((event) => detailOf(event).eventID)).toHaveLength(101);
  });
});

describe('LookupEvents', () => {
  const RUN_TASKS = { LookupAttributes: [{ AttributeKey: 'EventName', AttributeValue: 'RunTask' }] };

  test('shows a record only after its delay, with the record as a JSON string', async () => {
    const { runTask, playUntil, trail } = world({ eventHistoryDelaySeconds: [60, 300] });
    for (let n = 0; n < 30; n++) runTask(WITH_ENVIRONMENT);
    const found = async (seconds: number) => {
      await playUntil(seconds);
      return objects(trail.call('LookupEvents', RUN_TASKS).Events);
    };
    expect(await found(59)).toEqual([]);
    const some = await found(150);
    expect(some.length).toBeGreaterThan(0);
    expect(some.length).toBeLessThan(30);
    const all = await found(300);
    expect(all).toHaveLength(30);
    const record = JSON.parse(String(all[0]?.CloudTrailEvent)) as JsonObject;
    expect(all[0]).toMatchObject({
      EventId: record.eventID,
      EventName: 'RunTask',
      EventSource: 'ecs.amazonaws.com',
      EventTime: NOW,
      ReadOnly: 'false',
      Username: 'session',
    });
    expect(JSON.stringify(all)).not.toContain(CANARY);
  });

  test('pages through a time range, newest first, without gap or repetition', async () => {
    const { runTask, call, playUntil, trail, requests } = world({ ...AT_ONCE, ...PLENTY });
    for (let second = 0; second < 60; second++) {
      await playUntil(second);
      for (let n = 0; n < 4; n++) runTask();
      call('ListTasks', { cluster: 'batch' });
    }
    const query = { ...RUN_TASKS, StartTime: NOW + 10, EndTime: NOW + 49, MaxResults: 50 };
    const found: JsonObject[] = [];
    let next: JsonObject = {};
    for (let page = 0; page === 0 || next.NextToken; page++) {
      await playUntil(100 + page);
      const answer = trail.call('LookupEvents', { ...query, ...next });
      expect(objects(answer.Events).length).toBeLessThanOrEqual(50);
      found.push(...objects(answer.Events));
      next = answer.NextToken ? { NextToken: answer.NextToken } : {};
    }
    const expected = requests.filter(
      ({ operation, at }) => operation === 'RunTask' && at >= LAB_EPOCH_MS + 10_000 && at < LAB_EPOCH_MS + 50_000,
    );
    expect(expected).toHaveLength(160);
    expect(found.map(({ EventId }) => EventId)).toEqual(expected.map(({ eventId }) => eventId).reverse());
  });

  test('finds by one attribute of several kinds', async () => {
    const { runTask, call, playUntil, trail } = world(AT_ONCE);
    runTask();
    runTask({}, { arn: 'arn:aws:iam::111122223333:user/ops' });
    call('ListTasks', { cluster: 'batch' });
    let second = 0;
    const count = async (AttributeKey: string, AttributeValue: string) => {
      second += 1;
      await playUntil(second);
      return objects(trail.call('LookupEvents', { LookupAttributes: [{ AttributeKey, AttributeValue }] }).Events)
        .length;
    };
    expect(await count('EventName', 'ListTasks')).toBe(1);
    expect(await count('ReadOnly', 'false')).toBe(2);
    expect(await count('Username', 'ops')).toBe(1);
    expect(await count('EventSource', 'ecs.amazonaws.com')).toBe(3);
    expect(await count('EventSource', 'ec2.amazonaws.com')).toBe(0);
  });

  test('answers two requests a second', async () => {
    const { trail, playUntil } = world();
    const look = () => trail.call('LookupEvents', {});
    look();
    look();
    expect(refusalOf(look)).toMatchObject({ code: 'ThrottlingException', message: 'Rate exceeded' });
    await playUntil(0.5);
    look();
    expect(refusalOf(look).code).toBe('ThrottlingException');
  });

  test.each<[string, JsonObject, string]>([
    [
      'two attributes',
      { LookupAttributes: [...RUN_TASKS.LookupAttributes, ...RUN_TASKS.LookupAttributes] },
      'InvalidLookupAttributesException',
    ],
    ['a page of 51', { MaxResults: 51 }, 'InvalidMaxResultsException'],
    ['an end before the start', { StartTime: 2, EndTime: 1 }, 'InvalidTimeRangeException'],
    ['a strange token', { NextToken: 'x' }, 'InvalidNextTokenException'],
  ])('refuses %s', (_name, input, code) => {
    expect(refusalOf(() => world().trail.call('LookupEvents', input)).code).toBe(code);
  });

  test('refuses the token of another query', () => {
    const { runTask, trail } = world(AT_ONCE);
    runTask();
    runTask();
    const { NextToken } = trail.call('LookupEvents', { MaxResults: 1 });
    const other = () => trail.call('LookupEvents', { MaxResults: 2, NextToken: NextToken ?? null });
    expect(refusalOf(other).code).toBe('InvalidNextTokenException');
  });

  test('is loud about what the lab does not model', () => {
    const { trail } = world();
    const byResource = { LookupAttributes: [{ AttributeKey: 'ResourceName', AttributeValue: 'x' }] };
    expect(() => trail.call('LookupEvents', byResource)).toThrow("the lab's LookupEvents");
    expect(() => trail.call('StartQuery', {})).toThrow('does not know the operation StartQuery');
  });
});
