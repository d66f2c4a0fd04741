import { describe, expect, test } from 'vitest';
import { Permissions } from '../../../../lab/aws/iam/permissions.ts';
import { principalIdOf } from '../../../../lab/aws/iam/principal-id.ts';
import type { JsonObject } from '../../../../lab/kernel/json.ts';
import { policiesOf } from '../../../../lab/stack/policies.ts';
import { DeployedTemplate } from '../../../../lab/stack/template.ts';
import { accountWith, refusalOf } from '../world.ts';

const PLACE = { account: '111122223333', region: 'us-east-1' };
const QUEUE = 'arn:aws:sqs:us-east-1:111122223333:Door';
const CRON = 'arn:aws:iam::111122223333:role/cron';
const OPS = 'arn:aws:iam::111122223333:user/people/ops';
const RULE = 'arn:aws:events:us-east-1:111122223333:rule/nightly';
const session = (role: string) => `arn:aws:sts::111122223333:assumed-role/${role}/session`;

/** Whether a caller may send to a queue with these statements in its policy. */
function maySend(arn: string, ...statements: JsonObject[]): boolean {
  const template = {
    Resources: {
      Door: { Type: 'AWS::SQS::Queue', Properties: {} },
      DoorPolicy: {
        Type: 'AWS::SQS::QueuePolicy',
        Properties: {
          Queues: [{ Ref: 'Door' }],
          PolicyDocument: { Version: '2012-10-17', Statement: statements },
        },
      },
    },
  };
  const permissions = new Permissions(
    policiesOf(new DeployedTemplate(template, PLACE)),
    accountWith({}),
    () => undefined,
  );
  try {
    permissions.requireOfCaller({ arn }, { action: 'sqs:SendMessage', resource: QUEUE });
    return true;
  } catch {
    return false;
  }
}

const deny = (Condition: JsonObject, Principal: JsonObject | string = '*'): JsonObject => ({
  Effect: 'Deny',
  Principal,
  Action: 'sqs:SendMessage',
  Resource: QUEUE,
  Condition,
});
const allowRule = {
  Effect: 'Allow',
  Principal: { Service: 'events.amazonaws.com' },
  Action: 'sqs:SendMessage',
  Resource: QUEUE,
  Condition: { ArnEquals: { 'aws:SourceArn': RULE } },
};
/** Everybody is kept out but those who are listed, by their own ARN or, where AWS calls for them, by the source's. */
const listed = deny({
  ArnNotEquals: { 'aws:PrincipalArn': [CRON, OPS] },
  ArnNotEqualsIfExists: { 'aws:SourceArn': [RULE] },
});

describe('the policy of a queue', () => {
  test.each<[name: string, arn: string, expected: boolean, statements: JsonObject[]]>([
    ['that says nothing lets in whom IAM lets in', session('anybody'), true, []],
    ['knows a session by its role', session('cron'), true, [listed]],
    ['knows a role', CRON, true, [listed]],
    ['knows a user', OPS, true, [listed]],
    ['keeps out who is not listed', session('crony'), false, [listed]],
    ['keeps out another user', 'arn:aws:iam::111122223333:user/ops', false, [listed]],
    ['lets a rule in by its own ARN', RULE, true, [listed, allowRule]],
    ['lets in no rule that nobody allowed', RULE, false, [listed]],
    ['keeps another rule out', `${RULE}-2`, false, [listed, allowRule]],
    ['knows wildcards', session('cron'), false, [deny({ ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::*:role/c*' } })]],
    [
      'knows names in their exact words',
      session('cron'),
      true,
      [deny({ StringNotEquals: { 'aws:PrincipalArn': CRON } })],
    ],
    [
      'knows patterns that are not to match',
      session('web'),
      false,
      [deny({ StringNotLike: { 'aws:PrincipalArn': '*c*' } })],
    ],
    [
      'knows what a request lacks',
      session('cron'),
      false,
      [deny({ Null: { 'aws:SourceArn': 'true', 'aws:PrincipalArn': 'false' } })],
    ],
    ['may shut out an account', session('cron'), false, [deny({}, { AWS: 'arn:aws:iam::111122223333:root' })]],
    ['shuts out no other account', session('cron'), true, [deny({}, { AWS: '999999999999' })]],
    ['tells people from services', session('cron'), false, [deny({ Bool: { 'aws:PrincipalIsAWSService': 'false' } })]],
  ])('%s', (_name, arn, expected, statements) => {
    expect(maySend(arn, ...statements)).toBe(expected);
  });

  test('is told of as SQS tells: who may not do what', () => {
    const permissions = new Permissions(
      { ofRoles: new Map(), ofResources: new Map(), keys: new Map(), executionRoles: new Map() },
      accountWith({}),
      () => undefined,
    );
    const error = refusalOf(() =>
      permissions.requireOfCaller({ arn: RULE }, { action: 'sqs:SendMessage', resource: QUEUE }),
    );
    expect(error).toMatchObject({ code: 'AccessDenied', status: 403 });
    expect(error.message).toContain('not authorized to perform: sqs:SendMessage');
  });
});

describe('a principal id', () => {
  test('is that of the role with the session, whichever way the role is named', () => {
    const id = principalIdOf(session('cron'));
    expect(id).toMatch(/^AROA[A-Z2-9]{16}:session$/);
    expect(principalIdOf(CRON)).toBe(id);
    expect(principalIdOf('arn:aws:iam::111122223333:role/teams/cron')).toBe(id);
    expect(principalIdOf(session('web'))).not.toBe(id);
  });

  test('is that of a user', () => {
    expect(principalIdOf(OPS)).toMatch(/^AIDA[A-Z2-9]{16}$/);
  });
});
