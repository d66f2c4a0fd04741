import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { firstSteps } from '../../lib/foundation/runbook.ts';
import { type Json, Synthesized, stacksOf } from '../support/stacks.ts';

const LISTED = {
  mode: 'rerun',
  clusters: ['batch'],
  families: ['report'],
  callers: ['arn:aws:iam::111122223333:role/cron'],
  passRoleArns: ['arn:aws:iam::111122223333:role/task'],
};
const managed = new Synthesized(LISTED);
const owned = new Synthesized({
  encryption: 'awsOwned',
  sweep: { everyMinutes: 0 },
  cloudTrail: 'create',
  notifications: { emails: ['ops@example.com'] },
});
const BOTH = [
  ['a key of its own', managed],
  ['keys of AWS', owned],
] as const;

describe('the rules of the intake', () => {
  test.each([
    [
      'every call that takes from the bucket of RunTask, accepted or not',
      'IntakeRunTaskCalled',
      {
        'detail-type': ['AWS API Call via CloudTrail'],
        detail: {
          eventSource: ['ecs.amazonaws.com'],
          eventName: ['RunTask', 'StartTask', 'StopTask', 'ExecuteCommand'],
        },
      },
    ],
    [
      'every task that failed to start',
      'IntakeTaskFailedToStart',
      {
        'detail-type': ['ECS Task State Change'],
        detail: { lastStatus: ['STOPPED'], stopCode: ['TaskFailedToStart'] },
      },
    ],
  ])('take %s to the intake queue, with a dead-letter queue behind it', (_, id, pattern) => {
    const [rule] = managed.properties('AWS::Events::Rule', id);
    expect(rule).toMatchObject({ State: 'ENABLED' });
    expect(rule.EventPattern).toEqual({ source: ['aws.ecs'], ...pattern });
    expect(rule.Targets).toEqual([
      {
        Id: 'Target0',
        Arn: { 'Fn::GetAtt': [managed.idOf('AWS::SQS::Queue', 'IntakeQueue'), 'Arn'] },
        DeadLetterConfig: {
          Arn: { 'Fn::GetAtt': [managed.idOf('AWS::SQS::Queue', 'IntakeDeadLetterQueue'), 'Arn'] },
        },
      },
    ]);
  });

  test.each(BOTH)('alone may send to its queues, under %s', (_, self) => {
    const rules = [
      'IntakeRunTaskCalled',
      'IntakeTaskFailedToStart',
      ...(self === managed ? ['IntakeTaskChanged'] : []),
    ].map((id) => self.idOf('AWS::Events::Rule', id));
    for (const queue of ['IntakeQueue', 'IntakeDeadLetterQueue']) {
      const [policy] = self.properties('AWS::SQS::QueuePolicy', queue);
      const allowed = policy.PolicyDocument.Statement.filter(({ Effect }: Json) => Effect === 'Allow');
      expect(allowed).toEqual(
        rules.map((rule) => ({
          Effect: 'Allow',
          Principal: { Service: 'events.amazonaws.com' },
          Action: 'sqs:SendMessage',
          Resource: { 'Fn::GetAtt': [self.idOf('AWS::SQS::Queue', queue), 'Arn'] },
          Condition: { ArnEquals: { 'aws:SourceArn': { 'Fn::GetAtt': [rule, 'Arn'] } } },
        })),
      );
    }
  });
});

