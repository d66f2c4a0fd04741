import { describe, expect, test } from 'vitest';
import { Iam, type Identity, type Need } from '../../../../lab/aws/iam/iam.ts';
import { Permissions } from '../../../../lab/aws/iam/permissions.ts';
import { UnsupportedError } from '../../../../lab/kernel/aws-service.ts';
import type { JsonObject } from '../../../../lab/kernel/json.ts';
import { policiesOf } from '../../../../lab/stack/policies.ts';
import { mergedConfiguration, synthesize, type Template } from '../../../../lab/stack/synthesize.ts';
import { DeployedTemplate } from '../../../../lab/stack/template.ts';
import { CRON_REPORTS } from '../../../support/scenario-config.ts';
import { holdToModels } from '../held-to-models.ts';
import { accountWith, RUN_TASK } from '../world.ts';

holdToModels();

const PLACE = { account: '111122223333', region: 'us-east-1' };
const ROLE = 'arn:aws:iam::111122223333:role/Worker';
const SESSION = 'arn:aws:sts::111122223333:assumed-role/Worker/function';
const QUEUE = 'arn:aws:sqs:us-east-1:111122223333:Jobs';
const KEY = 'arn:aws:kms:us-east-1:111122223333:key/Key';
const RULE = 'arn:aws:events:us-east-1:111122223333:rule/Ours';
const TABLE = 'arn:aws:dynamodb:us-east-1:111122223333:table/State';

const document = (...statements: JsonObject[]) => ({ Version: '2012-10-17', Statement: statements });
const allow = (action: string | string[], resource: string | string[], condition?: JsonObject): JsonObject => ({
  Effect: 'Allow',
  Action: action,
  Resource: resource,
  ...(condition && { Condition: condition }),
});
const deny = (action: string, resource: string, condition?: JsonObject): JsonObject => ({
  ...allow(action, resource, condition),
  Effect: 'Deny',
});
const trust = document({ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' });

/** A template with one role, and what else is asked for. */
function template(statements: JsonObject[], others: Record<string, { Type: string; Properties: JsonObject }> = {}) {
  const PolicyDocument = document(...statements);
  return {
    Resources: {
      Worker: { Type: 'AWS::IAM::Role', Properties: { AssumeRolePolicyDocument: trust } },
      Policy: { Type: 'AWS::IAM::Policy', Properties: { PolicyName: 'p', PolicyDocument, Roles: [{ Ref: 'Worker' }] } },
      ...others,
    },
  } as Template;
}
const queueWith = (policy: JsonObject[], properties: JsonObject = {}) => ({
  Jobs: { Type: 'AWS::SQS::Queue', Properties: properties },
  JobsPolicy: {
    Type: 'AWS::SQS::QueuePolicy',
    Properties: { Queues: [{ Ref: 'Jobs' }], PolicyDocument: document(...policy) },
  },
});
const policies = (source: Template) => policiesOf(new DeployedTemplate(source, PLACE));
const mayRole = (statements: JsonObject[], need: Need) =>
  new Iam(policies(template(statements))).allows({ role: ROLE }, need);

describe('a role may reach the items whose keys a statement names', () => {
  const permissions = (ids: string[]) => {
    const only = { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ids } };
    const actions = ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:BatchGetItem', 'dynamodb:BatchWriteItem'];
    const another = { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['pause'] } };
    const statements = [allow(actions, TABLE, only), allow(actions, TABLE, another)];
    return new Permissions(policies(template(statements)), accountWith({}), () => undefined);
  };
  const asks = (id: string, operation: string) => () =>
    permissions(['rate', 'traffic#*']).require(SESSION, 'dynamodb', operation, {
      TableName: 'State',
      [operation === 'PutItem' ? 'Item' : 'Key']: { id: { S: id } },
    });

  test.each(['BatchGetItem', 'BatchWriteItem'])('in a batch, where one statement names them all: %s', (operation) => {
    const asksAll =
      (...ids: string[]) =>
      () => {
        const items = ids.map((S) => ({ id: { S } }));
        const State = operation === 'BatchGetItem' ? { Keys: items } : items.map((Item) => ({ PutRequest: { Item } }));
        permissions(['rate', 'traffic#*']).require(SESSION, 'dynamodb', operation, { RequestItems: { State } });
      };
    expect(asksAll('rate', 'traffic#7', 'traffic#8')).not.toThrow();
    expect(asksAll('pause')).not.toThrow();
    for (const ids of [['rate', 'pause'], ['launch#a'], ['traffic#7', 'launch#a']]) {
      expect(asksAll(...ids)).toThrow(`not authorized to perform: dynamodb:${operation}`);
    }
  });

  test.each(['GetItem', 'PutItem'])('and no others: %s', (operation) => {
    expect(asks('rate', operation)).not.toThrow();
    expect(asks('traffic#7', operation)).not.toThrow();
    for (const id of ['launch#a', 'rate#1', 'token-key', 'traffic']) {
      expect(asks(id, operation)).toThrow('not authorized to perform: dynamodb');
    }
  });
});

