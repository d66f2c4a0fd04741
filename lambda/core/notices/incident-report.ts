import * as z from 'zod';
import { consoleLinks } from './console-links.ts';
import { downstreamAsk } from './downstream.ts';
import type { IncidentRow, IncidentRows } from './incident-queries.ts';
import { shownCaller, shownFamily } from './names.ts';
import { roomText } from './room-text.ts';

/** What a report is about, and where it leads to: the workflow's definition hands it over. */
export const incidentSubjectSchema = z.object({
  rerunStateMachineArn: z.string(),
  sweepStateMachineArn: z.string(),
  /** Of the alarms that begin an incident. */
  alarmNames: z.array(z.string()),
  /** Of the functions whose lines are counted. */
  logGroupNames: z.array(z.string()),
  /** Of a trail, where one is known: it tells of the calls that ECS makes. */
  trailLogGroupName: z.string().optional(),
  dashboardName: z.string().optional(),
  /** Of our own requests, which are among those that are counted. */
  ownRoleArn: z.string().optional(),
  /** Those that a report leads to, line by line. */
  savedQueries: z.array(z.object({ name: z.string(), lines: z.array(z.string()), logGroupNames: z.array(z.string()) })),
});
export type IncidentSubject = z.infer<typeof incidentSubjectSchema>;

/** The time that a report tells of, in milliseconds since the epoch, and what is known of it. */
export interface IncidentFacts {
  readonly sinceMs: number;
  readonly toMs: number;
  /** Whether re-runs are still underway. */
  readonly rerunsUnderway: boolean;
  readonly rows: IncidentRows;
}

export interface IncidentReport {
  readonly subject: string;
  readonly message: string;
}

/**
 * Which quota an increase request should name, by what the bucket that was found to bind counts.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/throttling.html
 */
const QUOTAS = {
  calls:
    'Amazon ECS, cluster resource modify requests: L-C3AEE9D2 (sustained), L-3B4FAC68 (burst). If it is the 20 calls per second that launch on Fargate, no quota is listed: ask support',
  tasks:
    'AWS Fargate, task launches: L-551A4E9D (On-Demand, sustained), L-6BAD92DD (burst), L-FAA52651 and L-F6E37E82 (Spot)',
} as const;

const SHOWN_CALLERS = 5;
const SHOWN_APIS = 5;
const SHOWN_ROOMS = 5;
const SHOWN_FAMILIES = 5;

/** What people are told of an incident; undefined where there is nothing that an earlier report has not told. */
export function incidentReport(facts: IncidentFacts, about: IncidentSubject): IncidentReport | undefined {
  const { sinceMs, toMs, rerunsUnderway } = facts;
  const {
    throttled = [],
    outcomes = [],
    callers = [],
    downstream = [],
    rooms = [],
    bucket: [bucket] = [],
  } = facts.rows;
  if (sum(throttled, 'calls') + sum(outcomes, 'calls') === 0) return undefined;
  const ended = (...endings: readonly string[]) => outcomes.filter(({ ending = '' }) => endings.includes(ending));
  const back = sum(ended('started', 'alreadyStarted'), 'calls');
  const lost = ended('refuse', 'refused', 'gaveUp');
  const busiest = callerLines(callers, about.ownRoleArn);
  const links = consoleLinks(about.rerunStateMachineArn);
  const lines = [
    `From ${instant(sinceMs)} to ${instant(toMs)} throttling took ${sum(throttled, 'calls')} calls, ${sum(throttled, 'failedStarts')} of them after ECS had accepted them.`,
    '',
    `Brought back: ${back} (${sum(ended('started'), 'calls')} started, ${sum(ended('alreadyStarted'), 'calls')} found started).`,
    `Not brought back: ${sum(lost, 'calls')}.`,
    ...lostLines(lost),
    ...(rerunsUnderway ? ['Some re-runs are still underway.'] : []),
    '',
    ...(busiest.length > 0 ? ['Requests to ECS by caller, as CloudTrail recorded them:', ...busiest] : []),
    '',
    `To have more room, ask for a higher quota: ${bucket?.unit === 'tasks' ? QUOTAS.tasks : QUOTAS.calls}.`,
    ...(bucket?.refillPerSecond
      ? [`As the throttles show it, the present one lets through ${bucket.refillPerSecond} ${bucket.unit} per second.`]
      : []),
    '',
    ...roomLines(rooms),
    ...downstreamLines(downstream),
    `Executions: ${links.executions}`,
    ...(about.dashboardName ? [`Dashboard: ${links.dashboard(about.dashboardName)}`] : []),
    ...about.savedQueries.map(
      ({ name, lines, logGroupNames }) =>
        `Saved query ${name}: ${links.query(lines.join('\n'), logGroupNames, sinceMs, toMs)}`,
    ),
  ];
  return {
    subject: `ECS throttling: ${back} calls brought back, ${sum(lost, 'calls')} not`,
    message: lines.join('\n'),
  };
}

