import { expect, test } from 'vitest';
import { isRuleArn, ruleOf } from '../../../../lambda/core/opt-in/senders.ts';

const RULE = 'arn:aws:events:us-east-1:111122223333:rule/nightly';
const OTHER = 'arn:aws:events:us-east-1:111122223333:rule/weekly';
const handsOver = (...arns: string[]) => arns.map((arn) => ({ arn, handsOver: true }));

test.each([
  ['the only listed rule', handsOver(RULE), 'AIDAEXAMPLE', undefined, RULE],
  ['the rule that the key names', handsOver(RULE, OTHER), 'AIDAEXAMPLE', `${OTHER}/event-1`, OTHER],
  ['nobody, where the key names none of several', handsOver(RULE, OTHER), 'AIDAEXAMPLE', 'nightly', undefined],
  ['no rule, where a role sent it', handsOver(RULE), 'AROAEXAMPLE', RULE, undefined],
  ['nobody, where a rule is listed but does not hand over', [{ arn: RULE }], 'AIDAEXAMPLE', RULE, undefined],
])('a message is of %s', (_, callers, principalId, key, expected) => {
  expect(ruleOf(callers, principalId, key)).toBe(expected);
});

test('a role is no rule', () => {
  expect([RULE, 'arn:aws:iam::111122223333:role/cron', '*'].map(isRuleArn)).toEqual([true, false, false]);
});
