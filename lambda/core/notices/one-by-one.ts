import { LOG_MESSAGES } from '../contract.ts';

const IS_VERDICT = `message = "${LOG_MESSAGES.verdict}"`;
const IS_RESULT = `message = "${LOG_MESSAGES.result}"`;

/** Calls that were not brought back, and ignored ones: each with what it is looked up by. Mails lead to it. */
export const ONE_BY_ONE = [
  `filter (${IS_VERDICT} and (kind = "refuse" or kind = "ignore")) or (${IS_RESULT} and (kind = "refused" or kind = "gaveUp"))`,
  'fields @timestamp, kind, reason, caller, family, eventId, messageId, taskArn, callId, execution, service',
  'sort @timestamp desc',
  'limit 1000',
] as const;

/** The same of one reason and, where it is known, one caller. */
export function oneByOne(reason: string, caller: string): string {
  const [begin, ...rest] = ONE_BY_ONE;
  const filters = [`filter reason = "${reason}"`, ...(caller ? [`filter caller = "${caller}"`] : [])];
  return [begin, ...filters, ...rest].join('\n| ');
}
