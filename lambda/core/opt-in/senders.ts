import { parseArn } from '../arn.ts';
import type { CallerEntry } from './opt-in.ts';

/** Whether an ARN is that of an EventBridge rule. */
export const isRuleArn = (arn: string): boolean => parseArn(arn)?.service === 'events';

/**
 * The rule that sent a message, by its key; where only one is listed, by that. A rule sends as the service, under an id
 * that tells nothing, and only listed rules get past the queue's policy. No role of anybody's is a rule.
 */
export function ruleOf(
  callers: readonly CallerEntry[],
  principalId: string,
  key: string | undefined,
): string | undefined {
  if (principalId.startsWith('AROA')) return undefined;
  const rules = callers.filter(({ arn, handsOver }) => handsOver && isRuleArn(arn)).map(({ arn }) => arn);
  return rules.find((arn) => key?.startsWith(arn)) ?? (rules.length === 1 ? rules[0] : undefined);
}
