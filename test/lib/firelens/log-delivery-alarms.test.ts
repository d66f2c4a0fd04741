import { describe, expect, test } from 'vitest';
import { logging, look } from '../../support/firelens.ts';
import type { Json } from '../../support/stacks.ts';

const routers = look(logging());

describe('alarms on the delivery of lines', () => {
  const alarms = routers.properties('AWS::CloudWatch::Alarm');
  const filters = routers.properties('AWS::Logs::MetricFilter');

  test.each(['PutLogEvents', 'CreateLogStream'])('tell of throttles of %s', (operation) => {
    const [alarm] = alarms.filter(({ Dimensions }) => Dimensions?.some(({ Value }: Json) => Value === operation));
    expect(alarm).toMatchObject({ Namespace: 'AWS/Logs', MetricName: 'ThrottleCount', Statistic: 'Sum', Threshold: 1 });
    expect(alarm.Dimensions).toEqual([
      { Name: 'Class', Value: 'None' },
      { Name: 'Resource', Value: operation },
      { Name: 'Service', Value: 'Logs' },
      { Name: 'Type', Value: 'API' },
    ]);
  });

  test('on routers look at metrics that filters of the routers’ own lines make', () => {
    const made = filters.flatMap(({ MetricTransformations }) =>
      MetricTransformations.map(({ MetricNamespace, MetricName }: Json) => `${MetricNamespace} ${MetricName}`),
    );
    const looked = alarms
      .filter(({ Namespace }) => Namespace !== 'AWS/Logs')
      .map(({ Namespace, MetricName }) => `${Namespace} ${MetricName}`);
    expect(looked).toHaveLength(2);
    expect(looked.toSorted()).toEqual(made.toSorted());
    for (const { LogGroupName } of filters) {
      expect(LogGroupName).toEqual({ Ref: routers.idOf('FireLensRouterLogGroup') });
    }
  });

  /** Lines of Fluent Bit as issues and AWS's debugging guide have them. */
  test.each([
    [
      "[2021/01/18 17:45:05] [error] [output:cloudwatch_logs:cloudwatch_logs.2] PutLogEvents API responded with error='ThrottlingException', message='Rate exceeded for logStreamName app'",
      'NotDelivered',
    ],
    ['[error] [output:cloudwatch_logs:cloudwatch_logs.0] Failed to send log events', 'NotDelivered'],
    ['[error] [output:cloudwatch_logs:cloudwatch_logs.0] Failed to create log stream', 'NotDelivered'],
    [
      "[ warn] [engine] failed to flush chunk '1-1647467985.551788815.flb', retry in 9 seconds: task_id=0, input=forward.1 > output=cloudwatch_logs.0 (out_id=0)",
      'NotDelivered',
    ],
    [
      "[ warn] [engine] chunk '1-1645042288.260516436.flb' cannot be retried: task_id=0, input=tcp.3 > output=cloudwatch_logs.1",
      'Lost',
    ],
    ['[input] forward.0 paused (mem buf overlimit)', 'Lost'],
    ['[input] forward.0 resume (mem buf overlimit)', undefined],
    ['[ info] [output:cloudwatch_logs:cloudwatch_logs.0] Created log stream ecs/app-firelens-1', undefined],
  ])('know the line: %s', (line, kind) => {
    const matching = filters.filter(({ FilterPattern }) =>
      [...FilterPattern.matchAll(/\?"([^"]*)"/g)].some(([, text = '']) => line.includes(text)),
    );
    const names = matching.map(({ MetricTransformations: [{ MetricName }] }) => MetricName);
    expect(names).toEqual(kind ? [expect.stringMatching(new RegExp(`report${kind}$`))] : []);
  });

  test('ring at once for lines that are lost, and otherwise for what lasts', () => {
    const periods = alarms.map(({ MetricName, EvaluationPeriods, DatapointsToAlarm, Period }) => [
      MetricName.endsWith('Lost'),
      EvaluationPeriods,
      DatapointsToAlarm,
      Period,
    ]);
    const lasting = [false, 5, 3, 60];
    expect(periods).toEqual(expect.arrayContaining([lasting, [true, 1, 1, 60]]));
    expect(periods.filter(([lost]) => lost)).toHaveLength(1);
    for (const { TreatMissingData } of alarms) expect(TreatMissingData).toBe('notBreaching');
  });
});
