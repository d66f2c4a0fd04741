import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Rule } from 'aws-cdk-lib/aws-events';
import { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { describe, expect, test } from 'vitest';
import { RemediationDashboard } from '../../../lib/monitoring/dashboard.ts';
import { UsageAlarms } from '../../../lib/monitoring/usage-alarms.ts';
import { widgetsOf } from '../../support/dashboard.ts';
import { type Json, plainApp, Synthesized } from '../../support/stacks.ts';

const managed = new Synthesized({ monitoring: { clusterModifyPerSecond: 100, shareOfQuota: 0.5 } });
const without = new Synthesized({ monitoring: { dashboard: false, usageAlarms: false } });
const unlinked = new Synthesized({ monitoring: { alarmsStartSweeps: false } });

describe('usage alarms', () => {
  const alarm = (id: string) => managed.properties('AWS::CloudWatch::Alarm', `UsageAlarms${id}`)[0] as Json;

  test('are raised at the share of the quota that is configured, per minute', () => {
    expect(alarm('RunTaskBucket')).toMatchObject({
      Threshold: 0.5 * 100 * 60,
      EvaluationPeriods: 15,
      DatapointsToAlarm: 2,
    });
    expect(alarm('RunTaskBucket').Metrics[0].Expression).toBe('SUM([runTask, startTask, stopTask, executeCommand])');
  });

  test.each(['FargateOnDemand', 'FargateSpot'])('of %s ask CloudWatch for the quota', (id) => {
    expect(alarm(id)).toMatchObject({ Threshold: 0.5 });
    expect(alarm(id).Metrics[0].Expression).toMatch(/^(\w+) \/ SERVICE_QUOTA\(\1\)$/);
  });

  test('know what is usual for RunTask', () => {
    const { Metrics, ThresholdMetricId, ComparisonOperator } = alarm('RunTaskUnusual');
    expect(ComparisonOperator).toBe('GreaterThanUpperThreshold');
    expect(Metrics.find(({ Id }: Json) => Id === ThresholdMetricId).Expression).toMatch(/^ANOMALY_DETECTION_BAND\(/);
  });

  test('stand on their own', () => {
    const stack = new Stack(plainApp());
    const topic = new Topic(stack, 'Topic');
    new UsageAlarms(stack, 'Usage', { topic, clusterModifyPerSecond: 40, shareOfQuota: 0.8 });
    const template = Template.fromStack(stack);
    template.resourceCountIs('AWS::CloudWatch::Alarm', 5);
    template.hasResourceProperties('AWS::CloudWatch::Alarm', { Threshold: 1920 });
  });

  test('that are signs of throttling start a sweep of everything, unless that is switched off', () => {
    const [rule] = managed.properties('AWS::Events::Rule', 'SweepAlarmRaised');
    const signs = ['RunTaskBucket', 'RunTaskUnusual', 'CallsThrottled'].map((id) =>
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
    expect(unlinked.properties('AWS::CloudWatch::Alarm', 'UsageAlarms')).toHaveLength(5);
  });
});

describe('the dashboard', () => {
  test('shows what is worth a look', () => {
    expect(widgetsOf(managed).map(({ title }) => title)).toEqual([
      'Throttle events',
      'Calls brought back',
      'Wait from call to task',
      'Rate and quota',
      'Calls of others',
      'Our RunTask requests',
      'No room, by what was short',
      'Fargate vCPUs in use',
      'Waiting for a permit',
      'Not brought back, by reason',
      'Cost (estimate)',
    ]);
  });

  test('estimates what the functions and the executions cost', () => {
    const [expression = ''] = widgetsOf(managed).find(({ title }) => title === 'Cost (estimate)')?.expressions ?? [];
    // A thousand re-runs, each with four invocations of a tenth of a second in all functions together.
    const values: Record<string, number> = { invocations: 1000, milliseconds: 100_000, reruns: 1000 };
    const numbers = expression.replaceAll(/FILL\(([a-z]+)\d?, 0\)/g, (_, name: string) => `${values[name]}`);
    const [functions = '', milliseconds = '', transitions = ''] = numbers.split(/(?<=\)) \* [\d.]+ \+ /);
    expect([functions, milliseconds]).toEqual(['((1000 + 1000 + 1000 + 1000)', '(100000 + 100000 + 100000 + 100000)']);
    expect(transitions).toBe('1000 * 150) / 1000000');
    const prices = [...numbers.matchAll(/\) \* ([\d.]+)/g)].map(([, price]) => Number(price));
    const perMillion = 4000 * (prices[0] ?? 0) + 400_000 * (prices[1] ?? 0) + 150_000;
    // Beside what the lab bills with the table, queues and logs on top: 0.17 dollars for a thousand.
    expect(perMillion / 1e6).toBeGreaterThan(0.15);
    expect(perMillion / 1e6).toBeLessThan(0.17);
  });

  test('stands on its own', () => {
    const stack = new Stack(plainApp());
    const arn = (service: string, resource: string) => `arn:aws:${service}:us-east-1:111122223333:${resource}`;
    new RemediationDashboard(stack, 'Dashboard', {
      handlers: [LambdaFunction.fromFunctionArn(stack, 'Handler', arn('lambda', 'function:handler'))],
      rerunStateMachine: StateMachine.fromStateMachineArn(stack, 'Rerun', arn('states', 'stateMachine:rerun')),
      rateLimiterQueue: Queue.fromQueueArn(stack, 'RateLimiter', arn('sqs', 'rate-limiter')),
      handOverQueue: Queue.fromQueueArn(stack, 'HandOver', arn('sqs', 'hand-over')),
      serviceThrottled: Rule.fromEventRuleArn(stack, 'Rule', arn('events', 'rule/throttled')),
      clusterModifyPerSecond: 40,
    });
    Template.fromStack(stack).resourceCountIs('AWS::CloudWatch::Dashboard', 1);
  });

  test('draws the quota that is configured beside the rate', () => {
    const rate = widgetsOf(managed).find(({ title }) => title === 'Rate and quota');
    expect(rate?.annotations).toEqual(['sustained quota: 100']);
  });
});

test('what is switched off is not there', () => {
  without.template.resourceCountIs('AWS::CloudWatch::Dashboard', 0);
  expect(without.properties('AWS::CloudWatch::Alarm', 'UsageAlarms')).toEqual([]);
  expect(without.properties('AWS::Events::Rule', 'SweepAlarmRaised')).toEqual([]);
});
