import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { describe, expect, test } from 'vitest';
import { parseDefinition } from '../../../lab/asl/index.ts';
import { HANDLERS } from '../../../lambda/core/contract.ts';
import { IncidentReports, readConfiguration } from '../../../lib/index.ts';
import { type Json, Synthesized } from '../../support/stacks.ts';

const stack = new Synthesized({ monitoring: { incidentReruns: 50 }, cloudTrail: { logGroupName: 'org/trail' } });
const alarmIds = ['IncidentsStorm', 'IncidentsSweepFound'];

describe('incident reports', () => {
  test('begin with re-runs in numbers, and with the first find of a sweep', () => {
    const alarms = alarmIds.map((id) => stack.properties('AWS::CloudWatch::Alarm', id)[0]);
    expect(
      alarms.map(({ Threshold, Period, Dimensions }: Json) => [
        Threshold,
        Period,
        Dimensions.find(({ Name }: Json) => Name === 'service').Value,
      ]),
    ).toEqual([
      [50, 300, 'intake'],
      [1, 300, 'sweep'],
    ]);
    const [rule] = stack.properties('AWS::Events::Rule', 'IncidentsBegun');
    expect(rule.EventPattern.resources).toEqual(
      alarmIds.map((id) => ({ 'Fn::GetAtt': [stack.idOf('AWS::CloudWatch::Alarm', id), 'Arn'] })),
    );
    expect(rule.Targets[0].Arn).toEqual({
      Ref: stack.idOf('AWS::StepFunctions::StateMachine', 'IncidentsStateMachine'),
    });
  });

  test('count the lines of all functions, may read no other log, and lead to the trail’s callers', () => {
    const groups = stack
      .properties('AWS::Lambda::Function')
      .map(({ LoggingConfig }) => LoggingConfig.LogGroup.Ref)
      .toSorted();
    expect(groups).toHaveLength(HANDLERS.length);
    const [start] = stack.statements('IncidentsStateMachine').filter(({ Action }) => Action === 'logs:StartQuery');
    expect(start.Resource.map((resource: Json) => resource['Fn::GetAtt'][0]).toSorted()).toEqual(groups);
    const definition = stack.definition('IncidentsStateMachine');
    expect(definition.States.Tell.Arguments.Message).toContain(`$replace('org/trail', '/', '*2f')`);
    expect(() => parseDefinition(definition)).not.toThrow();
  });

  test('are left out where they are switched off', () => {
    const without = new Synthesized({ monitoring: { incidentReports: false } });
    expect(Object.keys(without.template.toJSON().Resources).filter((id) => id.startsWith('Incident'))).toEqual([]);
  });

  test('can be had without the rest of the stack', () => {
    const alone = new Stack(new App(), 'Alone');
    const [own] = readConfiguration({ cloudTrail: 'none' });
    if (!own) throw new Error('expected a configuration');
    const machine = (id: string) =>
      StateMachine.fromStateMachineArn(alone, id, `arn:aws:states:us-east-1:111122223333:stateMachine:${id}`);
    new IncidentReports(alone, 'Incidents', {
      configuration: own.configuration,
      encryptionKey: undefined,
      topic: new Topic(alone, 'Topic'),
      rerunStateMachine: machine('reruns') as never,
      sweepStateMachine: machine('sweeps') as never,
      logGroups: [LogGroup.fromLogGroupName(alone, 'Logs', '/aws/lambda/intake')],
      trailLogGroupName: undefined,
      dashboardName: undefined,
    });
    Template.fromStack(alone).resourceCountIs('AWS::StepFunctions::StateMachine', 1);
  });
});
