import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../lab/kernel/json.ts';
import { eventText, HOME, rerunOf } from '../support/records.ts';
import { type Attacked, attacked, sendMessage } from './attack.fixture.ts';

/** Attackers with permissions in the account: what each permission is worth, and what it is not. */

const STRANGER = `arn:aws:iam::${HOME.account}:role/stranger`;
const parkedUntil = '9999-12-31T00:00:00.000Z';

describe('whoever may put rules and targets', () => {
  const poke = { source: 'forger', 'detail-type': 'poke', account: HOME.account, region: HOME.region, detail: {} };

  /** What comes of a rule of somebody else's that hands its constant input to a resource of ours. */
  const pokedThrough = (target: (arnOf: Attacked['arnOf']) => JsonObject) =>
    attacked(({ put }) => put(JSON.stringify(poke)), {
      foreign: (arnOf) => {
        const Targets = [{ Id: 'ours', ...target(arnOf) }];
        const Properties = { State: 'ENABLED', EventPattern: { source: ['forger'] }, Targets };
        return { Foreign: { Type: 'AWS::Events::Rule', Properties } };
      },
    });

  test.each([
    ['a forged record to the intake', 'IntakeQueue', eventText()],
    [
      'a forged wish for permits to the rate limiter',
      'RateLimiterQueue',
      JSON.stringify({ taskToken: 'x', parkedUntil, tasks: 10 }),
    ],
    ['a forged record to the dead-letter queue', 'IntakeDeadLetterQueue', eventText()],
  ])('cannot hand %s as the constant input of a rule: queues know their rules', async (_, id, Input) => {
    const { launched, executions, world, readable, arnOf } = await pokedThrough((arn) => ({
      Arn: arn('AWS::SQS::Queue', id),
      Input,
    }));
    expect([launched, executions, readable]).toEqual([[], [], []]);
    expect(world.sqs.depth(arnOf('AWS::SQS::Queue', id))).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
  });

  test('cannot start a re-run under the role that our own rules have', async () => {
    const { launched, executions } = await pokedThrough((arn) => ({
      Arn: arn('AWS::StepFunctions::StateMachine', 'Rerun'),
      RoleArn: arn('AWS::IAM::Role', 'SweepRuleRole'),
      Input: JSON.stringify(rerunOf()),
    }));
    expect([launched, executions]).toEqual([[], []]);
  });

  test('may forge the call of a listed caller through a rule of ours, if they may change that', async () => {
    const { launched } = await attacked(({ put }) => put(JSON.stringify(poke)), {
      foreign: (arn) => {
        const rule = arn('AWS::Events::Rule', 'IntakeRunTaskCalled').split('/').at(-1) ?? '';
        const Targets = [{ Id: 'ours', Arn: arn('AWS::SQS::Queue', 'IntakeQueue'), Input: eventText() }];
        const Properties = { State: 'ENABLED', EventPattern: { source: ['forger'] }, Targets };
        return { [rule]: { Type: 'AWS::Events::Rule', Properties } };
      },
    });
    expect(launched).toHaveLength(2);
  });
});

describe('whoever may send to the intake queue', () => {
  const send = (text: string) => {
    let id = '';
    const sent = attacked(({ world, arnOf }) => {
      id = sendMessage(world.sqs, arnOf('AWS::SQS::Queue', 'IntakeQueue'), text);
    });
    return sent.then((aftermath) => ({ ...aftermath, id }));
  };

  test.each([
    ['a source that is not ECS', { envelope: { source: 'my.app' } }],
    ['a record of another service', { detail: { eventSource: 'ecs.evil.com' } }],
  ])('gains nothing by %s: it lies in the dead-letter queue', async (_, changes) => {
    const { endOf, id, deadLetters, launched } = await send(eventText(changes));
    expect([endOf(id), deadLetters, launched]).toEqual(['refuse malformed', 1, []]);
  });

  test('gains no caller, family or role that is not listed', async () => {
    const forged = { detail: { userIdentity: { arn: STRANGER } } };
    const { launched, runTaskCalls } = await send(eventText(forged));
    expect([launched, runTaskCalls]).toEqual([[], 0]);
  });

  test('may forge the call of a listed caller: the permission is worth RunTask on what is listed', async () => {
    expect((await send(eventText())).launched).toHaveLength(2);
  });
});