describe('a role may do what a statement allows and no statement denies', () => {
  const send: Need = { action: 'sqs:SendMessage', resource: QUEUE };
  const runTask: Need = {
    action: 'ecs:RunTask',
    resource: 'arn:aws:ecs:us-east-1:111122223333:task-definition/report:3',
    context: { 'ecs:cluster': 'arn:aws:ecs:us-east-1:111122223333:cluster/batch' },
  };
  const onCluster = (operator: string, value: string) => ({ [operator]: { 'ecs:cluster': value } });
  const cases: readonly (readonly [name: string, allowed: boolean, need: Need, statements: JsonObject[]])[] = [
    ['no statement allows nothing', false, send, []],
    ['the very action and resource', true, send, [allow('sqs:SendMessage', QUEUE)]],
    ['actions are matched whatever their case', true, send, [allow('SQS:sendmessage', QUEUE)]],
    [
      'one of several actions and resources',
      true,
      send,
      [allow(['sqs:Purge', 'sqs:Send*'], ['arn:aws:sqs:::x', QUEUE])],
    ],
    ['another action is another permission', false, send, [allow('sqs:ReceiveMessage', QUEUE)]],
    ['* is every resource', true, send, [allow('sqs:*', '*')]],
    ['* within an ARN', true, send, [allow('sqs:*', 'arn:aws:sqs:us-east-1:111122223333:J*')]],
    ['? is one character', false, send, [allow('sqs:*', 'arn:aws:sqs:us-east-1:111122223333:J?')]],
    ['a wildcard stays in its part of the ARN', false, send, [allow('sqs:*', 'arn:aws:*:Jobs')]],
    ['a dot is a dot', false, send, [allow('sqs.SendMessage', QUEUE)]],
    ['Deny beats Allow, whatever their order', false, send, [allow('*', '*'), deny('sqs:Send*', '*')]],
    [
      'a family stands for all its revisions',
      true,
      runTask,
      [allow('ecs:RunTask', 'arn:aws:ecs:us-east-1:111122223333:task-definition/report:*')],
    ],
    [
      'a family is not the start of another',
      false,
      runTask,
      [allow('ecs:RunTask', 'arn:aws:ecs:us-east-1:111122223333:task-definition/rep:*')],
    ],
    [
      'a condition that holds',
      true,
      runTask,
      [allow('ecs:RunTask', '*', onCluster('ArnEquals', 'arn:aws:ecs:us-east-1:111122223333:cluster/batch'))],
    ],
    [
      'ArnEquals knows wildcards, as ArnLike',
      true,
      runTask,
      [allow('ecs:RunTask', '*', onCluster('ArnEquals', 'arn:aws:ecs:*:*:cluster/b*'))],
    ],
    [
      'StringEquals knows none',
      false,
      runTask,
      [allow('ecs:RunTask', '*', onCluster('StringEquals', 'arn:aws:ecs:us-east-1:111122223333:cluster/*'))],
    ],
    [
      'StringLike knows them',
      true,
      runTask,
      [allow('ecs:RunTask', '*', onCluster('StringLike', 'arn:*cluster/b?tch'))],
    ],
    [
      'a condition on a key that the request lacks does not hold',
      false,
      send,
      [allow('*', '*', onCluster('ArnLike', '*'))],
    ],
    [
      'all requests are encrypted',
      true,
      send,
      [allow('*', '*'), deny('*', '*', { Bool: { 'aws:SecureTransport': 'false' } })],
    ],
  ];
  test.each(cases)('%s: %s', (_, allowed, need, statements) => {
    expect(mayRole(statements, need)).toBe(allowed);
  });

  test.each([
    ['a condition operator', allow('*', '*', { DateLessThan: { 'aws:CurrentTime': 'x' } })],
    ['a condition key', allow('*', '*', { StringEquals: { 'aws:PrincipalTag/team': 'x' } })],
    ['a policy variable', allow('*', `arn:aws:sqs:us-east-1:\${aws:PrincipalAccount}:Jobs`)],
    ['NotAction', { Effect: 'Allow', NotAction: 'iam:*', Resource: '*' }],
  ])('%s that the lab does not know is a loud error', (_, statement) => {
    expect(() => mayRole([statement], send)).toThrow(UnsupportedError);
  });

  test('a condition in a statement that is about something else is not looked at', () => {
    const other = allow('s3:GetObject', '*', { DateLessThan: { 'aws:CurrentTime': 'x' } });
    expect(mayRole([other, allow('*', '*')], send)).toBe(true);
  });

  test('managed policies count, and those that the lab does not know are a loud error', () => {
    const withManaged = (arn: JsonObject | string): Template => {
      const { Resources } = template([]);
      const Properties = { AssumeRolePolicyDocument: trust, ManagedPolicyArns: [arn] };
      const managed = { PolicyDocument: document(allow('sqs:*', QUEUE)) };
      return {
        Resources: {
          ...Resources,
          Worker: { Type: 'AWS::IAM::Role', Properties },
          Mine: { Type: 'AWS::IAM::ManagedPolicy', Properties: managed },
        },
      };
    };
    expect(new Iam(policies(withManaged({ Ref: 'Mine' }))).allows({ role: ROLE }, send)).toBe(true);
    expect(() => policies(withManaged('arn:aws:iam::aws:policy/AdministratorAccess'))).toThrow(/AdministratorAccess/);
  });
});