type Rows = readonly IncidentRow[];

const sum = (rows: Rows, field: string): number => rows.reduce((total, row) => total + Number(row[field] ?? 0), 0);

const instant = (milliseconds: number) => new Date(milliseconds).toISOString();

/** A refusal may be the intake's, the sweep's or the re-run's own. */
function lostLines(lost: Rows): string[] {
  const reasons = Map.groupBy(
    lost,
    ({ ending, why = '' }) => `${ending === 'gaveUp' ? 'given up' : 'refused'}: ${why}`,
  );
  return [...reasons].map(([reason, rows]) => `  ${sum(rows, 'calls')} ${reason}`);
}

/** What ECS called of other services to start tasks: more of ECS does not help where these are throttled. */
function downstreamLines(rows: Rows): string[] {
  if (rows.length === 0) return [];
  const shown = rows.slice(0, SHOWN_APIS).map(({ throttles, eventSource = '', eventName = '' }) => {
    const service = eventSource.replace(/\.amazonaws\.com$/, '');
    return `  ${throttles} ${service} ${eventName}: ask for ${downstreamAsk(eventSource, eventName)}.`;
  });
  return ['Calls to other services that ECS made, throttled, by API:', ...shown, ''];
}

/** Rooms that were full, who filled them, and what would enlarge them. */
function roomLines(rows: Rows): string[] {
  const rooms = [...Map.groupBy(rows, ({ room = '' }) => room)].map(([room, found]) => {
    const of = (kind: string) => found.filter((row) => row.kind === kind);
    return { room, full: sum(of('full'), 'tasks'), taken: of('taken') };
  });
  const short = rooms.filter(({ full }) => full > 0).toSorted((a, b) => b.full - a.full);
  if (short.length === 0) return [];
  const lines = short.slice(0, SHOWN_ROOMS).flatMap(({ room, full, taken }) => {
    const { what, enlarge } = roomText(room);
    const families = taken
      .toSorted((a, b) => Number(b.tasks) - Number(a.tasks))
      .slice(0, SHOWN_FAMILIES)
      .map(({ family = '', tasks = '0' }) => `${shownFamily(family) || 'unknown'} ${tasks}`);
    const filled = families.length > 0 ? ` Tasks that took places meanwhile, by family: ${families.join(', ')}.` : '';
    return [`  ${what}: ${full} found none.${filled} ${enlarge}`];
  });
  return ['There was no room for calls and tasks:', ...lines, ''];
}

/** Those who asked most. */
function callerLines(rows: Rows, ownRoleArn: string | undefined): string[] {
  const callers = [...Map.groupBy(rows, ({ caller = '' }) => shownCaller(caller) || 'unknown')].map(
    ([caller, answers]) => ({
      caller,
      requests: sum(answers, 'requests'),
      throttled: sum(
        answers.filter(({ answer }) => answer === 'throttled'),
        'requests',
      ),
    }),
  );
  return callers
    .toSorted((a, b) => b.requests - a.requests)
    .slice(0, SHOWN_CALLERS)
    .map(
      ({ caller, requests, throttled }) =>
        `  ${caller}${caller === ownRoleArn ? ' (this stack)' : ''}: ${requests}, throttled ${throttled}`,
    );
}
