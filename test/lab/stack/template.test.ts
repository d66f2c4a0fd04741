import { describe, expect, test } from 'vitest';
import { UnsupportedError } from '../../../lab/kernel/aws-service.ts';
import type { Json, JsonObject } from '../../../lab/kernel/json.ts';
import { resolve, type Scope } from '../../../lab/stack/intrinsics.ts';
import type { Template } from '../../../lab/stack/synthesize.ts';
import { DeployedTemplate } from '../../../lab/stack/template.ts';

const PLACE = { account: '111122223333', region: 'eu-west-1' };
const scope: Scope = {
  pseudoParameters: { 'AWS::Region': 'eu-west-1', 'AWS::Partition': 'aws' },
  identity: (id) => (id === 'Jobs' ? { ref: 'https://queue', attributes: { Arn: 'arn:jobs' } } : undefined),
};

describe('an intrinsic function becomes its value', () => {
  const cases: readonly (readonly [name: string, given: Json, expected: Json])[] = [
    ['Ref of a resource', { Ref: 'Jobs' }, 'https://queue'],
    ['Ref of a pseudo parameter', { Ref: 'AWS::Region' }, 'eu-west-1'],
    ['Fn::GetAtt as a list', { 'Fn::GetAtt': ['Jobs', 'Arn'] }, 'arn:jobs'],
    ['Fn::GetAtt as text', { 'Fn::GetAtt': 'Jobs.Arn' }, 'arn:jobs'],
    ['Fn::Join over other functions', { 'Fn::Join': ['/', ['a', { Ref: 'AWS::Region' }]] }, 'a/eu-west-1'],
    ['Fn::Sub', { 'Fn::Sub': `\${Jobs.Arn} in \${AWS::Region}` }, 'arn:jobs in eu-west-1'],
    ['Fn::Select of Fn::Split', { 'Fn::Select': ['1', { 'Fn::Split': [':', 'a:b'] }] }, 'b'],
    [
      'at any depth, and nothing else',
      { a: [{ b: { Ref: 'Jobs' }, n: null }] },
      { a: [{ b: 'https://queue', n: null }] },
    ],
    ['a member that only looks like one', { Ref: 'Jobs', and: 'more' }, { Ref: 'Jobs', and: 'more' }],
  ];
  test.each(cases)('%s', (_, given, expected) => {
    expect(resolve(given, scope)).toEqual(expected);
  });

  test.each([
    ['a function that the lab does not know', { 'Fn::ImportValue': 'x' }, 'Fn::ImportValue'],
    ['a condition', { 'Fn::If': ['C', 1, 2] }, 'Fn::If'],
    ['a resource that is not there', { Ref: 'Gone' }, 'Gone'],
    ['an attribute that the lab does not know', { 'Fn::GetAtt': ['Jobs', 'Colour'] }, 'Jobs.Colour'],
    ['variables of Fn::Sub', { 'Fn::Sub': ['x', {}] }, 'Fn::Sub'],
  ])('%s is a loud error', (_, given, named) => {
    expect(() => resolve(given as Json, scope)).toThrow(UnsupportedError);
    expect(() => resolve(given as Json, scope)).toThrow(named);
  });
});

const deploy = (resources: Record<string, { Type: string; Properties?: JsonObject }>) =>
  new DeployedTemplate({ Resources: resources } as Template, PLACE);

describe('what the lab does not know is a loud error', () => {
  test('a resource type', () => {
    expect(() => deploy({ Api: { Type: 'AWS::ApiGateway::RestApi' } })).toThrow(
      'Api: the resource type AWS::ApiGateway',
    );
  });

  test.each<[string, string, JsonObject, string]>([
    ['a property', 'AWS::SQS::Queue', { FifoQueue: true }, 'FifoQueue'],
    [
      'a property deep inside',
      'AWS::Events::Rule',
      { EventPattern: {}, State: 'ENABLED', Targets: [{ Id: 'a', Arn: 'b', InputPath: '$' }] },
      'InputPath',
    ],
    [
      'a value',
      'AWS::StepFunctions::StateMachine',
      { DefinitionString: '{}', RoleArn: 'r', StateMachineType: 'EXPRESS' },
      'STANDARD',
    ],
    [
      'an element of a policy',
      'AWS::IAM::Policy',
      { PolicyDocument: { Version: '2012-10-17', Statement: [{ Effect: 'Allow', NotAction: '*', Resource: '*' }] } },
      'NotAction',
    ],
  ])('%s', (_, type, properties, named) => {
    const deployed = deploy({ It: { Type: type, Properties: properties } });
    expect(() => deployed.all(type as 'AWS::SQS::Queue')).toThrow(UnsupportedError);
    expect(() => deployed.all(type as 'AWS::SQS::Queue')).toThrow(named);
  });
});

describe('a resource is known by the identity that AWS would give it', () => {
  const identities: readonly (readonly [type: string, ref: string, arn: string, properties: JsonObject])[] = [
    [
      'AWS::SQS::Queue',
      'https://sqs.eu-west-1.amazonaws.com/111122223333/It',
      'arn:aws:sqs:eu-west-1:111122223333:It',
      {},
    ],
    ['AWS::SNS::Topic', 'arn:aws:sns:eu-west-1:111122223333:It', 'arn:aws:sns:eu-west-1:111122223333:It', {}],
    ['AWS::DynamoDB::Table', 'It', 'arn:aws:dynamodb:eu-west-1:111122223333:table/It', {}],
    ['AWS::Lambda::Function', 'It', 'arn:aws:lambda:eu-west-1:111122223333:function:It', { Role: 'r' }],
    [
      'AWS::StepFunctions::StateMachine',
      'arn:aws:states:eu-west-1:111122223333:stateMachine:It',
      'arn:aws:states:eu-west-1:111122223333:stateMachine:It',
      {},
    ],
    [
      'AWS::StepFunctions::StateMachine',
      'arn:aws:states:eu-west-1:111122223333:stateMachine:mine',
      'arn:aws:states:eu-west-1:111122223333:stateMachine:mine',
      { StateMachineName: 'mine' },
    ],
    ['AWS::Events::Rule', 'It', 'arn:aws:events:eu-west-1:111122223333:rule/It', {}],
    ['AWS::IAM::Role', 'It', 'arn:aws:iam::111122223333:role/It', {}],
    ['AWS::IAM::ManagedPolicy', 'arn:aws:iam::111122223333:policy/It', 'arn:aws:iam::111122223333:policy/It', {}],
    ['AWS::KMS::Key', 'It', 'arn:aws:kms:eu-west-1:111122223333:key/It', {}],
  ];
  test.each(identities)('%s: Ref gives %s, its ARN is %s', (type, ref, arn, properties) => {
    const attribute = type === 'AWS::SNS::Topic' ? 'TopicArn' : 'Arn';
    const environment = { Variables: { REF: { Ref: 'It' }, ARN: { 'Fn::GetAtt': ['It', attribute] } } };
    const deployed = deploy({
      It: { Type: type, Properties: properties },
      Reader: { Type: 'AWS::Lambda::Function', Properties: { Role: 'r', Environment: environment } },
    });
    const reader = deployed.all('AWS::Lambda::Function').find(({ logicalId }) => logicalId === 'Reader');
    expect(reader?.properties.Environment?.Variables).toEqual({ REF: ref, ARN: arn });
  });
});
