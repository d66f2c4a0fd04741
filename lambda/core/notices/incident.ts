import * as z from 'zod';
import { INCIDENT_QUERIES } from './incident-queries.ts';

/** How far the watch over an incident has come: what the workflow carries from one step to the next. Times are in milliseconds. */
export const incidentStateSchema = z.discriminatedUnion('phase', [
  /** Two alarms may tell of one incident: the execution that began first reports, the others tell what came after it. */
  z.object({ phase: z.literal('queued') }),
  z.object({
    phase: z.literal('underway'),
    /** Until when this execution has told; absent before its first report. */
    toldMs: z.number().optional(),
  }),
  z.object({
    phase: z.literal('due'),
    sinceMs: z.number(),
    toMs: z.number(),
    rerunsUnderway: z.boolean(),
    isOver: z.boolean(),
    /** The queries underway, by their names; absent before they are started. */
    queryIds: z.partialRecord(z.enum(INCIDENT_QUERIES), z.string()).optional(),
  }),
]);
export type IncidentState = z.infer<typeof incidentStateSchema>;
export type DueReport = Extract<IncidentState, { phase: 'due' }>;

const MINUTE_MS = 60_000;
/** The calls of the first five minutes raise the alarm, and metrics come late. */
const BEFORE_ALARM_MS = 10 * MINUTE_MS;
/** Late re-runs may be underway for a day: people want to know before. */
const LONGEST_SILENCE_MS = 6 * 60 * MINUTE_MS;

/** How long the workflow waits, in seconds. */
export const INCIDENT_WAITS = {
  /** Until it is looked again whether the incident is over. */
  pass: 120,
  /** Until what was logged last can be read. */
  lines: 30,
  /** Until the queries are answered. */
  answers: 10,
} as const;

/** What the workflow begins with: others of the same incident begin within minutes. */
export const INCIDENT_BEGIN: { readonly waitSeconds: number; readonly state: IncidentState } = {
  waitSeconds: INCIDENT_WAITS.pass,
  state: { phase: 'queued' },
};

/** What begins a report: a change of an alarm's state. Whoever starts an execution by hand may say anything. */
const alarmEventSchema = z.object({ time: z.iso.datetime() });

/** When an incident began, at the latest: an alarm may reach the workflow hours late. */
export function incidentBeginMs(trigger: unknown, executionStartedMs: number): number {
  const event = alarmEventSchema.safeParse(trigger).data;
  const raisedMs = event ? Date.parse(event.time) : executionStartedMs;
  return Math.min(raisedMs, executionStartedMs) - BEFORE_ALARM_MS;
}

export interface RunningReport {
  readonly name: string;
  readonly startedMs: number;
}

/** Whether no other execution that is running began before this one. Lists lag behind: who is not on it yet looks again. */
export function isFirst(name: string, running: readonly RunningReport[]): boolean {
  const own = running.find((each) => each.name === name);
  return (
    own !== undefined &&
    running.every(
      (each) => own.startedMs < each.startedMs || (own.startedMs === each.startedMs && own.name <= each.name),
    )
  );
}

/** What is underway in an incident, by number. */
export interface IncidentSigns {
  readonly reruns: number;
  readonly sweeps: number;
  /** What comes while an alarm is raised would not raise it again: it belongs to this incident. */
  readonly raisedAlarms: number;
}

/** Whether a report is due: the incident is over, or has lasted for long since people were last told. */
export function reportDue(
  signs: IncidentSigns,
  silentSinceMs: number,
  nowMs: number,
): Pick<DueReport, 'isOver' | 'rerunsUnderway'> | undefined {
  const isOver = signs.reruns + signs.sweeps + signs.raisedAlarms === 0;
  if (!isOver && nowMs - silentSinceMs <= LONGEST_SILENCE_MS) return undefined;
  return { isOver, rerunsUnderway: signs.reruns > 0 };
}

/**
 * From when a report tells, in whole seconds as queries go: from where the report before ended, so that no call is told of
 * twice, nor left out between two storms; what lies further back than a few hours is another story.
 */
export function reportSinceMs(beginMs: number, lastReportToMs: number | undefined): number {
  const goesOn = lastReportToMs !== undefined && lastReportToMs >= beginMs - LONGEST_SILENCE_MS;
  return goesOn ? lastReportToMs : Math.floor(beginMs / 1000) * 1000;
}

/** Until when a report tells that is due now: to the end of this second, which belongs to it. */
export const reportToMs = (nowMs: number): number => Math.ceil(nowMs / 1000) * 1000;
