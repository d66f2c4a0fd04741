import { ExecutionAlreadyExists } from '@aws-sdk/client-sfn';
import { describe, expect, test, vi } from 'vitest';
import { METRICS } from '../../lambda/core/contract.ts';
import { initialRate } from '../../lambda/core/rate/rate-state.ts';
import { handler, makeHandler } from '../../lambda/intake.ts';
import { ITEMS } from '../../lambda/state/items.ts';
import {
  ANSWERED,
  type Answers,
  awsError,
  dependenciesWith,
  failing,
  HAND_OVER_QUEUE_ARN,
  type Sent,
  sqsEvent,
  sqsEventOf,
} from '../support/dependencies.ts';
import {
  AIRFLOW_ROLE,
  acceptedText,
  CRON_ROLE,
  EVENT_TIME_MS,
  eventText,
  fixtureText,
  OWN_ROLE,
  SETTINGS,
  stoppedText,
  TASK_ARN,
} from '../support/records.ts';
import { openTable } from '../support/table.ts';

const NAME = 'report-2d6c138652489cfcc1df737a3a61a119';
const RERUN = 'arn:aws:states:us-east-1:111122223333:stateMachine:rerun';

/** Delivers the bodies as one batch. */
async function intake(bodies: readonly string[], answers: Answers = {}, nowMs?: number) {
  const world = dependenciesWith(answers);
  if (nowMs !== undefined) world.at(nowMs);
  const { batchItemFailures } = await makeHandler(world.dependencies)(sqsEventOf(nowMs ?? 0, bodies));
  const isTraffic = ({ input }: Sent) => input.Key?.id.S.startsWith('traffic#');
  return {
    ...world,
    /** Without the counts of traffic, which every record adds to. */
    sent: world.sent.filter((sent) => !isTraffic(sent)),
    named: (name: string) => world.named(name).filter((sent) => !isTraffic(sent)),
    counted: world.sent.filter(isTraffic),
    failed: batchItemFailures.map(({ itemIdentifier }) => itemIdentifier),
  };
}

const alreadyExists = () => new ExecutionAlreadyExists(ANSWERED);

