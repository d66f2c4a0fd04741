import { App, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { describe, expect, test } from 'vitest';
import { UsageAlarms } from '../../lib/index.ts';
import { widgetsOf } from '../support/dashboard.ts';
import { type Json, Synthesized } from '../support/stacks.ts';

const managed = new Synthesized({ monitoring: { clusterModifyPerSecond: 100, shareOfQuota: 0.5 } });
const without = new Synthesized({ monitoring: { dashboard: false, usageAlarms: false } });
const unlinked = new Synthesized({ monitoring: { alarmsStartSweeps: false } });

describe('usage alarms', () => {
  const alarm = (id: string) => managed.properties('AWS::CloudWatch::Alarm', `UsageAlarms${id}`)[0] as Json;

  test('are raised at the share of the quota that is configured, per minute', () => {
    expect(alarm('RunTaskBucket')).toMatchObject({ Threshold: 0.5 * 100 * 60, EvaluationPeriods: 1 });
    expect(alarm('RunTaskBucket').Metrics[0].Expression).toBe(
      'FILL(runTask, 0) + FILL(startTask, 0) + FILL(stopTask, 0) + FILL(executeCommand, 0)',
    );
  });

  test.each(['FargateOnDemand', 'FargateSpot'])('of %s ask CloudWatch for the quota', (id) => {
    expect(alarm(id)).toMatchObject({ Threshold: 0.5 });
    expect(alarm(id).Metrics[0].Expression).toBe('usage / SERVICE_QUOTA(usage)');
  });

  test('know what is usual for RunTask', () => {
    const { Metrics, ThresholdMetricId, ComparisonOperator } = alarm('RunTaskUnusual');
    expect(ComparisonOperator).toBe('GreaterThanUpperThreshold');
    expect(Metrics.find(({ Id }: Json) => Id === ThresholdMetricId).Expression).toMatch(/^ANOMALY_DETECTION_BAND\(/);
  });

  test('stand on their own', () => {
    const stack = new Stack(new App());
    const topic = new Topic(stack, 'Topic');
    new UsageAlarms(stack, 'Usage', { topic, clusterModifyPerSecond: 40, shareOfQuota: 0.8 });
    const template = Template.fromStack(stack);
    template.resourceCountIs('AWS::CloudWatch::Alarm', 4);
    template.hasResourceProperties('AWS::CloudWatch::Alarm', { Threshold: 1920 });
  });

  test('that are signs of throttling start a sweep of everything, unless that is switched off', () => {
    const [rule] = managed.properties('AWS::Events::Rule', 'SweepAlarmRaised');
    const signs = ['RunTaskBucket', 'RunTaskUnusual'].map((id) =>
      managed.idOf('AWS::CloudWatch::Alarm', `UsageAlarms${id}`),
    );
    expect(rule.EventPattern).toEqual({
      source: ['aws.cloudwatch'],
      'detail-type': ['CloudWatch Alarm State Change'],
      resources: signs.map((id) => ({ 'Fn::GetAtt': [id, 'Arn'] })),
      detail: { state: { value: ['ALARM'] } },
    });
    expect(rule.Targets).toMatchObject([{ Input: '{"cluster":"*"}' }]);
    expect(unlinked.properties('AWS::Events::Rule', 'SweepAlarmRaised')).toEqual([]);
    expect(unlinked.properties('AWS::CloudWatch::Alarm', 'UsageAlarms')).toHaveLength(4);
  });
});

describe('the dashboard', () => {
  test('shows what is worth a look', () => {
    expect(widgetsOf(managed).map(({ title }) => title)).toEqual([
      'Throttle events',
      'Calls brought back',
      'Wait from call to task',
      'Pace and quota',
      'Calls of others',
      'Our RunTask requests',
      'Waiting for a turn',
      'Not brought back, by reason',
      'Cost (estimate)',
    ]);
  });

  test('draws the quota that is configured beside the pace', () => {
    const pace = widgetsOf(managed).find(({ title }) => title === 'Pace and quota');
    expect(pace?.annotations).toEqual(['sustained quota: 100']);
  });
});

test('what is switched off is not there', () => {
  without.template.resourceCountIs('AWS::CloudWatch::Dashboard', 0);
  expect(without.properties('AWS::CloudWatch::Alarm', 'UsageAlarms')).toEqual([]);
  expect(without.properties('AWS::Events::Rule', 'SweepAlarmRaised')).toEqual([]);
});

describe('saved queries', () => {
  const created = new Synthesized({ cloudTrail: 'create' });
  const named = new Synthesized({ cloudTrail: { logGroupName: 'org/trail' } });
  const queries = (self: Synthesized) => self.properties('AWS::Logs::QueryDefinition', 'SavedQueries');
  const namesOf = (self: Synthesized) => queries(self).map(({ Name }) => Name.replace('EcsThrottleRemediation/', ''));
  const OWN = ['Verdicts', 'Results of re-runs', 'Refusals by reason'];
  const TRAIL = [
    'Throttles by caller',
    'Throttles by API',
    'Throttles over time',
    'RunTask throttles of one cluster',
    'Disguised throttles',
  ];

  test('read the functions’ own logs, and a trail’s where its log group is known', () => {
    expect(namesOf(managed).toSorted()).toEqual(OWN.toSorted());
    for (const self of [created, named]) expect(namesOf(self).toSorted()).toEqual([...OWN, ...TRAIL].toSorted());
    const groups = (self: Synthesized, name: string) =>
      queries(self).find(({ Name }) => Name.endsWith(`/${name}`))?.LogGroupNames;
    expect(groups(named, 'Throttles by API')).toEqual(['org/trail']);
    expect(groups(created, 'Throttles by API')).toEqual([{ Ref: created.idOf('AWS::Logs::LogGroup', 'TrailLogs') }]);
    expect(groups(managed, 'Verdicts')).toEqual(
      ['IntakeHandler', 'SweepHandler', 'RerunRunTask'].map((id) => ({
        Ref: managed.idOf('AWS::Logs::LogGroup', `${id}Logs`),
      })),
    );
  });

  test('that are left out are told of at synth', () => {
    const text = Match.stringLikeRegexp('Saved queries about callers are left out');
    Annotations.fromStack(managed.stack).hasInfo('*', text);
    Annotations.fromStack(named.stack).hasNoInfo('*', text);
  });

  test('are not there where they are not wanted', () => {
    expect(queries(new Synthesized({ investigation: { savedQueries: false } }))).toEqual([]);
  });
});

test('a trail that is created writes to a bucket of its own and to a log group, both for as long as is configured', () => {
  const created = new Synthesized({ cloudTrail: 'create', retentionDays: 90 });
  const [trail] = created.properties('AWS::CloudTrail::Trail');
  const bucket = created.idOf('AWS::S3::Bucket', 'TrailBucket');
  const logs = created.idOf('AWS::Logs::LogGroup', 'TrailLogs');
  expect(trail).toMatchObject({
    S3BucketName: { Ref: bucket },
    CloudWatchLogsLogGroupArn: { 'Fn::GetAtt': [logs, 'Arn'] },
  });
  expect(created.properties('AWS::S3::Bucket', 'TrailBucket')).toMatchObject([
    { LifecycleConfiguration: { Rules: [{ ExpirationInDays: 90 }] } },
  ]);
  expect(created.properties('AWS::Logs::LogGroup', 'TrailLogs')).toMatchObject([{ RetentionInDays: 90 }]);
});
