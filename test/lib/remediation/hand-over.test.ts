import { describe, expect, test } from 'vitest';
import { OUTPUTS } from '../../../lambda/core/contract.ts';
import { type Json, Synthesized, stacksOf } from '../../support/stacks.ts';

const role = (name: string) => `arn:aws:iam::111122223333:role/${name}`;
const USER = 'arn:aws:iam::111122223333:user/ops';
const RULE = 'arn:aws:events:us-east-1:111122223333:rule/nightly';
const LISTED = {
  mode: 'rerun',
  clusters: ['batch'],
  families: ['report'],
  callers: [role('cron'), ...[role('etl'), USER, RULE].map((arn) => ({ arn, handsOver: true }))],
};
const managed = new Synthesized(LISTED);
const owned = new Synthesized({ ...LISTED, encryption: 'awsOwned' });
const observing = new Synthesized({ ...LISTED, mode: 'observe' });
const anybody = new Synthesized({
  ...LISTED,
  callers: [
    { arn: '*', handsOver: true },
    { arn: RULE, handsOver: true },
  ],
});

/** What the queue's policy says beside that nothing is sent in the clear. */
function policyOf(self: Synthesized): Json[] {
  const [{ PolicyDocument }] = self.properties('AWS::SQS::QueuePolicy', 'HandOverQueue');
  const statements: Json[] = PolicyDocument.Statement;
  return statements.filter(({ Condition }) => !Condition?.Bool);
}
const attribute = (self: Synthesized, type: string, idPrefix: string, name = 'Arn') => ({
  'Fn::GetAtt': [self.idOf(type, idPrefix), name],
});
const queueArn = (self: Synthesized) => attribute(self, 'AWS::SQS::Queue', 'HandOverQueue');
const fromRule = (self: Synthesized) => ({
  Sid: 'ListedRules',
  Effect: 'Allow',
  Principal: { Service: 'events.amazonaws.com' },
  Action: 'sqs:SendMessage',
  Resource: queueArn(self),
  Condition: { ArnEquals: { 'aws:SourceArn': [RULE] } },
});

describe('to the hand-over queue', () => {
  test('nobody may send while the stack only observes', () => {
    expect(policyOf(observing)).toEqual([
      {
        Sid: 'Closed',
        Effect: 'Deny',
        Principal: { AWS: '*' },
        Action: 'sqs:SendMessage',
        Resource: queueArn(observing),
      },
    ]);
  });

  test('only callers that say so may send, their rules, and the role that moves dead letters back', () => {
    const redriveRole = attribute(managed, 'AWS::IAM::Role', 'HandOverRedriveRole');
    expect(policyOf(managed)).toEqual([
      {
        Sid: 'OnlyListedCallers',
        Effect: 'Deny',
        Principal: { AWS: '*' },
        Action: 'sqs:SendMessage',
        Resource: queueArn(managed),
        // Both have to hold: a rule has no principal's ARN, a role no source's.
        Condition: {
          StringNotEquals: { 'aws:PrincipalArn': [role('etl'), USER, redriveRole] },
          ArnNotEquals: { 'aws:SourceArn': [RULE] },
        },
      },
      fromRule(managed),
    ]);
  });

  test('whomever IAM lets may send where "*" hands over, but of rules only the listed ones', () => {
    expect(policyOf(anybody)).toEqual([fromRule(anybody)]);
  });

  test('a list that makes the policy longer than SQS takes is an error that says what to list instead', () => {
    const callers = Array.from({ length: 100 }, (_, n) => ({
      arn: role(`teams/data-platform/nightly-jobs/caller-number-${n}`),
      handsOver: true,
    }));
    expect(() => stacksOf({ ...LISTED, callers })).toThrow(
      /callers: .* policy of \d+ bytes, expected at most 8192\. List a role that several of them share/,
    );
    expect(() => stacksOf({ ...LISTED, callers: callers.slice(0, 20) })).not.toThrow();
  });
});