describe('the rule on tasks', () => {
  const patternUnder = (changes: Json) =>
    new Synthesized({ ...LISTED, ...changes }).properties('AWS::Events::Rule', 'IntakeTaskChanged')[0]?.EventPattern;

  test('sends what takes a place in the listed clusters and what gives one back, but not twice what failed to start', () => {
    const [{ EventPattern }] = managed.properties('AWS::Events::Rule', 'IntakeTaskChanged');
    expect(EventPattern.detail).toMatchObject({
      lastStatus: ['PROVISIONING', 'PENDING', 'RUNNING', 'STOPPED'],
      stopCode: [{ 'anything-but': ['TaskFailedToStart'] }, { exists: false }],
    });
    expect(JSON.stringify(EventPattern.detail.clusterArn)).toContain(':cluster/batch');
  });

  test('is there only where room is awaited', () => {
    expect(patternUnder({ capacity: { rerun: false } })).toBeUndefined();
  });

  test('names no clusters where a pattern has no room for them', () => {
    const clusters = Array.from({ length: 30 }, (_, index) => `cluster-${index}`);
    expect(patternUnder({ clusters }).detail.clusterArn).toBeUndefined();
    expect(patternUnder({ clusters: ['*'] }).detail.clusterArn).toBeUndefined();
    expect(JSON.stringify(patternUnder({ clusters: ['nightly-*'] }).detail.clusterArn)).toMatch(/prefix.*nightly-"/);
  });
});

describe('the rules of the sweep', () => {
  test('start it directly when a service was throttled, with a dead-letter queue behind it', () => {
    const [rule] = managed.properties('AWS::Events::Rule', 'SweepServiceThrottled');
    expect(rule.EventPattern).toEqual({
      source: ['aws.ecs'],
      'detail-type': ['ECS Service Action'],
      detail: { eventName: ['ECS_OPERATION_THROTTLED', 'SERVICE_DISCOVERY_OPERATION_THROTTLED'] },
    });
    expect(rule.Targets).toMatchObject([
      {
        Arn: { Ref: managed.idOf('AWS::StepFunctions::StateMachine', 'Sweep') },
        DeadLetterConfig: { Arn: { 'Fn::GetAtt': [managed.idOf('AWS::SQS::Queue', 'SweepDeadLetterQueue'), 'Arn'] } },
      },
    ]);
    // The event itself is the input: nothing replaces it.
    expect(Object.keys(rule.Targets[0])).not.toContain('Input');
  });

  test('start it by the clock, unless that is switched off', () => {
    const [rule] = managed.properties('AWS::Events::Rule', 'SweepRegularly');
    expect(rule).toMatchObject({ ScheduleExpression: 'rate(15 minutes)', Targets: [{ Input: '{"scheduled":true}' }] });
    expect(owned.properties('AWS::Events::Rule', 'SweepRegularly')).toEqual([]);
  });

  test('hand undelivered events to a queue that takes them from these rules', () => {
    const [policy] = managed.properties('AWS::SQS::QueuePolicy', 'SweepDeadLetterQueue');
    const allowed = policy.PolicyDocument.Statement.filter(({ Effect }: Json) => Effect === 'Allow');
    expect(allowed.length).toBeGreaterThan(0);
    for (const { Condition } of allowed) expect(Object.keys(Condition.ArnEquals)).toEqual(['aws:SourceArn']);
  });
});

describe('the queues', () => {
  test('keep what they have for two weeks, but a parked execution no longer than it waits', () => {
    const queues = managed.properties('AWS::SQS::Queue');
    const kept = queues.map(({ MessageRetentionPeriod }) => MessageRetentionPeriod);
    expect(kept.toSorted((a, b) => a - b)).toEqual([3600, ...Array(6).fill(1_209_600)]);
    const [rateLimiter] = managed.properties('AWS::SQS::Queue', 'RateLimiterQueue');
    expect(rateLimiter.MessageRetentionPeriod).toBe(3600);
  });

  test('refuse what is sent in the clear', () => {
    const policies = managed.properties('AWS::SQS::QueuePolicy');
    expect(policies).toHaveLength(managed.properties('AWS::SQS::Queue').length);
    for (const { PolicyDocument } of policies) {
      expect(PolicyDocument.Statement).toContainEqual(
        expect.objectContaining({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
      );
    }
  });

  test('give up on an event after half a day of tries, and never on a parked execution', () => {
    const [intake] = managed.properties('AWS::SQS::Queue', 'IntakeQueue');
    const [rateLimiter] = managed.properties('AWS::SQS::Queue', 'RateLimiterQueue');
    expect(intake.RedrivePolicy.maxReceiveCount).toBe(160);
    expect(rateLimiter.RedrivePolicy).toBeUndefined();
  });

  test.each([
    ['Intake', 10, 10],
    ['RateLimiter', 10, 5],
  ])('feed the handler of %s in batches whose parts may fail', (id, BatchSize, MaximumConcurrency) => {
    const [mapping] = managed.properties('AWS::Lambda::EventSourceMapping', id);
    expect(mapping).toMatchObject({
      BatchSize,
      ScalingConfig: { MaximumConcurrency },
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      EventSourceArn: { 'Fn::GetAtt': [managed.idOf('AWS::SQS::Queue', `${id}Queue`), 'Arn'] },
    });
  });

  test.each(['Intake', 'RateLimiter'])('of %s hide a message for as long as its handler may take', (id) => {
    const [queue] = managed.properties('AWS::SQS::Queue', `${id}Queue`);
    const [handler] = managed.properties('AWS::Lambda::Function', `${id}Handler`);
    expect(queue.VisibilityTimeout).toBeGreaterThanOrEqual(handler.Timeout);
  });
});

const STORES = [
  'AWS::SQS::Queue',
  'AWS::DynamoDB::Table',
  'AWS::SNS::Topic',
  'AWS::Logs::LogGroup',
  'AWS::StepFunctions::StateMachine',
] as const;

describe('whatever is stored is encrypted', () => {
  test.each(STORES)('under a key of its own, if that is configured: %s', (type) => {
    const key = managed.idOf('AWS::KMS::Key', 'Key');
    const stores = Object.entries(managed.template.findResources(type)).filter(([id]) => !id.includes('DeadLetter'));
    for (const [, { Properties: properties }] of stores)
      expect(JSON.stringify(properties)).toContain(`"Fn::GetAtt":["${key}","Arn"]`);
    expect(managed.properties('AWS::KMS::Key')).toMatchObject([{ EnableKeyRotation: true }]);
  });

  test('dead letters under one of SQS, so that trouble with the key does not take them too', () => {
    const dead = Object.entries(managed.template.findResources('AWS::SQS::Queue')).filter(([id]) =>
      id.includes('DeadLetter'),
    );
    expect(dead).toHaveLength(4);
    for (const [, { Properties }] of dead) {
      expect(Properties).toMatchObject({ SqsManagedSseEnabled: true });
      expect(Properties.KmsMasterKeyId).toBeUndefined();
    }
  });

  test('and so is the environment of each function that has one', () => {
    const key = managed.idOf('AWS::KMS::Key', 'Key');
    const withEnvironment = managed.properties('AWS::Lambda::Function').filter(({ Environment }) => Environment);
    expect(withEnvironment).toEqual(Object.values(managed.handlers()).map(({ Properties }) => Properties));
    for (const { KmsKeyArn } of withEnvironment) expect(KmsKeyArn).toEqual({ 'Fn::GetAtt': [key, 'Arn'] });
  });

  test('under keys of AWS otherwise, with no key and no mention of one', () => {
    owned.template.resourceCountIs('AWS::KMS::Key', 0);
    owned.template.allResourcesProperties('AWS::SQS::Queue', { SqsManagedSseEnabled: true });
    expect(JSON.stringify(owned.template.toJSON())).not.toContain('"kms:');
  });

  test('and the key may be used by those alone who write without a role of ours, for what is of this account', () => {
    const [{ KeyPolicy }] = managed.properties('AWS::KMS::Key');
    const services = KeyPolicy.Statement.filter(({ Principal }: Json) => Principal.Service).map(
      ({ Sid, Condition }: Json) => {
        const [[key, value] = []] = Object.entries<Json>(Object.assign({}, ...Object.values<Json>(Condition)));
        return [Sid, key, JSON.stringify(value).includes('{"Ref":"AWS::AccountId"}')];
      },
    );
    expect(services).toEqual([
      ['RulesWriteToQueues', 'kms:EncryptionContext:aws:sqs:arn', true],
      ['AlarmsPublishToTopic', 'aws:SourceAccount', true],
      ['LogGroups', 'kms:EncryptionContext:aws:logs:arn', true],
      ['LogDelivery', 'kms:EncryptionContext:SourceArn', true],
    ]);
  });

  // Without these the stack deploys and then neither runs nor tells anything.
  describe('and who works with it may use the key', () => {
    test.each([
      ['the digest, to publish to the topic', 'NotificationsDigest', 'kms:GenerateDataKey'],
      ['the digest, to read the count', 'NotificationsDigest', 'kms:Decrypt'],
      ['run-task, to count notices', 'RerunRunTask', 'kms:Decrypt'],
      ['the sweep, to keep its lease', 'SweepHandler', 'kms:Decrypt'],
      ['the rules, to start sweeps', 'SweepRuleRole', 'kms:GenerateDataKey'],
    ])('%s', (_, role, action) => {
      expect(managed.keyActions(role)).toContain(action);
    });

    test.each(['RerunStateMachine', 'NotificationsDigest', 'SweepStateMachine'])(
      'the state machine %s, under its full ARN',
      (id) => {
        const conditions = managed
          .statements(id)
          .flatMap(({ Condition }) => Object.values(Condition?.StringEquals ?? {}));
        const arns = conditions
          .map((value: Json) => value['Fn::Join']?.[1].at(-1))
          .filter((end) => end?.startsWith?.(':stateMachine:'));
        expect(arns).toEqual([expect.stringMatching(/^:stateMachine:.+/)]);
      },
    );
  });
});

describe('logs', () => {
  test('of state machines hold every step and none of its data', () => {
    managed.template.resourceCountIs('AWS::StepFunctions::StateMachine', 4);
    managed.template.allResourcesProperties('AWS::StepFunctions::StateMachine', {
      LoggingConfiguration: Match.objectLike({ Level: 'ALL', IncludeExecutionData: false }),
    });
  });

  test('are kept as long as is configured', () => {
    managed.template.allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: 30 });
    managed.template.resourceCountIs('AWS::Logs::LogGroup', 10);
  });
});

describe('beside the rest', () => {
  test('the topic takes nothing in the clear', () => {
    managed.template.hasResourceProperties('AWS::SNS::TopicPolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({ Effect: 'Deny', Principal: '*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
        ]),
      },
    });
  });

  test('a trail is created where that is configured, of this Region’s writes', () => {
    managed.template.resourceCountIs('AWS::CloudTrail::Trail', 0);
    owned.template.hasResourceProperties('AWS::CloudTrail::Trail', {
      IsLogging: true,
      IsMultiRegionTrail: false,
      EventSelectors: [{ ReadWriteType: 'WriteOnly' }],
    });
  });

  test('each address is subscribed', () => {
    owned.template.hasResourceProperties('AWS::SNS::Subscription', { Protocol: 'email', Endpoint: 'ops@example.com' });
  });

  test('the table holds items by id and forgets them when they expire', () => {
    managed.template.hasResourceProperties('AWS::DynamoDB::Table', {
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
    });
  });

  test('warnings are annotations', () => {
    Annotations.fromStack(owned.stack).hasWarning('*', Match.stringLikeRegexp('clusters is empty'));
    const cloudTrail = { logGroupName: 'trail', bucketName: 'records' };
    const acknowledgedWarnings = ['lambdaConcurrency'];
    const notifications = { emails: ['ops@example.com'] };
    const known = new Synthesized({ ...LISTED, cloudTrail, notifications, acknowledgedWarnings });
    Annotations.fromStack(known.stack).hasNoWarning('*', Match.anyValue());
    // As the CLI shows it.
    acknowledgedWarnings.push('Annotation::ecs-throttle-remediation:noSubscriber');
    const acknowledged = new Synthesized({ ...LISTED, cloudTrail, acknowledgedWarnings });
    Annotations.fromStack(acknowledged.stack).hasNoWarning('*', Match.anyValue());
  });

  test('several environments are several stacks of one name, each in its place and by its own keys', () => {
    const place = (region: string, own = {}) => ({ account: '111122223333', region, ...own });
    const stacks = stacksOf({
      ...LISTED,
      environments: [place('us-east-1'), place('eu-west-1', { encryption: 'awsOwned' })],
    });
    expect(stacks.map(({ stackName, region }) => [stackName, region])).toEqual([
      ['EcsThrottleRemediation', 'us-east-1'],
      ['EcsThrottleRemediation', 'eu-west-1'],
    ]);
    expect(stacks.map((stack) => Object.keys(Template.fromStack(stack).findResources('AWS::KMS::Key')).length)).toEqual(
      [1, 0],
    );
  });
});