describe('a service may do what the resource lets it', () => {
  const events: Identity = { service: 'events.amazonaws.com' };
  const fromRule = (rule: string): Need => ({
    action: 'sqs:SendMessage',
    resource: QUEUE,
    context: { 'aws:SourceArn': rule },
  });
  const forRule = {
    ...allow('sqs:SendMessage', QUEUE, { ArnEquals: { 'aws:SourceArn': RULE } }),
    Principal: { Service: 'events.amazonaws.com' },
  };
  test.each([
    ['a rule that the queue policy names', true, RULE, [forRule]],
    ['a foreign rule', false, RULE.replace('Ours', 'Theirs'), [forRule]],
    ['a queue without a policy', false, RULE, []],
    ['a policy for another service', false, RULE, [{ ...forRule, Principal: { Service: 'sns.amazonaws.com' } }]],
    ['a Deny for everybody', false, RULE, [forRule, { ...deny('sqs:*', QUEUE), Principal: '*' }]],
  ])('%s: %s', (_, allowed, rule, policy) => {
    expect(new Iam(policies(template([], queueWith(policy)))).allows(events, fromRule(rule))).toBe(allowed);
  });

  test('a role is assumed by those it trusts alone, whatever it may do itself', () => {
    const iam = new Iam(policies(template([allow('sts:AssumeRole', '*')])));
    const assume: Need = { action: 'sts:AssumeRole', resource: ROLE };
    expect(iam.allows({ service: 'lambda.amazonaws.com' }, assume)).toBe(true);
    expect(iam.allows({ service: 'states.amazonaws.com' }, assume)).toBe(false);
    expect(iam.allows({ role: ROLE }, assume)).toBe(false);
  });
});