describe('the intake', () => {
  test('starts one execution for a throttled call, under its name and with its input', async () => {
    const { named, failed, lines, metrics } = await intake([fixtureText('rerun-plain-throttle')]);
    expect(named('StartExecutionCommand').map(({ input }) => [input.stateMachineArn, input.name])).toEqual([
      [RERUN, NAME],
    ]);
    expect(JSON.parse(named('StartExecutionCommand')[0]?.input.input)).toMatchObject({
      request: { taskDefinition: 'report:3' },
    });
    expect(failed).toEqual([]);
    expect(lines).toEqual([
      {
        level: 'info',
        message: 'verdict',
        kind: 'rerun',
        reason: undefined,
        messageId: 'm0',
        eventId: 'e5c1f7a2-0000-4000-8000-000000000001',
        requestId: '0f6a2a1e-64a5-4b63-8a3a-9d8b43ad2c01',
        callId: '38d6c654c9f31d9d60b174a5e88a1e3b',
        caller: CRON_ROLE,
        answer: 'throttled',
        errorCode: 'ThrottlingException',
        execution: NAME,
      },
    ]);
    expect(metrics).toEqual([
      { name: 'OtherCall', value: 1, dimensions: { kind: 'throttled' } },
      { name: 'Verdict', value: 1, dimensions: { kind: 'rerun' } },
    ]);
  });

  test('starts the same call for each delivery of one record, which may come later', async () => {
    const start = async (eventId: string, nowMs: number) => {
      const { named } = await intake([eventText({ envelope: { id: eventId } })], {}, nowMs);
      const [{ input }] = named('StartExecutionCommand') as unknown as [{ input: { name: string; input: string } }];
      return { ...input, input: JSON.parse(input.input) };
    };
    const first = await start('first', EVENT_TIME_MS);
    const again = await start('other', EVENT_TIME_MS + 600_000);
    expect(again).toEqual({ ...first, input: { ...first.input, settleUntil: '2026-01-15T03:10:30.000Z' } });
  });

  test('takes an execution that exists for a duplicate', async () => {
    const { failed, lines } = await intake([eventText()], { sfn: failing([alreadyExists()]) });
    expect(failed).toEqual([]);
    expect(lines).toMatchObject([{ kind: 'duplicate', execution: NAME }]);
  });

  test.each([
    ['ThrottlingException', 400],
    ['InternalServerException', 500],
    ['SomethingNew', 503],
  ])('starts again after %s, on the clock it was given', async (name, status) => {
    const { named, sleeps, failed } = await intake([eventText()], {
      sfn: failing([awsError(name, '', status), awsError(name, '', status)]),
    });
    expect(named('StartExecutionCommand')).toHaveLength(3);
    expect(new Set(named('StartExecutionCommand').map(({ input }) => input.name))).toEqual(new Set([NAME]));
    // Full jitter with a random source that says one half.
    expect(sleeps).toEqual([100, 200]);
    expect(failed).toEqual([]);
  });

  test('leaves to the queue what it could not start, and handles the rest of the batch', async () => {
    const other = eventText({ request: { clientToken: 'other' } });
    const { failed, lines, metrics } = await intake([eventText(), other, fixtureText('ignore-launcherRetries')], {
      sfn: ({ input }) => {
        if (input.name === NAME) throw awsError('AccessDeniedException', 'canary');
        return {};
      },
    });
    expect(failed).toEqual(['m0']);
    expect(lines).toContainEqual({
      level: 'error',
      message: 'the intake failed',
      messageId: 'm0',
      error: 'AccessDeniedException',
    });
    expect(lines.filter(({ message }) => message === 'verdict')).toHaveLength(2);
    expect(metrics.filter(({ name }) => name === METRICS.failure)).toEqual([
      { name: 'Failure', value: 1, dimensions: {} },
    ]);
    expect(JSON.stringify(lines)).not.toContain('canary');
  });

  test('leaves a batch that failed altogether to the queue, too', async () => {
    const other = eventText({ request: { clientToken: 'other' } });
    const sfn = () => {
      throw awsError('AccessDeniedException');
    };
    expect((await intake([eventText(), other], { sfn })).failed).toEqual(['m0', 'm1']);
  });

  const BEHIND_ECS = 'Error retrieving subnet information for [subnet-0aaa]: Rate exceeded (ErrorCode: Throttling)';

  test('counts the calls of others by the second, ignored ones and mistakes included, but neither denied ones, nor what a service behind ECS throttled, nor its own', async () => {
    const by = (arn: string) => ({ detail: { userIdentity: { arn } } });
    const { counted } = await intake([
      eventText(by(AIRFLOW_ROLE)),
      acceptedText(['a']),
      acceptedText(['b']),
      eventText(by(OWN_ROLE)),
      eventText({ detail: { errorCode: 'InvalidParameterException', errorMessage: 'Invalid launch type' } }),
      eventText({ detail: { errorCode: 'AccessDenied' } }),
      eventText({ detail: { errorCode: 'InvalidParameterException', errorMessage: BEHIND_ECS } }),
      eventText({ envelope: { 'replay-name': 'yesterday' } }),
      stoppedText(),
      '{',
    ]);
    const [update] = counted;
    expect(update?.input.ExpressionAttributeValues).toMatchObject({ ':a00': { N: '3' }, ':t00': { N: '1' } });
    // All records came a minute after their calls.
    const [, lags] = counted;
    expect(lags?.input.UpdateExpression).toContain('ADD l60 :l60 ');
    expect(lags?.input.ExpressionAttributeValues).toMatchObject({ ':l60': { N: '4' } });
  });

  test('counts how many tasks a call started, or asked for in vain', async () => {
    const { counted } = await intake([acceptedText(['a', 'b', 'c']), eventText({ request: { count: 5 } })]);
    expect(counted[0]?.input.ExpressionAttributeValues).toMatchObject({ ':at00': { N: '3' }, ':tt00': { N: '5' } });
  });

  test.each([0, -1_000_000, 11, 1e300, 1.5, '5'])('counts one task where a call asked for %j', async (count) => {
    const { counted } = await intake([eventText({ request: { count } })]);
    expect(counted[0]?.input.ExpressionAttributeValues).toMatchObject({ ':t00': { N: '1' }, ':tt00': { N: '1' } });
  });

  test.each(['StartTask', 'StopTask', 'ExecuteCommand'])(
    'counts %s, which shares the bucket, and leaves it at that',
    async (eventName) => {
      const { counted, lines, named } = await intake([eventText({ detail: { eventName, requestParameters: null } })]);
      expect(counted[0]?.input.ExpressionAttributeValues).toMatchObject({ ':t00': { N: '1' }, ':tt00': { N: '1' } });
      expect(lines).toMatchObject([{ message: 'verdict', kind: 'ignore', reason: 'notRunTask' }]);
      expect(named('StartExecutionCommand')).toEqual([]);
    },
  );

  test('counts a call at the first delivery of its record only', async () => {
    const { dependencies, sent } = dependenciesWith();
    const Records = [
      { messageId: 'm0', body: acceptedText(['a']), attributes: { ApproximateReceiveCount: '2', SentTimestamp: '0' } },
    ];
    await makeHandler(dependencies)({ Records } as never);
    expect(sent.map(({ input }) => input.Item.id.S.split('#')[0])).toEqual(['launch', 'accepted']);
  });

  test('handles its batch where the traffic could not be counted, and says so', async () => {
    const dynamoDb = failing([awsError('AccessDeniedException', 'canary')]);
    const { failed, lines, named, told } = await intake([eventText()], { dynamoDb });
    expect(failed).toEqual([]);
    expect(named('StartExecutionCommand')).toHaveLength(1);
    expect(lines).toMatchObject([
      { level: 'error', message: 'the rate could not be told', error: 'AccessDeniedException' },
      { message: 'verdict', kind: 'rerun' },
    ]);
    expect(told()).not.toContain('canary');
  });

  // The bus of this account may bring events of others, whose buckets are not ours.
  test('counts no calls of other accounts and Regions', async () => {
    const { counted } = await intake([
      eventText({ detail: { recipientAccountId: '999999999999' } }),
      eventText({ detail: { awsRegion: 'eu-west-1' } }),
    ]);
    expect(counted).toEqual([]);
  });

  test('keeps what an accepted call asked for, under the ARN of each of its tasks', async () => {
    const { named, lines, failed } = await intake([acceptedText(['task-a', 'task-b'])]);
    const kept = named('PutItemCommand').map(({ input }) => String(input.Item.id.S));
    expect(kept.filter((id) => id.startsWith('launch#'))).toEqual(['launch#task-a', 'launch#task-b']);
    expect(named('StartExecutionCommand')).toEqual([]);
    expect(lines).toMatchObject([{ kind: 'record', reason: undefined, caller: CRON_ROLE }]);
    expect(failed).toEqual([]);
  });

  test('starts one execution for a task that failed to start, without knowing its caller yet', async () => {
    const { named, lines, told } = await intake([stoppedText()]);
    expect(named('StartExecutionCommand').map(({ input }) => input.name)).toEqual([
      'report-55c1f48c4b96f1f5b5f5a304ef9ebae3',
    ]);
    expect(lines).toMatchObject([{ kind: 'rerun', taskArn: TASK_ARN }]);
    expect(told()).not.toContain('canary');
  });

  test('slows the probe of the rate for a start that a throttle failed', async () => {
    const drained = { ...initialRate(SETTINGS.rate), drainStartedAtMs: 1 };
    const item = { version: { N: '1' }, state: { S: JSON.stringify(drained) } };
    const table = openTable();
    await table.put({ id: { S: 'rate' }, ...item });
    await makeHandler(table.open().dependencies)(sqsEvent(stoppedText()));
    expect(JSON.parse((await table.item('rate'))?.state?.S ?? '')).toMatchObject({
      probePerSecond: SETTINGS.rate.initialPerSecond / 2,
    });
  });

  test('leaves the rate as it is for a start that found no room', async () => {
    const drained = { ...initialRate(SETTINGS.rate), drainStartedAtMs: 1 };
    const item = { version: { N: '1' }, state: { S: JSON.stringify(drained) } };
    const table = openTable();
    await table.put({ id: { S: 'rate' }, ...item });
    const world = table.open();
    await makeHandler(world.dependencies)(sqsEvent(stoppedText({ stoppedReason: 'TaskFailedToStart: RESOURCE:GPU' })));
    expect(world.lines).toMatchObject([{ kind: 'rerun' }]);
    expect(JSON.parse((await table.item('rate'))?.state?.S ?? '')).toEqual(drained);
  });

  test('writes one line for an ignored event, and tells nobody', async () => {
    const airflow = { userIdentity: { arn: AIRFLOW_ROLE } };
    const { lines, sent, named, failed } = await intake([eventText({ detail: airflow })]);
    expect(lines).toMatchObject([{ kind: 'ignore', reason: 'retriesItself', caller: AIRFLOW_ROLE }]);
    // But for the mark that the call was counted.
    expect(sent.map(({ input }) => input.Item.id.S.split('#')[0])).toEqual(['counted']);
    expect(named('StartExecutionCommand')).toEqual([]);
    expect(failed).toEqual([]);
  });

  test('tells people of a refusal, with names of members and no values', async () => {
    const { lines, named, metrics, told } = await intake([fixtureText('refuse-hiddenEnvironment')]);
    const [digest] = named('StartExecutionCommand');
    const { subject, message } = JSON.parse(digest?.input.input);
    expect(subject).toBe('ECS task report was not re-run: hiddenEnvironment');
    expect(message).toContain('Cluster: batch\nFirst call: 2026-01-15T03:00:00.000Z\nCloudTrail event: ');
    expect(digest?.input.stateMachineArn).toContain(':digest');
    expect(named('UpdateItemCommand')).toHaveLength(1);
    expect(lines).toMatchObject([
      { kind: 'refuse', reason: 'hiddenEnvironment', members: ['overrides.containerOverrides.0.environment'] },
    ]);
    expect(metrics).toEqual([
      { name: 'OtherCall', value: 1, dimensions: { kind: 'throttled' } },
      { name: 'Verdict', value: 1, dimensions: { kind: 'refuse', reason: 'hiddenEnvironment' } },
    ]);
    expect(told()).not.toContain('HIDDEN_DUE');
  });

  test('tells people of a refusal once, whichever of its deliveries that is', async () => {
    const { dependencies, named } = openTable().open();
    const handle = makeHandler(dependencies);
    for (let delivery = 0; delivery < 2; delivery++) {
      await handle(sqsEvent(fixtureText('refuse-hiddenEnvironment')));
    }
    expect(named('StartExecutionCommand')).toHaveLength(1);
  });

  test('delivers a refusal again where people could not be told', async () => {
    const { failed } = await intake([fixtureText('refuse-hiddenEnvironment')], {
      dynamoDb: ({ input }) => {
        if (input.Key?.id.S.startsWith('notice#')) throw awsError('AccessDeniedException');
      },
    });
    expect(failed).toEqual(['m0']);
  });

  test('refuses what the workflow cannot carry, measured in bytes', async () => {
    const withCommand = (length: number) =>
      eventText({ request: { overrides: { containerOverrides: [{ command: ['é'.repeat(length)] }] } } });
    const large = await intake([withCommand(127_500)]);
    expect(large.lines).toMatchObject([{ kind: 'refuse', reason: 'tooLarge' }]);
    expect(large.named('StartExecutionCommand').map(({ input }) => input.stateMachineArn)).toEqual([
      expect.stringContaining(':digest'),
    ]);
    expect((await intake([withCommand(125_000)])).lines).toMatchObject([{ kind: 'rerun' }]);
  });
});

