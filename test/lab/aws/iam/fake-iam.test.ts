import { GetRoleCommand, GetUserCommand, IAMClient, NoSuchEntityException } from '@aws-sdk/client-iam';
import { expect, test } from 'vitest';
import { FakeIam, Principals } from '../../../../lab/aws/iam/fake-iam.ts';
import { Permissions } from '../../../../lab/aws/iam/permissions.ts';
import { principalIdOf } from '../../../../lab/aws/iam/principal-id.ts';
import { clientConfig } from '../../../../lab/aws/sdk/transport.ts';
import { policiesOf } from '../../../../lab/stack/policies.ts';
import { DeployedTemplate } from '../../../../lab/stack/template.ts';
import { accountWith } from '../world.ts';

const CRON = 'arn:aws:iam::111122223333:role/jobs/nightly/cron';
const OPS = 'arn:aws:iam::111122223333:user/ops';
const principals = new Principals('111122223333', [CRON, OPS, 'arn:aws:iam::444455556666:role/elsewhere', '*']);
const client = new IAMClient(clientConfig(new FakeIam(principals), { arn: CRON }, 'us-east-1'));

test('a role has the unique id by which its sessions send', async () => {
  const { Role } = await client.send(new GetRoleCommand({ RoleName: 'cron' }));
  expect(Role).toMatchObject({ RoleName: 'cron', Arn: CRON, Path: '/jobs/nightly/' });
  expect(principalIdOf('arn:aws:sts::111122223333:assumed-role/cron/s')).toBe(`${Role?.RoleId}:s`);
});

test('a user has the unique id by which it sends', async () => {
  const { User } = await client.send(new GetUserCommand({ UserName: 'ops' }));
  expect(User).toMatchObject({ Arn: OPS, Path: '/', UserId: principalIdOf(OPS) });
});

test.each(['ops', 'elsewhere', '*'])('there is no role %s in this account', async (RoleName) => {
  await expect(client.send(new GetRoleCommand({ RoleName }))).rejects.toThrow(NoSuchEntityException);
});

test('a template’s role has the same id', () => {
  const template = {
    Resources: {
      cron: {
        Type: 'AWS::IAM::Role',
        Properties: { AssumeRolePolicyDocument: { Version: '2012-10-17', Statement: [] } },
      },
    },
    Outputs: { Id: { Value: { 'Fn::GetAtt': ['cron', 'RoleId'] } } },
  };
  const deployed = new DeployedTemplate(template, { account: '111122223333', region: 'us-east-1' });
  expect(principalIdOf('arn:aws:sts::111122223333:assumed-role/cron/s')).toBe(`${deployed.output('Id')}:s`);
});

test('who may look somebody up is judged by the ARN with its path, and without one where nobody has the name', () => {
  const statement = { Effect: 'Allow', Action: ['iam:GetRole'], Resource: [CRON, CRON.replace('cron', 'gone')] };
  const trust = { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' };
  const document = (one: object) => ({ Version: '2012-10-17', Statement: [one] }) as never;
  const template = {
    Resources: {
      intake: { Type: 'AWS::IAM::Role', Properties: { AssumeRolePolicyDocument: document(trust) } },
      Policy: {
        Type: 'AWS::IAM::Policy',
        Properties: { Roles: [{ Ref: 'intake' }], PolicyDocument: document(statement) },
      },
    },
  };
  const policies = policiesOf(new DeployedTemplate(template, { account: '111122223333', region: 'us-east-1' }));
  const permissions = new Permissions(policies, accountWith(), () => undefined, principals);
  const look = (RoleName: string) => () =>
    permissions.require('arn:aws:sts::111122223333:assumed-role/intake/f', 'iam', 'GetRole', { RoleName });
  expect(look('cron')).not.toThrow();
  expect(look('gone')).toThrow('is not authorized to perform: iam:GetRole');
});
