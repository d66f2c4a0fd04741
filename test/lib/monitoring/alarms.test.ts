import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  GIVE_UP_REASONS,
  HANDLERS,
  IGNORE_REASONS,
  METRIC_NAMESPACE,
  METRICS,
  REFUSE_REASONS,
} from '../../../lambda/core/contract.ts';
import { metricsOfAlarm, widgetsOf } from '../../support/dashboard.ts';
import { type Json, Synthesized } from '../../support/stacks.ts';

const managed = new Synthesized({});
const owned = new Synthesized({ encryption: 'awsOwned' });
const alarms = managed.properties('AWS::CloudWatch::Alarm');
const composite = managed.properties('AWS::CloudWatch::CompositeAlarm');
const runbook = readFileSync(new URL('../../../docs/runbook.md', import.meta.url), 'utf8');

/** The sections under a heading of this level, by their own headings. */
const sections = (text: string, level: string) =>
  new Map(
    text
      .split(new RegExp(`^${level} `, 'm'))
      .slice(1)
      .map((section) => [section.split('\n', 1)[0] ?? '', section] as const),
  );
const anchorOf = (heading: string) => heading.toLowerCase().replaceAll(' ', '-');

const widgets = widgetsOf(managed);
const onAlarms = alarms.flatMap(metricsOfAlarm);
const metrics = [...onAlarms, ...widgets.flatMap((widget) => widget.metrics)];