describe('a message of the hand-over queue', () => {
  const handedOver = (senderId: string, sender?: string) => ({
    messageId: 'm0',
    body: '{',
    eventSourceARN: HAND_OVER_QUEUE_ARN,
    attributes: { ApproximateReceiveCount: '1', SenderId: senderId, SentTimestamp: '0' },
    messageAttributes: sender === undefined ? {} : { sender: { stringValue: sender } },
  });
  /** Whose an unreadable message is, by what goes to the dead-letter queue. */
  async function ownerOf(record: object) {
    const { dependencies, named } = openTable().open();
    await makeHandler(dependencies)({ Records: [record] } as never);
    const [dead] = named('SendMessageCommand');
    return dead?.input.MessageAttributes?.sender?.StringValue;
  }

  test('is its sender’s, whatever it says of itself', async () => {
    expect(await ownerOf(handedOver('AROASENDER:session'))).toBe('AROASENDER:session');
    expect(await ownerOf(handedOver('AROASENDER:session', 'AROAVICTIM:session'))).toBe('AROASENDER:session');
  });

  test('that was moved back is of whom it names, or nobody’s', async () => {
    expect(await ownerOf(handedOver('AROAREDRIVE:session', 'AROASENDER:session'))).toBe('AROASENDER:session');
    expect(await ownerOf(handedOver('AROAREDRIVE:session'))).toBeUndefined();
  });
});