describe('the hand-over queue and its dead-letter queue', () => {
  test('outlive the stack, but not a deployment that failed at once', () => {
    const queues = Object.entries<Json>(managed.template.findResources('AWS::SQS::Queue')).filter(([id]) =>
      id.startsWith('HandOver'),
    );
    expect(queues).toHaveLength(2);
    for (const [, { DeletionPolicy, UpdateReplacePolicy }] of queues) {
      expect([DeletionPolicy, UpdateReplacePolicy]).toEqual(['RetainExceptOnCreate', 'Retain']);
    }
  });

  test('are closed when the stack goes, after the policy that lets callers in is gone', () => {
    const [policy] = Object.values<Json>(managed.template.findResources('AWS::SQS::QueuePolicy')).filter(
      ({ Properties }) => Properties.Queues[0].Ref === managed.idOf('AWS::SQS::Queue', 'HandOverQueue'),
    );
    const closing = managed.idOf('Custom::AWS', 'HandOverClosing');
    expect(policy.DependsOn).toContain(closing);
    const [{ Create, Update, Delete }] = managed.properties('Custom::AWS');
    expect([Create, Update]).toEqual([undefined, undefined]);
    const call = JSON.parse(
      Delete['Fn::Join'][1]
        .map((part: Json) => (typeof part === 'string' ? part : Object.values(part).flat()[0]))
        .join(''),
    );
    expect(call).toMatchObject({ service: 'SQS', action: 'setQueueAttributes' });
    const queue = managed.idOf('AWS::SQS::Queue', 'HandOverQueue');
    expect(call.parameters.QueueUrl).toBe(queue);
    expect(JSON.parse(call.parameters.Attributes.Policy).Statement).toEqual([
      { Sid: 'Closed', Effect: 'Deny', Principal: { AWS: '*' }, Action: 'sqs:SendMessage', Resource: queue },
    ]);
  });

  test('are closed by a function that may do nothing else, and log it where the others do', () => {
    const actions = managed.statements('HandOverClosing').map(({ Action, Resource }) => [Action, Resource]);
    expect(actions).toEqual(
      expect.arrayContaining([
        ['sqs:SetQueueAttributes', queueArn(managed)],
        [['logs:CreateLogStream', 'logs:PutLogEvents'], attribute(managed, 'AWS::Logs::LogGroup', 'HandOverClosing')],
      ]),
    );
    expect(actions).toHaveLength(2);
    const [logs] = managed.properties('AWS::Logs::LogGroup', 'HandOverClosing');
    expect(logs).toEqual({ RetentionInDays: 30, KmsKeyId: attribute(managed, 'AWS::KMS::Key', 'Key') });
  });

  test('feed the intake in batches whose parts may fail, and hide a message for as long as it may take', () => {
    const mappings = managed
      .properties('AWS::Lambda::EventSourceMapping')
      .filter(({ EventSourceArn }) => JSON.stringify(EventSourceArn) === JSON.stringify(queueArn(managed)));
    const handler = managed.idOf('AWS::Lambda::Function', 'IntakeHandler');
    expect(mappings).toMatchObject([
      { FunctionName: { Ref: handler }, FunctionResponseTypes: ['ReportBatchItemFailures'] },
    ]);
    const [queue] = managed.properties('AWS::SQS::Queue', 'HandOverQueue');
    const [{ Timeout }] = managed.properties('AWS::Lambda::Function', 'IntakeHandler');
    expect(queue.VisibilityTimeout).toBeGreaterThanOrEqual(Timeout);
    expect(queue.RedrivePolicy).toEqual({
      deadLetterTargetArn: attribute(managed, 'AWS::SQS::Queue', 'HandOverDeadLetterQueue'),
      maxReceiveCount: 160,
    });
  });
});