describe('a place', () => {
  const at = (region: string, more = {}) => {
    const partition = region.startsWith('cn-') ? 'aws-cn' : 'aws';
    const listed = JSON.parse(JSON.stringify(LISTED).replaceAll('arn:aws:', `arn:${partition}:`));
    return new Synthesized({ ...listed, ...more, environments: [{ account: '111122223333', region }] });
  };
  const logGroups = (self: Synthesized) =>
    self.properties('AWS::KMS::Key')[0].KeyPolicy.Statement.find(({ Sid }: Json) => Sid === 'LogGroups').Principal
      .Service;

  test.each([
    ['us-east-1', 'logs.us-east-1.amazonaws.com'],
    ['cn-north-1', 'logs.cn-north-1.amazonaws.com.cn'],
  ])('%s lets its own CloudWatch Logs use the key: %s', (region, principal) => {
    expect(logGroups(at(region))).toBe(principal);
  });

  test('that is not known yet takes the suffix of whatever it will be', () => {
    expect(JSON.stringify(logGroups(managed))).toContain('AWS::URLSuffix');
  });

  test.each([
    [undefined, ['arm64']],
    ['x86_64', ['x86_64']],
  ])('may have another architecture: %s', (architecture, expected) => {
    const functions = Object.values<Json>(at('us-east-1', { ...(architecture && { architecture }) }).handlers());
    for (const { Properties } of functions) expect(Properties.Architectures).toEqual(expected);
  });
});