describe('each alarm', () => {
  test('tells the notification topic, but for those that begin a report', () => {
    expect(alarms.length).toBeGreaterThanOrEqual(10 + 2 * HANDLERS.length);
    const topic = { Ref: managed.idOf('AWS::SNS::Topic', 'NotificationsTopic') };
    for (const { AlarmActions, AlarmDescription } of [...alarms, ...composite]) {
      expect(AlarmActions).toEqual(AlarmDescription.startsWith('information: ') ? undefined : [topic]);
    }
  });

  test('is at rest while there is no data: every metric on them is silent while nothing happens', () => {
    const others = alarms.filter(({ TreatMissingData }) => TreatMissingData !== 'notBreaching');
    // But for one, which counts only while executions wait.
    expect(others).toEqual(managed.properties('AWS::CloudWatch::Alarm', 'AlarmsNoPermitGiven'));
    expect(others).toMatchObject([{ TreatMissingData: 'breaching', MetricName: 'Permit' }]);
  });

  test('needs no metric filled up that may never have been published', () => {
    const expressions = alarms.flatMap(({ Metrics = [] }) =>
      Metrics.flatMap(({ Expression }: Json) => Expression ?? []),
    );
    expect(expressions).toEqual(expect.arrayContaining(['SUM([gaveUp, refused, none])', 'IF(ended == 0, failed, 0)']));
    expect(expressions.filter((expression) => expression.includes('FILL'))).toEqual([]);
  });

  test('on usage, which comes late, looks at more than the newest minute', () => {
    const usage = alarms.filter((alarm) => metricsOfAlarm(alarm).some(({ namespace }) => namespace === 'AWS/Usage'));
    expect(usage).toHaveLength(4);
    for (const { EvaluationPeriods, DatapointsToAlarm } of usage) {
      expect(DatapointsToAlarm).toBeLessThan(EvaluationPeriods);
    }
  });

  test('that starts a sweep rests on counts of our own as well', () => {
    const [{ EventPattern }] = managed.properties('AWS::Events::Rule', 'SweepAlarmRaised');
    expect(JSON.stringify(EventPattern.resources)).toContain(
      managed.idOf('AWS::CloudWatch::Alarm', 'UsageAlarmsCallsThrottled'),
    );
  });

  test.each(['FailedInvocations', 'InvocationsFailedToBeSentToDlq'])('on %s watches every rule', (wanted) => {
    const watched = onAlarms.filter(({ name }) => name === wanted).map(({ dimensions }) => dimensions.RuleName);
    expect(watched.toSorted()).toEqual(Object.keys(managed.template.findResources('AWS::Events::Rule')).toSorted());
  });

  test('has a section of the runbook that says what it is, where to look and what to do', () => {
    const [, alarmSections = ''] = runbook.split(/^## Alarms$/m);
    const [known = ''] = alarmSections.split(/^## /m);
    const anchored = new Map([...sections(known, '###')].map(([heading, text]) => [anchorOf(heading), text]));
    const used = [...alarms, ...composite].map(({ AlarmDescription }) => AlarmDescription.split('docs/runbook.md#')[1]);
    for (const anchor of used) {
      for (const part of ['Description', 'Investigation', 'Resolution']) {
        expect(anchored.get(anchor), anchor).toContain(`**${part}.**`);
      }
    }
    // And no section is of an alarm that is gone.
    expect([...anchored.keys()].toSorted()).toEqual([...new Set(used)].toSorted());
  });

  test('says how bad it is and what a person should do, first steps included', () => {
    for (const { AlarmDescription } of [...alarms, ...composite]) {
      expect(AlarmDescription).toMatch(
        /^(critical|warning|information): [A-Z].+\. Investigation: .+[.?] Resolution: .+\. docs\/runbook\.md#[a-z-]+$/,
      );
    }
  });
});

/** Which resource a dimension names, as the services document it. */
const DOCUMENTED: Readonly<Record<string, readonly [names: readonly string[], dimension: string, type: string]>> = {
  // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
  'AWS/SQS': [
    [
      'ApproximateAgeOfOldestMessage',
      'ApproximateNumberOfMessagesVisible',
      'ApproximateNumberOfMessagesNotVisible',
      'NumberOfMessagesSent',
    ],
    'QueueName',
    'AWS::SQS::Queue',
  ],
  // https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
  'AWS/Lambda': [['Errors', 'Throttles', 'Invocations', 'Duration'], 'FunctionName', 'AWS::Lambda::Function'],
  // https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html
  'AWS/States': [['ExecutionsFailed', 'ExecutionsStarted'], 'StateMachineArn', 'AWS::StepFunctions::StateMachine'],
  // https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html
  'AWS/Events': [
    ['Invocations', 'FailedInvocations', 'InvocationsFailedToBeSentToDlq'],
    'RuleName',
    'AWS::Events::Rule',
  ],
};

/** Usage of the account, which is of no resource. */
const USAGE = [
  // https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-Usage-Metrics.html
  ...['RunTask', 'StartTask', 'StopTask', 'ExecuteCommand'].map((Resource) => ({
    namespace: 'AWS/Usage',
    name: 'CallCount',
    dimensions: { Service: 'ECS', Type: 'API', Resource, Class: 'None' },
  })),
  // https://docs.aws.amazon.com/AmazonECS/latest/developerguide/monitoring-fargate-usage.html
  ...['Standard/OnDemand', 'Standard/Spot'].map((Class) => ({
    namespace: 'AWS/Usage',
    name: 'ResourceCount',
    dimensions: { Service: 'Fargate', Type: 'Resource', Resource: 'vCPU', Class },
  })),
];

describe('each metric of AWS on an alarm or a widget', () => {
  test.each(Object.keys(DOCUMENTED))('of %s has the documented dimension, of a resource of this stack', (space) => {
    const [names, dimension, type] = DOCUMENTED[space] ?? [[], '', ''];
    const own = Object.keys(managed.template.findResources(type));
    const found = metrics.filter(({ namespace }) => namespace === space);
    expect(found.length).toBeGreaterThan(0);
    for (const { name, dimensions } of found) {
      expect(names).toContain(name);
      expect(Object.keys(dimensions)).toEqual([dimension]);
      expect(own).toContain(dimensions[dimension]);
    }
  });

  test('of AWS/Usage has the documented dimensions, and each of these is looked at', () => {
    const found = metrics.filter(({ namespace }) => namespace === 'AWS/Usage');
    for (const metric of found) expect(USAGE).toContainEqual(metric);
    for (const metric of USAGE) expect(found).toContainEqual(metric);
  });

  test('is of a namespace that is looked at here; ours are looked at in the lab', () => {
    const namespaces = new Set(metrics.map(({ namespace }) => namespace));
    expect([...namespaces].toSorted()).toEqual([...Object.keys(DOCUMENTED), 'AWS/Usage', METRIC_NAMESPACE].toSorted());
    for (const { namespace, name } of metrics) {
      if (namespace === METRIC_NAMESPACE) expect(Object.values(METRICS)).toContain(name);
    }
  });

  test.each(['Errors', 'Throttles'])('on alarms watches the %s of every handler', (wanted) => {
    const functions = onAlarms.filter(({ name }) => name === wanted);
    const known = Object.keys(managed.handlers());
    expect(known).toHaveLength(HANDLERS.length);
    expect(functions.map(({ dimensions }) => dimensions.FunctionName ?? '').toSorted()).toEqual(known.toSorted());
  });

  test('on alarms watches every dead-letter queue', () => {
    const watched = onAlarms
      .filter(({ name }) => name === 'ApproximateNumberOfMessagesVisible')
      .map(({ dimensions }) => dimensions.QueueName);
    const dead = Object.keys(managed.template.findResources('AWS::SQS::Queue')).filter((id) =>
      id.includes('DeadLetter'),
    );
    expect(dead).toHaveLength(4);
    expect(watched).toEqual(expect.arrayContaining(dead));
  });
});

describe('CloudWatch may publish to the topic', () => {
  const cloudWatch = { Service: 'cloudwatch.amazonaws.com' };
  const ofThisAccount = { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } };

  test.each([
    ['a key of its own', managed],
    ['keys of AWS', owned],
  ])('for this account’s alarms, under %s', (_, self) => {
    const [{ PolicyDocument }] = self.properties('AWS::SNS::TopicPolicy');
    expect(PolicyDocument.Statement).toContainEqual({
      Sid: 'AlarmsPublish',
      Effect: 'Allow',
      Principal: cloudWatch,
      Action: 'sns:Publish',
      Resource: { Ref: self.idOf('AWS::SNS::Topic', 'NotificationsTopic') },
      Condition: ofThisAccount,
    });
  });

  test('and use the topic’s key', () => {
    const [{ KeyPolicy }] = managed.properties('AWS::KMS::Key');
    const [statement] = KeyPolicy.Statement.filter(({ Principal }: Json) => Principal.Service === cloudWatch.Service);
    expect(statement.Action.toSorted()).toEqual(['kms:Decrypt', 'kms:GenerateDataKey*']);
    expect(statement.Condition).toEqual(ofThisAccount);
  });
});

test('the runbook has a row for each reason of a call that was not brought back, and for no other', () => {
  const [, table = ''] = runbook.split(/^## Reasons$/m);
  const rows = [...table.matchAll(/^\| `(\w+)` +\| (\w+) +\|/gm)].map(([, reason, end]) => [reason, end]);
  expect(rows).toEqual([
    ...REFUSE_REASONS.map((reason) => [reason, 'Refused']),
    ...GIVE_UP_REASONS.map((reason) => [reason, 'GaveUp']),
  ]);
});

test('links within the runbook lead somewhere', () => {
  const anchors = [...runbook.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchorOf(heading));
  const links = [...runbook.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor]) => anchor);
  expect(links.length).toBeGreaterThan(10);
  expect(anchors).toEqual(expect.arrayContaining([...new Set(links)]));
});

test('the runbook explains each reason why an event is ignored', () => {
  const [, rest = ''] = runbook.split(/^## Ignored$/m);
  const [table = ''] = rest.split(/^## /m);
  expect([...table.matchAll(/^\| `(\w+)` +\|/gm)].map(([, reason]) => reason)).toEqual([...IGNORE_REASONS]);
});
