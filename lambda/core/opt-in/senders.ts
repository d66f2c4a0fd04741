import { parseArn } from '../arn.ts';
import type { CallerEntry } from './opt-in.ts';

/** Whether an ARN is that of an EventBridge rule. */
export const isRuleArn = (arn: string): boolean => parseArn(arn)?.service === 'events';

/**
 * The rule that sent a message, by its key. A rule sends as the service, under an id that tells nothing, and only listed
 * rules get past the queue's policy. No role or user of anybody's is a rule.
 */
export function ruleOf(
  callers: readonly CallerEntry[],
  principalId: string,
  key: string | undefined,
): string | undefined {
  if (isRoleOrUser(principalId)) return undefined;
  // One rule's name may begin with another's.
  const longestFirst = rulesOf(callers).toSorted((a, b) => b.length - a.length);
  return longestFirst.find((arn) => key?.startsWith(arn));
}

/** The only listed rule, which needs no key to be told from others. */
export function onlyRuleOf(callers: readonly CallerEntry[], principalId: string): string | undefined {
  const [rule, ...others] = rulesOf(callers);
  return isRoleOrUser(principalId) || others.length > 0 ? undefined : rule;
}

const rulesOf = (callers: readonly CallerEntry[]): string[] =>
  callers.filter(({ arn, handsOver }) => handsOver && isRuleArn(arn)).map(({ arn }) => arn);

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids */
const isRoleOrUser = (principalId: string): boolean => /^A(ROA|IDA)/.test(principalId);