test('a topic that is there already is told, and is neither made nor subscribed to', () => {
  const topicArn = 'arn:aws:sns:us-east-1:111122223333:ops';
  const existing = new Synthesized({ ...LISTED, notifications: { topicArn } });
  existing.template.resourceCountIs('AWS::SNS::Topic', 0);
  const actions = existing.properties('AWS::CloudWatch::Alarm').flatMap(({ AlarmActions = [] }) => AlarmActions);
  expect(new Set(actions)).toEqual(new Set([topicArn]));
  expect(existing.statements('NotificationsDigest')).toContainEqual(
    expect.objectContaining({ Action: 'sns:Publish', Resource: topicArn }),
  );
});

test('a first deployment that failed leaves nothing behind: what is kept is kept on updates and deletes alone', () => {
  for (const synthesized of [managed, owned]) {
    const resources = Object.values<Json>(synthesized.template.toJSON().Resources);
    const kept = resources.filter(({ DeletionPolicy, UpdateReplacePolicy }) =>
      `${DeletionPolicy} ${UpdateReplacePolicy}`.includes('Retain'),
    );
    expect(kept.length).toBeGreaterThan(2);
    for (const { Type, DeletionPolicy } of kept) expect([Type, DeletionPolicy]).toEqual([Type, 'RetainExceptOnCreate']);
    // Nobody else can be in the way of a name that CloudFormation makes.
    for (const { Type, Properties } of kept)
      expect([Type, Properties?.BucketName ?? Properties?.QueueName]).toEqual([Type, undefined]);
  }
});

