import { LOG_MESSAGES } from '../contract.ts';
import { DOWNSTREAM_THROTTLED } from './trail-filters.ts';

/** A query of CloudWatch Logs Insights. */
interface Question {
  readonly text: string;
  /** Whose lines it reads: the functions', or the records of a trail, where its log group is known. */
  readonly of: 'functions' | 'trail';
  /** From when it reads, in milliseconds since the epoch. */
  readonly fromMs: number;
}

/**
 * What was told of earlier is not told again: a sweep may read the event history a day back, and refuses once more what
 * was refused then.
 */
const LOOK_BACK_MS = 24 * 3_600_000;

const IS_VERDICT = `message = "${LOG_MESSAGES.verdict}"`;
const IS_RESULT = `message = "${LOG_MESSAGES.result}"`;
const query = (...lines: readonly string[]): string => lines.join('\n| ');

/**
 * What an incident report asks log lines about the time from `sinceMs` on. Calls are counted by their
 * identity: several records may tell of one, a sweep finds what an event has told of, and either may come again later.
 */
const QUESTIONS = {
  throttled: (sinceMs: number): Question => ({
    text: query(
      `filter ispresent(callId) and ${IS_VERDICT} and (kind = "rerun" or kind = "duplicate" or kind = "refuse")`,
      'fields toMillis(@timestamp) as atMs, callId, taskArn',
      'stats min(atMs) as firstMs, latest(taskArn) as task by callId',
      `filter firstMs >= ${sinceMs}`,
      'stats count(*) as calls, count_distinct(task) as failedStarts',
    ),
    of: 'functions',
    fromMs: sinceMs - LOOK_BACK_MS,
  }),
  outcomes: (sinceMs: number): Question => ({
    text: query(
      `filter ispresent(callId) and (${IS_RESULT} or (${IS_VERDICT} and kind = "refuse"))`,
      'fields toMillis(@timestamp) as atMs, callId, kind, reason',
      // Redriven, a call may end twice: the last end counts. Refused by whoever came by it, its first refusal does.
      'stats min(atMs) as firstMs, max(atMs) as lastMs, latest(kind) as ending, latest(reason) as why by callId',
      `filter firstMs >= ${sinceMs} or (lastMs >= ${sinceMs} and ending != "refuse")`,
      'stats count(*) as calls by ending, why',
    ),
    of: 'functions',
    fromMs: sinceMs - LOOK_BACK_MS,
  }),
  callers: (sinceMs: number): Question => ({
    text: query(
      `filter ${IS_VERDICT} and ispresent(answer) and caller like /^arn:/`,
      'stats count_distinct(eventId) as requests by caller, answer',
      'sort requests desc',
      'limit 1000',
    ),
    of: 'functions',
    fromMs: sinceMs,
  }),
  bucket: (sinceMs: number): Question => ({
    text: query(
      `filter message = "${LOG_MESSAGES.permits}" and ispresent(bucketUnit)`,
      'stats latest(bucketUnit) as unit, latest(refillPerSecond) as refillPerSecond',
    ),
    of: 'functions',
    fromMs: sinceMs,
  }),
  rooms: (sinceMs: number): Question => ({
    text: query(
      `filter message = "${LOG_MESSAGES.room}"`,
      'stats count(*) as tasks by room, kind, family',
      'sort tasks desc',
      'limit 1000',
    ),
    of: 'functions',
    fromMs: sinceMs,
  }),
  downstream: (sinceMs: number): Question => ({
    text: query(
      `filter ${DOWNSTREAM_THROTTLED}`,
      'stats count(*) as throttles by eventSource, eventName',
      'sort throttles desc',
      'limit 100',
    ),
    of: 'trail',
    fromMs: sinceMs,
  }),
} as const;

export type IncidentQuery = keyof typeof QUESTIONS;
export const INCIDENT_QUERIES = Object.keys(QUESTIONS) as IncidentQuery[];
export const incidentQuestion = (name: IncidentQuery, sinceMs: number): Question => QUESTIONS[name](sinceMs);

/** One row of an answer: the values of its fields, all of which are text; a field may be absent. */
export type IncidentRow = Readonly<Record<string, string>>;
/** What the log lines came to. */
export type IncidentRows = Readonly<Partial<Record<IncidentQuery, readonly IncidentRow[]>>>;