describe('a batch of calls that were handed over for a throttle', () => {
  const handedOver = async (dynamoDb?: Answers['dynamoDb']) => {
    const caller = { arn: CRON_ROLE, handsOver: true, retriesItself: false };
    const iam = () => ({ Role: { Arn: CRON_ROLE, RoleId: 'AROACRON' } });
    const world = dependenciesWith({ iam, ...(dynamoDb && { dynamoDb }) }, { callers: [caller] } as never);
    world.at(EVENT_TIME_MS + 3000);
    const Records = Array.from({ length: 10 }, (_, n) => ({
      messageId: `m${n}`,
      eventSourceARN: HAND_OVER_QUEUE_ARN,
      attributes: {
        ApproximateReceiveCount: '1',
        SenderId: 'AROACRON:session',
        SentTimestamp: String(EVENT_TIME_MS + 100 * n),
      },
      messageAttributes: {},
      body: JSON.stringify({
        request: { cluster: 'batch', taskDefinition: 'report:3', clientToken: `token-${n}` },
        error: { code: 'ThrottlingException', message: 'Rate exceeded', requestIds: [] },
        firstAttemptAt: new Date(EVENT_TIME_MS).toISOString(),
      }),
    }));
    const { batchItemFailures } = await makeHandler(world.dependencies)({ Records } as never);
    const rates = world.named('PutItemCommand').filter(({ input }) => input.Item.id.S === ITEMS.rate.id);
    return { ...world, batchItemFailures, rates: rates.map(({ input }) => JSON.parse(input.Item.state.S)) };
  };

  test('tells the rate of all of them in one write', async () => {
    const { rates, batchItemFailures } = await handedOver();
    expect(batchItemFailures).toEqual([]);
    expect(rates).toMatchObject([{ storm: { sinceMs: EVENT_TIME_MS, atMs: EVENT_TIME_MS + 900 } }]);
  });

  test('is re-run where the rate could not be told', async () => {
    const { named, batchItemFailures, lines } = await handedOver(({ input }) => {
      if (input.Item?.id.S === ITEMS.rate.id) throw awsError('AccessDeniedException');
      return {};
    });
    expect(batchItemFailures).toEqual([]);
    expect(named('StartExecutionCommand')).toHaveLength(10);
    expect(lines).toContainEqual({
      level: 'error',
      message: 'the rate could not be told',
      error: 'AccessDeniedException',
    });
  });
});