test('the Lambda concurrency that a storm takes is said at synth, by the rate of the account’s quota', () => {
  const said = (configuration: object) =>
    Annotations.fromStack(stacksOf({ ...LISTED, ...configuration })[0] as never)
      .findWarning('*', Match.stringLikeRegexp('Lambda: '))
      .map(({ entry }) => String(entry.data));
  expect(said({})).toEqual([expect.stringMatching(/up to 40 .*\(13 of them launch 40 calls a second\).*L-B99A9384/)]);
  expect(said({ monitoring: { clusterModifyPerSecond: 200 } })).toEqual([expect.stringContaining('up to 92 ')]);
  expect(said({ acknowledgedWarnings: ['lambdaConcurrency'] })).toEqual([]);
});

test('alarms link the runbook where its owner put it', () => {
  const runbookUrl = 'https://wiki.example.com/ecs';
  const linked = new Synthesized({ ...LISTED, notifications: { runbookUrl } });
  const alarms = [
    ...linked.properties('AWS::CloudWatch::Alarm'),
    ...linked.properties('AWS::CloudWatch::CompositeAlarm'),
  ];
  for (const { AlarmDescription } of alarms) {
    expect(AlarmDescription).toContain(` ${runbookUrl}#`);
    expect(AlarmDescription).not.toContain('Resolution:');
  }
  expect(dashboardText(linked)).toContain(`[Runbook](${runbookUrl})`);
});

