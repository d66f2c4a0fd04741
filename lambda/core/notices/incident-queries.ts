import { LOG_MESSAGES } from '../contract.ts';

const IS_VERDICT = `message = "${LOG_MESSAGES.verdict}"`;
const IS_RESULT = `message = "${LOG_MESSAGES.result}"`;
const query = (...lines: readonly string[]): string => lines.join('\n| ');

/**
 * What an incident report asks the functions' log lines, in the language of CloudWatch Logs Insights. Calls are counted by
 * their identity: what was delivered twice counts once.
 */
export const INCIDENT_QUERIES = {
  throttled: query(
    `filter ${IS_VERDICT} and (kind = "rerun" or kind = "duplicate" or kind = "refuse")`,
    // Several records may tell of one call, and a sweep finds what an event has told of.
    'stats count_distinct(callId) as calls, count_distinct(taskArn) as failedStarts',
  ),
  outcomes: query(
    `filter ispresent(callId) and (${IS_RESULT} or (${IS_VERDICT} and kind = "refuse"))`,
    // Redriven, a call may end twice: the last end counts.
    'stats latest(kind) as ending, latest(reason) as why by callId',
    'stats count(*) as calls by ending, why',
  ),
  callers: query(
    `filter ${IS_VERDICT} and ispresent(answer) and caller like /^arn:/`,
    'stats count_distinct(eventId) as requests by caller, answer',
    'sort requests desc',
    'limit 1000',
  ),
  bucket: query(
    `filter message = "${LOG_MESSAGES.permits}" and ispresent(bucketUnit)`,
    'stats latest(bucketUnit) as unit, latest(refillPerSecond) as refillPerSecond',
  ),
} as const;
export type IncidentQuery = keyof typeof INCIDENT_QUERIES;
export const INCIDENT_QUERY_NAMES = Object.keys(INCIDENT_QUERIES) as IncidentQuery[];

/** One row of an answer: the values of its fields, all of which are text; a field may be absent. */
export type IncidentRow = Readonly<Record<string, string>>;
/** What the log lines came to. */
export type IncidentRows = Readonly<Partial<Record<IncidentQuery, readonly IncidentRow[]>>>;