describe('a malformed event', () => {
  test('goes to the dead-letter queue as it came, whichever delivery it is', async () => {
    const { dependencies, named, lines } = dependenciesWith();
    const Records = [{ messageId: 'm0', body: '{', attributes: { ApproximateReceiveCount: '2' } }];
    const { batchItemFailures } = await makeHandler(dependencies)({ Records } as never);
    expect(batchItemFailures).toEqual([]);
    expect(named('SendMessageCommand').map(({ input }) => input)).toEqual([
      { QueueUrl: dependencies.environment.variable('deadLetterQueueUrl'), MessageBody: '{' },
    ]);
    expect(lines).toHaveLength(1);
  });

  test('goes back to the queue where it could not be sent on, without a verdict', async () => {
    const { failed, lines, metrics } = await intake(['{'], { sqs: failing([awsError('AccessDenied')]) });
    expect(failed).toEqual(['m0']);
    expect(lines).toMatchObject([{ level: 'error', message: 'the intake failed', error: 'AccessDenied' }]);
    expect(metrics).toMatchObject([{ name: METRICS.failure }]);
  });

  test('is no failure of its batch, and no line holds what it says', async () => {
    const spies = (['log', 'info', 'warn', 'error', 'debug'] as const).map((method) =>
      vi.spyOn(console, method).mockImplementation(() => {}),
    );
    const { failed, lines, metrics, sent, told } = await intake([fixtureText('malformed-wrong-types'), '{"canary']);
    expect(failed).toEqual([]);
    expect(lines).toMatchObject([
      { level: 'error', kind: 'refuse', reason: 'malformed', messageId: 'm0' },
      { level: 'error', kind: 'refuse', reason: 'malformed', messageId: 'm1' },
    ]);
    expect(metrics).toHaveLength(2);
    expect(sent.map(({ name }) => name)).toEqual(['SendMessageCommand', 'SendMessageCommand']);
    expect(told() + JSON.stringify(spies.map(({ mock }) => mock.calls))).not.toContain('canary');
    vi.restoreAllMocks();
  });
});

test('the deployed handler is built at its first event, not before', async () => {
  await expect((async () => handler(sqsEvent()))()).rejects.toThrow('settings.json');
});