test('the dashboard holds the first steps of every alarm where nobody says where the runbook is', () => {
  const plain = new Synthesized(LISTED);
  const text = dashboardText(plain);
  const anchors = plain
    .properties('AWS::CloudWatch::Alarm')
    .map(({ AlarmDescription }) => AlarmDescription.split('docs/runbook.md#')[1]);
  expect(anchors.length).toBeGreaterThan(20);
  for (const anchor of anchors) {
    const { heading, text: steps } = firstSteps().get(anchor) ?? {};
    expect(text).toContain(`**${heading}.** ${steps}`);
  }
});

test('mails are told where the runbook, the logs and the sweep are', () => {
  const plain = new Synthesized({ ...LISTED, notifications: { runbookUrl: 'https://wiki.example.com/ecs' } });
  const digest = plain.definition('NotificationsDigest');
  const sweep = plain.properties('AWS::StepFunctions::StateMachine', 'Sweep')[0].StateMachineName;
  const logs = ['IntakeHandlerLogs', 'SweepHandlerLogs', 'RerunRunTaskLogs'].map((id) =>
    plain.idOf('AWS::Logs::LogGroup', id),
  );
  for (const state of ['Tell of the first', 'Tell of the rest']) {
    const { Message } = digest.States[state].Arguments;
    expect(Message).toContain(`'{runbook}', "https://wiki.example.com/ecs"`);
    expect(Message).toMatch(new RegExp(`'\\{sweepStateMachineArn\\}', "\\S+:stateMachine:${sweep}"`));
    for (const id of logs) expect(Message).toMatch(new RegExp(`~'[^~]*${id}`));
    expect(Message).toContain(`'{logGroups}', "~'`);
  }
});

function dashboardText(synthesized: Synthesized): string {
  const [{ DashboardBody }] = synthesized.properties('AWS::CloudWatch::Dashboard');
  const body = DashboardBody['Fn::Join'][1].map((part: Json) => (typeof part === 'string' ? part : '')).join('');
  const [widget, ...others] = JSON.parse(body).widgets.filter(({ type }: Json) => type === 'text');
  expect(others).toEqual([]);
  return widget.properties.markdown;
}