describe('the stack says', () => {
  const outputs = managed.template.toJSON().Outputs;

  test.each([
    [OUTPUTS.handOverQueueUrl, 'AWS::SQS::Queue', 'HandOverQueue', undefined],
    [OUTPUTS.handOverDeadLetterQueue, 'AWS::SQS::Queue', 'HandOverDeadLetterQueue', undefined],
    [OUTPUTS.handOverPolicy, 'AWS::IAM::ManagedPolicy', 'HandOverCallerPolicy', undefined],
    [OUTPUTS.handOverRedriveRole, 'AWS::IAM::Role', 'HandOverRedriveRole', 'Arn'],
  ])('%s', (name, type, idPrefix, of) => {
    expect(outputs[name].Value).toEqual(
      of ? attribute(managed, type, idPrefix, of) : { Ref: managed.idOf(type, idPrefix) },
    );
  });
});

describe('the policy for callers', () => {
  const policy = (self: Synthesized): Json[] =>
    self.properties('AWS::IAM::ManagedPolicy', 'HandOverCallerPolicy')[0].PolicyDocument.Statement;

  test('lets them send, under keys of AWS, and nothing else', () => {
    expect(policy(owned)).toEqual([{ Effect: 'Allow', Action: 'sqs:SendMessage', Resource: queueArn(owned) }]);
  });

  test('lets them use the key of its own through SQS alone', () => {
    const [send, key, ...others] = policy(managed);
    expect(send).toEqual({ Effect: 'Allow', Action: 'sqs:SendMessage', Resource: queueArn(managed) });
    expect(key.Action.toSorted()).toEqual(['kms:Decrypt', 'kms:GenerateDataKey']);
    expect(key.Resource).toEqual(attribute(managed, 'AWS::KMS::Key', 'Key'));
    expect(key.Condition.StringEquals['kms:ViaService']['Fn::Join'][1]).toEqual([
      'sqs.',
      { Ref: 'AWS::Region' },
      '.',
      { Ref: 'AWS::URLSuffix' },
    ]);
    expect(others).toEqual([]);
  });

  test('is of no use to a rule: the key itself lets rules write to queues of this account', () => {
    const [{ KeyPolicy }] = managed.properties('AWS::KMS::Key');
    const ofRules = KeyPolicy.Statement.filter(({ Principal }: Json) => Principal.Service === 'events.amazonaws.com');
    expect(ofRules).toMatchObject([{ Effect: 'Allow', Action: ['kms:Decrypt', 'kms:GenerateDataKey'] }]);
    expect(Object.keys(ofRules[0].Condition.ArnLike)).toEqual(['kms:EncryptionContext:aws:sqs:arn']);
  });
});

test('dead letters are moved back by a role that may use the key and both queues', () => {
  const actionsOn = (resource: Json) =>
    managed
      .statements('HandOverRedriveRole')
      .filter(({ Resource }) => JSON.stringify(Resource) === JSON.stringify(resource))
      .flatMap(({ Action }) => Action);
  expect(actionsOn(queueArn(managed))).toEqual(['sqs:SendMessage']);
  expect(actionsOn(attribute(managed, 'AWS::SQS::Queue', 'HandOverDeadLetterQueue'))).toEqual(
    expect.arrayContaining(['sqs:StartMessageMoveTask', 'sqs:ReceiveMessage', 'sqs:DeleteMessage']),
  );
  expect(managed.keyActions('HandOverRedriveRole').toSorted()).toEqual(['kms:Decrypt', 'kms:GenerateDataKey']);
});

test('the intake may ask who a listed caller is, and nobody else', () => {
  const asking = (self: Synthesized) =>
    self.statements('').filter(({ Action }) => [Action].flat().some((action: string) => action.startsWith('iam:Get')));
  expect(asking(managed)).toEqual([
    { Effect: 'Allow', Action: ['iam:GetRole', 'iam:GetUser'], Resource: [role('etl'), USER] },
  ]);
  expect(managed.statements('IntakeHandler')).toEqual(expect.arrayContaining(asking(managed)));
  expect(asking(anybody)).toEqual([]);
});