describe('what is under a key needs the key as well', () => {
  const key = (...statements: JsonObject[]) => ({
    Key: { Type: 'AWS::KMS::Key', Properties: { KeyPolicy: document(...statements) } },
  });
  const toAccount = { ...allow('kms:*', '*'), Principal: { AWS: 'arn:aws:iam::111122223333:root' } };
  const encrypted = { KmsMasterKeyId: { 'Fn::GetAtt': ['Key', 'Arn'] } };
  const maySend = (statements: JsonObject[], keyPolicy: JsonObject[]) =>
    new Permissions(
      policies(template(statements, { ...queueWith([], encrypted), ...key(...keyPolicy) })),
      accountWith(),
      () => undefined,
    ).has({ role: ROLE }, { action: 'sqs:SendMessage', resource: QUEUE });
  const send = allow('sqs:SendMessage', QUEUE);
  test.each([
    ['the queue alone is not enough', false, [send], [toAccount]],
    ['the queue and the key are', true, [send, allow(['kms:GenerateDataKey*', 'kms:Decrypt'], KEY)], [toAccount]],
    ['a writer decrypts too', false, [send, allow('kms:GenerateDataKey', KEY)], [toAccount]],
    ['a key that leaves nothing to the account', false, [send, allow('kms:*', '*')], []],
    ['a key that names the role itself', true, [send], [{ ...allow('kms:*', '*'), Principal: { AWS: ROLE } }]],
  ])('%s: %s', (_, allowed, statements, keyPolicy) => {
    expect(maySend(statements, keyPolicy)).toBe(allowed);
  });
});

describe('a rule that writes to an encrypted queue needs the key too', () => {
  const RULE = 'arn:aws:events:us-east-1:111122223333:rule/r';
  const events = { Service: 'events.amazonaws.com' };
  const like = (key: string, value: string): JsonObject => ({ ArnLike: { [key]: value } });
  const mayUse = (Condition: JsonObject) => {
    const key = { ...allow(['kms:GenerateDataKey', 'kms:Decrypt'], '*'), Principal: events, Condition };
    const resources = {
      ...queueWith([{ ...allow('sqs:SendMessage', QUEUE), Principal: events }], {
        KmsMasterKeyId: { 'Fn::GetAtt': ['Key', 'Arn'] },
      }),
      Key: { Type: 'AWS::KMS::Key', Properties: { KeyPolicy: document(key) } },
    };
    const context = { 'aws:SourceArn': RULE, 'aws:SourceAccount': '111122223333' };
    return new Permissions(policies(template([], resources)), accountWith(), () => undefined).has(
      { service: 'events.amazonaws.com' },
      { action: 'sqs:SendMessage', resource: QUEUE, context },
    );
  };

  test.each<[string, boolean, JsonObject]>([
    [
      'for queues of this account',
      true,
      like('kms:EncryptionContext:aws:sqs:arn', 'arn:aws:sqs:us-east-1:111122223333:*'),
    ],
    ['for those of another', false, like('kms:EncryptionContext:aws:sqs:arn', 'arn:aws:sqs:us-east-1:999999999999:*')],
    ['by the rule, which the key may not be told', false, like('aws:SourceArn', RULE)],
    ['by its account, likewise', false, { StringEquals: { 'aws:SourceAccount': '111122223333' } }],
  ])('%s: %s', (_, allowed, condition) => {
    expect(mayUse(condition)).toBe(allowed);
  });
});

