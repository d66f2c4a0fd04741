import { describe, expect, test } from 'vitest';
import { makeSenders } from '../../../lambda/sources/senders.ts';
import { awsError, type Sent } from '../../support/dependencies.ts';
import { openTable } from '../../support/table.ts';

const ROLE = 'arn:aws:iam::111122223333:role/jobs/cron';
const USER = 'arn:aws:iam::111122223333:user/ops';
const GONE = 'arn:aws:iam::111122223333:role/gone';
const RULE = 'arn:aws:events:us-east-1:111122223333:rule/nightly';
const CALLERS = [GONE, ROLE, USER, RULE].map((arn) => ({ arn, handsOver: true }));

/** IAM, which knows a role and a user, and answers for the third as is said. */
function openSenders(ofTheThird = 'NoSuchEntityException', table = openTable()) {
  let failing = ofTheThird;
  const iam = ({ name, input }: Sent) => {
    if (name === 'GetUserCommand') return { User: { Arn: USER, UserId: 'AIDAOPS' } };
    if (input.RoleName === 'cron') return { Role: { Arn: ROLE, RoleId: 'AROACRON' } };
    if (failing) throw awsError(failing);
    return { Role: { Arn: GONE, RoleId: 'AROAGONE' } };
  };
  const world = table.open({ callers: CALLERS }, { iam });
  return {
    ...world,
    table,
    senderOf: makeSenders(world.dependencies),
    mend: () => {
      failing = '';
    },
    asked: () => world.named('GetRoleCommand').length,
  };
}

describe('the sender of a message', () => {
  test.each([
    ['a session of a listed role', 'AROACRON:session', undefined, { principalArn: ROLE, principalId: 'AROACRON' }],
    ['a listed user', 'AIDAOPS', undefined, { principalArn: USER, principalId: 'AIDAOPS' }],
    ['the listed rule, under whatever id the service has', 'amazonaws.com', `${RULE}/1`, { principalArn: RULE }],
    ['somebody unlisted, by the id', 'AROASTRANGER:x', RULE, { principalArn: 'AROASTRANGER' }],
  ])('is %s', async (_, senderId, key, caller) => {
    expect(await openSenders().senderOf(senderId, key)).toMatchObject(caller);
  });

  test('is asked for once by all messages of a batch', async () => {
    const { senderOf, asked } = openSenders();
    const callers = await Promise.all([1, 2, 3].map(() => senderOf('AROACRON:session', undefined)));
    expect(new Set(callers.map(({ principalArn }) => principalArn))).toEqual(new Set([ROLE]));
    expect(asked()).toBe(2);
  });

  test('is known to other functions from then on, though IAM be out of service', async () => {
    const first = openSenders();
    await first.senderOf('AROACRON:session', undefined);
    const second = openSenders('ServiceFailureException', first.table);
    expect(await second.senderOf('AROACRON:other', undefined)).toMatchObject({ principalArn: ROLE });
    expect(second.asked()).toBe(0);
  });

  test('is known where IAM fails for another one', async () => {
    const { senderOf } = openSenders('AccessDeniedException');
    expect(await senderOf('AROACRON:session', undefined)).toMatchObject({ principalArn: ROLE });
  });

  test('is not turned away while it may be one that IAM did not tell of', async () => {
    const { senderOf, mend } = openSenders('AccessDeniedException');
    await expect(senderOf('AROAGONE:session', undefined)).rejects.toThrow();
    mend();
    expect(await senderOf('AROAGONE:session', undefined)).toMatchObject({ principalArn: GONE });
  });
});
