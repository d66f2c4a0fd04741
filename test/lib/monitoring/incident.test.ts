import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { describe, expect, test } from 'vitest';
import { parseDefinition } from '../../../lab/asl/index.ts';
import { HANDLERS, INCIDENT_STATES } from '../../../lambda/core/contract.ts';
import { readConfiguration } from '../../../lib/config/read-config.ts';
import { IncidentReports } from '../../../lib/monitoring/incident-reports.ts';
import { type Json, plainApp, Synthesized } from '../../support/stacks.ts';

const stack = new Synthesized({ cloudTrail: { logGroupName: 'org/trail' } });
const definition = stack.definition('IncidentsStateMachine');
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
      [10, 300, 'intake'],
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

  test('count the lines of all functions but their own, may read no other log but the trail’s, and lead to it', () => {
    const groups = Object.values(stack.handlers())
      .map(({ Properties: { LoggingConfig } }) => LoggingConfig.LogGroup.Ref as string)
      .filter((id) => !id.startsWith('Incidents'))
      .toSorted();
    expect(groups).toHaveLength(HANDLERS.length - 1);
    const [start] = stack.statements('IncidentsHandler').filter(({ Action }) => Action === 'logs:StartQuery');
    const own = start.Resource.flatMap((resource: Json) => resource['Fn::GetAtt']?.[0] ?? []);
    expect(own.toSorted()).toEqual(groups);
    expect(JSON.stringify(start.Resource.slice(own.length))).toMatch(/:log-group:org\/trail:\*"\]\]\}\]$/);
    const { about } = definition.States[INCIDENT_STATES.watch].Arguments.Payload;
    expect(about.logGroupNames).toHaveLength(groups.length);
    expect(about.trailLogGroupName).toBe('org/trail');
    expect(about.savedQueries.map(({ logGroupNames }: Json) => logGroupNames)).toEqual([
      about.logGroupNames,
      ['org/trail'],
      ['org/trail'],
    ]);
  });

  test('have the states that the contract names, and no others', () => {
    expect(Object.keys(definition.States).sort()).toEqual(Object.values(INCIDENT_STATES).sort());
    const { begin, watch, next, wait, tell, over } = INCIDENT_STATES;
    expect([definition.StartAt, ...[begin, wait, watch, tell].map((name) => definition.States[name].Next)]).toEqual([
      begin,
      wait,
      watch,
      next,
      next,
    ]);
    expect(definition.States[next]).toMatchObject({ Choices: [{ Next: wait }, { Next: tell }], Default: over });
    expect(() => parseDefinition(definition)).not.toThrow();
  });

  test('outlast half a day of any service that they need', () => {
    for (const state of [INCIDENT_STATES.watch, INCIDENT_STATES.tell]) {
      expect(definition.States[state].Retry).toMatchObject([
        { ErrorEquals: ['States.ALL'], MaxDelaySeconds: 300, MaxAttempts: 300 },
      ]);
    }
  });

  test('are left out where they are switched off', () => {
    const without = new Synthesized({ monitoring: { incidentReports: false } });
    expect(Object.keys(without.template.toJSON().Resources).filter((id) => id.startsWith('Incident'))).toEqual([]);
  });

  test('can be had without the rest of the stack', () => {
    const alone = new Stack(plainApp(), 'Alone');
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