describe('each call needs its permissions', () => {
  const account = accountWith({
    taskDefinitions: [
      {
        family: 'report',
        revision: 3,
        taskRoleArn: 'arn:aws:iam::111122223333:role/task',
        executionRoleArn: 'arn:aws:iam::111122223333:role/pull',
      },
    ],
  });
  const require = (statements: JsonObject[], service: string, operation: string, input: JsonObject) =>
    new Permissions(policies(template(statements)), account, () => undefined).require(
      SESSION,
      service,
      operation,
      input,
    );

  const run = allow('ecs:RunTask', 'arn:aws:ecs:us-east-1:111122223333:task-definition/report:*', {
    ArnLike: { 'ecs:cluster': 'arn:aws:ecs:us-east-1:111122223333:cluster/batch' },
  });
  const pass = allow('iam:PassRole', ['arn:aws:iam::111122223333:role/task', 'arn:aws:iam::111122223333:role/pull'], {
    StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' },
  });
  const tag = allow('ecs:TagResource', 'arn:aws:ecs:us-east-1:111122223333:task/batch/*', {
    StringEquals: { 'ecs:CreateAction': 'RunTask' },
  });
  const tagged = { ...RUN_TASK, tags: [{ key: 'team', value: 'data' }] };
  const withOverride = { ...RUN_TASK, overrides: { taskRoleArn: 'arn:aws:iam::111122223333:role/admin' } };
  const withVolume = {
    ...RUN_TASK,
    volumeConfigurations: [{ name: 'v', managedEBSVolume: { roleArn: 'arn:aws:iam::111122223333:role/task' } }],
  };
  test.each([
    ['by revision', 'nothing', [run, pass], RUN_TASK],
    ['by bare family, which is its latest revision', 'nothing', [run, pass], { ...RUN_TASK, taskDefinition: 'report' }],
    [
      'without permission',
      'ecs:RunTask on resource: arn:aws:ecs:us-east-1:111122223333:task-definition/report:3',
      [pass],
      RUN_TASK,
    ],
    ['on another cluster', 'ecs:RunTask', [run, pass], { ...RUN_TASK, cluster: 'other' }],
    [
      'on a cluster by ARN',
      'nothing',
      [run, pass],
      { ...RUN_TASK, cluster: 'arn:aws:ecs:us-east-1:111122223333:cluster/batch' },
    ],
    [
      'without PassRole on the roles of the task definition',
      'iam:PassRole on resource: arn:aws:iam::111122223333:role/task',
      [run],
      RUN_TASK,
    ],
    [
      'with a role override',
      'iam:PassRole on resource: arn:aws:iam::111122223333:role/admin',
      [run, pass],
      withOverride,
    ],
    ["with a volume's role, which goes to ecs.amazonaws.com", 'iam:PassRole', [run, pass], withVolume],
    ['with tags', 'ecs:TagResource', [run, pass], tagged],
    ['with tags that may be set', 'nothing', [run, pass, tag], tagged],
  ])('RunTask %s lacks %s', (_, missing, statements, input) => {
    const call = () => require(statements, 'ecs', 'RunTask', input);
    if (missing === 'nothing') expect(call).not.toThrow();
    else expect(call).toThrow(`User: ${SESSION} is not authorized to perform: ${missing}`);
  });

  test.each([
    ['sqs', 'SendMessage', { QueueUrl: 'https://sqs.us-east-1.amazonaws.com/111122223333/Jobs' }, 'AccessDenied', 403],
    ['sns', 'Publish', { TopicArn: 'arn:aws:sns:us-east-1:111122223333:News' }, 'AuthorizationErrorException', 403],
    ['dynamodb', 'UpdateItem', { TableName: 'State' }, 'AccessDeniedException', 400],
    [
      'states',
      'StartExecution',
      { stateMachineArn: 'arn:aws:states:us-east-1:111122223333:stateMachine:Rerun' },
      'AccessDeniedException',
      400,
    ],
    ['cloudtrail', 'LookupEvents', {}, 'AccessDeniedException', 403],
    ['ecs', 'RunTask', RUN_TASK, 'AccessDeniedException', 400],
  ])('%s refuses %s in its own words', (service, operation, input, code, status) => {
    expect(() => require([], service, operation, input)).toThrow(expect.objectContaining({ code, status }));
  });
});

