import { expect, test } from 'vitest';
import { isRuleArn, onlyRuleOf, ruleOf } from '../../../../lambda/core/opt-in/senders.ts';

const RULE = 'arn:aws:events:us-east-1:111122223333:rule/nightly';
const OTHER = 'arn:aws:events:us-east-1:111122223333:rule/weekly';
const handsOver = (...arns: string[]) => arns.map((arn) => ({ arn, handsOver: true }));

test.each([
  ['the rule that the key names', handsOver(RULE, OTHER), 'SERVICE', `${OTHER}/event-1`, OTHER],
  [
    'the rule that the key names, where another’s name begins so',
    handsOver(RULE, `${RULE}-2`),
    'SERVICE',
    `${RULE}-2/event-1`,
    `${RULE}-2`,
  ],
  ['nobody, where the key names none', handsOver(RULE), 'SERVICE', 'nightly', undefined],
  ['no rule, where a user sent it', handsOver(RULE), 'AIDAEXAMPLE', RULE, undefined],
  ['no rule, where a role sent it', handsOver(RULE), 'AROAEXAMPLE', RULE, undefined],
  ['nobody, where a rule is listed but does not hand over', [{ arn: RULE }], 'SERVICE', RULE, undefined],
])('a message is of %s', (_, callers, principalId, key, expected) => {
  expect(ruleOf(callers, principalId, key)).toBe(expected);
});

test.each([
  ['it, where the service sent it', handsOver(RULE), 'SERVICE', RULE],
  ['none of several', handsOver(RULE, OTHER), 'SERVICE', undefined],
  ['none, where a role sent it', handsOver(RULE), 'AROAEXAMPLE', undefined],
  ['none, where a user sent it', handsOver(RULE), 'AIDAEXAMPLE', undefined],
])('a message without a key is of the only listed rule: %s', (_, callers, principalId, expected) => {
  expect(onlyRuleOf(callers, principalId)).toBe(expected);
});

test('a role is no rule', () => {
  expect([RULE, 'arn:aws:iam::111122223333:role/cron', '*'].map(isRuleArn)).toEqual([true, false, false]);
});