describe("the stack's own policies", () => {
  const config = (changes: JsonObject) =>
    mergedConfiguration({ ...CRON_REPORTS, passRoleArns: ['arn:aws:iam::111122223333:role/task'], ...changes });
  const stack = (encryption: string, changes: JsonObject = {}) => {
    const deployed = new DeployedTemplate(synthesize(config({ encryption, ...changes }), PLACE), PLACE);
    const own = policiesOf(deployed);
    const permissions = new Permissions(own, accountWith(), () => undefined);
    const roleOf = (handler: string) =>
      deployed.all('AWS::Lambda::Function').find(({ metadata }) => Object.values(metadata).includes(handler))
        ?.properties.Role ?? '';
    const machines = deployed.all('AWS::StepFunctions::StateMachine');
    const digest = machines.find(({ logicalId }) => logicalId.startsWith('Notifications'));
    return {
      deployed,
      permissions,
      roleOf,
      digest: { arn: digest?.arn ?? '', role: digest?.properties.RoleArn ?? '' },
    };
  };

  const tellPeople = (encryption: string) => {
    const { deployed, permissions, roleOf, digest } = stack(encryption);
    const table = deployed.all('AWS::DynamoDB::Table')[0]?.arn ?? '';
    const topic = deployed.all('AWS::SNS::Topic')[0]?.arn ?? '';
    for (const handler of ['intake', 'run-task', 'sweep']) {
      const who = { role: roleOf(handler) };
      expect(
        permissions.has(who, { action: 'states:StartExecution', resource: digest.arn }),
        `${handler} starts a digest`,
      ).toBe(true);
      expect(
        permissions.has(who, { action: 'dynamodb:UpdateItem', resource: table }),
        `${handler} counts notices`,
      ).toBe(true);
    }
    const who = { role: digest.role };
    expect(permissions.has(who, { action: 'sns:Publish', resource: topic }), 'the digest publishes').toBe(true);
    expect(permissions.has(who, { action: 'dynamodb:GetItem', resource: table }), 'the digest reads the count').toBe(
      true,
    );
  };

  const TASK_ROLE = 'arn:aws:iam::111122223333:role/task';
  const withExec = { ...RUN_TASK, enableExecuteCommand: true };
  const withVolume = { ...RUN_TASK, volumeConfigurations: [{ name: 'v', managedEBSVolume: { roleArn: TASK_ROLE } }] };
  test.each([
    ['a plain call', true, RUN_TASK, {}],
    ['a call that says that it wants no shell', true, { ...RUN_TASK, enableExecuteCommand: false }, {}],
    ['ECS Exec', false, withExec, {}],
    ['ECS Exec where it is allowed', true, withExec, { allowExecuteCommand: true }],
    ['a volume', false, withVolume, {}],
    ['a volume under a role that is allowed', true, withVolume, { allowedRoleOverrides: [TASK_ROLE] }],
  ])('keep code in the run-task function from all but what is listed: %s', (_, isAllowed, request, changes) => {
    const { permissions, roleOf } = stack('awsOwned', changes);
    const session = roleOf('run-task').replace(':iam:', ':sts:').replace(':role/', ':assumed-role/');
    const call = () => permissions.require(`${session}/function`, 'ecs', 'RunTask', request);
    if (isAllowed) expect(call).not.toThrow();
    else expect(call).toThrow('is not authorized to perform: ecs:RunTask');
  });

  test.each([
    ['lambda.amazonaws.com', 'IntakeHandlerRole', undefined, true],
    ['lambda.amazonaws.com', 'IntakeHandlerRole', '111122223333', true],
    ['lambda.amazonaws.com', 'IntakeHandlerRole', '999999999999', false],
    ['events.amazonaws.com', 'SweepRuleRole', undefined, false],
    ['events.amazonaws.com', 'SweepRuleRole', '111122223333', true],
    ['events.amazonaws.com', 'SweepRuleRole', '999999999999', false],
    ['states.amazonaws.com', 'RerunStateMachineRole', '999999999999', false],
  ])('let %s have %s for resources of account %s: %s', (service, id, account, isTrusted) => {
    const { deployed, permissions } = stack('awsOwned');
    const [role] = deployed.all('AWS::IAM::Role').filter(({ logicalId }) => logicalId.startsWith(id));
    const context: Record<string, string> =
      account === undefined
        ? {}
        : { 'aws:SourceAccount': account, 'aws:SourceArn': `arn:aws:events:us-east-1:${account}:rule/any` };
    const need = { action: 'sts:AssumeRole', resource: role?.arn ?? '', context };
    expect(permissions.has({ service }, need)).toBe(isTrusted);
  });

  test("let the handlers tell people where AWS's own keys are used", () => tellPeople('awsOwned'));

  test("let the handlers tell people where the stack's key is used", () => tellPeople('customerManaged'));
});
