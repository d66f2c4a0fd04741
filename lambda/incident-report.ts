import { CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient, GetQueryResultsCommand, StartQueryCommand } from '@aws-sdk/client-cloudwatch-logs';
import { DescribeExecutionCommand, type ExecutionStatus, ListExecutionsCommand, SFNClient } from '@aws-sdk/client-sfn';
import * as z from 'zod';
import { INCIDENT_NEXT } from './core/contract.ts';
import { parseJson } from './core/json.ts';
import {
  type DueReport,
  INCIDENT_WAITS,
  type IncidentState,
  incidentBeginMs,
  incidentStateSchema,
  isFirst,
  reportDue,
  reportSinceMs,
  reportToMs,
} from './core/notices/incident.ts';
import {
  INCIDENT_QUERIES,
  type IncidentQuery,
  type IncidentRows,
  incidentQuestion,
} from './core/notices/incident-queries.ts';
import {
  type IncidentReport,
  type IncidentSubject,
  incidentReport,
  incidentSubjectSchema,
} from './core/notices/incident-report.ts';
import { deployedEnvironment } from './runtime/environment.ts';
import { CLIENT_CONFIG, lambdaPorts, lazily } from './runtime/lambda-ports.ts';
import type { HandlerDependencies } from './runtime/ports.ts';
import { errorName } from './runtime/sdk-retry.ts';

const payloadSchema = z.object({
  about: incidentSubjectSchema,
  execution: z.object({ name: z.string(), stateMachineArn: z.string(), startedAt: z.iso.datetime() }),
  /** What the execution was started with. */
  trigger: z.unknown(),
  state: incidentStateSchema,
});
type Payload = z.infer<typeof payloadSchema>;

/** What an execution that is over says: until when it told, in milliseconds since the epoch. */
const outputSchema = z.object({ to: z.number() });

interface Wait {
  readonly next: typeof INCIDENT_NEXT.wait;
  readonly waitSeconds: number;
  readonly state: IncidentState;
}
type End = { readonly next: typeof INCIDENT_NEXT.end } & z.infer<typeof outputSchema>;
interface Tell extends IncidentReport {
  readonly next: typeof INCIDENT_NEXT.tell;
  /** What follows when people were told. */
  readonly after: Wait | End;
}
export type IncidentReply = Wait | End | Tell;

const wait = (waitSeconds: number, state: IncidentState): Wait => ({ next: INCIDENT_NEXT.wait, waitSeconds, state });

/** Whoever owns a trail may keep it from others, or take it away: the report is written all the same. */
const UNREADABLE = ['ResourceNotFoundException', 'AccessDeniedException'];
const trailOf = ({ trailLogGroupName }: IncidentSubject): string[] => (trailLogGroupName ? [trailLogGroupName] : []);

/** The most that ListExecutions returns at a time. */
const MOST_LISTED = 100;

/**
 * One step of the watch over an incident: looks whether it is over, asks the logs, or reads what they say. No step waits:
 * the workflow does, and tries a step again that failed.
 */
export function makeHandler({
  clients,
  clock,
  log,
}: HandlerDependencies<'sfn' | 'logs' | 'cloudWatch'>): (payload: unknown) => Promise<IncidentReply> {
  /** The newest executions of a state machine. */
  async function list(stateMachineArn: string, statusFilter: ExecutionStatus, maxResults = MOST_LISTED) {
    const command = new ListExecutionsCommand({ stateMachineArn, statusFilter, maxResults });
    return (await clients.sfn.send(command)).executions ?? [];
  }

  async function queue({ execution }: Payload): Promise<IncidentReply> {
    const running = await list(execution.stateMachineArn, 'RUNNING');
    const first = isFirst(
      execution.name,
      running.map(({ name = '', startDate }) => ({ name, startedMs: startDate?.getTime() ?? 0 })),
    );
    return wait(INCIDENT_WAITS.pass, { phase: first ? 'underway' : 'queued' });
  }

  async function countRaised(alarmNames: string[]): Promise<number> {
    const command = new DescribeAlarmsCommand({ AlarmNames: alarmNames, StateValue: 'ALARM' });
    return (await clients.cloudWatch.send(command)).MetricAlarms?.length ?? 0;
  }

  /** Until when the report before this execution's first told. */
  async function lastReportToMs({ stateMachineArn }: Payload['execution']): Promise<number | undefined> {
    const [last] = await list(stateMachineArn, 'SUCCEEDED', 1);
    if (!last) return undefined;
    const { output } = await clients.sfn.send(new DescribeExecutionCommand({ executionArn: last.executionArn }));
    return outputSchema.safeParse(parseJson(output ?? '')).data?.to;
  }

  async function look({ about, execution, trigger }: Payload, toldMs: number | undefined): Promise<IncidentReply> {
    const [reruns, sweeps, raisedAlarms] = await Promise.all([
      list(about.rerunStateMachineArn, 'RUNNING', 1),
      list(about.sweepStateMachineArn, 'RUNNING', 1),
      countRaised(about.alarmNames),
    ]);
    const signs = { reruns: reruns.length, sweeps: sweeps.length, raisedAlarms };
    const beginMs = incidentBeginMs(trigger, Date.parse(execution.startedAt));
    const nowMs = clock.now();
    const due = reportDue(signs, toldMs ?? beginMs, nowMs);
    if (!due) return wait(INCIDENT_WAITS.pass, { phase: 'underway', toldMs });
    const sinceMs = toldMs ?? reportSinceMs(beginMs, await lastReportToMs(execution));
    return wait(INCIDENT_WAITS.lines, { phase: 'due', sinceMs, toMs: reportToMs(nowMs), ...due });
  }

  async function ask({ about }: Payload, due: DueReport): Promise<IncidentReply> {
    const start = async (name: IncidentQuery) => {
      const { text, fromMs, of } = incidentQuestion(name, due.sinceMs);
      const logGroupNames = of === 'trail' ? trailOf(about) : about.logGroupNames;
      if (logGroupNames.length === 0) return undefined;
      const command = new StartQueryCommand({
        logGroupNames,
        queryString: text,
        startTime: fromMs / 1000,
        // Both ends belong to the time that is asked for.
        endTime: due.toMs / 1000 - 1,
      });
      try {
        return [name, (await clients.logs.send(command)).queryId ?? ''] as const;
      } catch (error) {
        if (of !== 'trail' || !UNREADABLE.includes(errorName(error))) throw error;
        log.warn('the log group of the trail could not be read', { query: name, error: errorName(error) });
        return undefined;
      }
    };
    const started = await Promise.all(INCIDENT_QUERIES.map(start));
    const queryIds = Object.fromEntries(started.filter((each) => each !== undefined));
    return wait(INCIDENT_WAITS.answers, { ...due, queryIds });
  }

  async function read({ about }: Payload, due: DueReport): Promise<IncidentReply> {
    const get = async ([name, queryId]: [string, string]) => {
      const { status, results = [] } = await clients.logs.send(new GetQueryResultsCommand({ queryId }));
      const rows = results.map((fields) =>
        Object.fromEntries(fields.map(({ field = '', value = '' }) => [field, value])),
      );
      return { name, status, rows };
    };
    const answers = await Promise.all(Object.entries(due.queryIds ?? {}).map(get));
    const { queryIds: _, ...unasked } = due;
    const failed = answers.find(
      ({ status }) => status !== 'Complete' && status !== 'Running' && status !== 'Scheduled',
    );
    if (failed) {
      log.warn('a query of an incident report failed', { query: failed.name, status: failed.status });
      return wait(INCIDENT_WAITS.pass, unasked);
    }
    if (answers.some(({ status }) => status !== 'Complete')) return wait(INCIDENT_WAITS.answers, due);

    const rows: IncidentRows = Object.fromEntries(answers.map((answer) => [answer.name, answer.rows]));
    const after: Wait | End = due.isOver
      ? { next: INCIDENT_NEXT.end, to: due.toMs }
      : wait(INCIDENT_WAITS.pass, { phase: 'underway', toldMs: due.toMs });
    const report = incidentReport({ ...due, rows }, about);
    return report ? { next: INCIDENT_NEXT.tell, ...report, after } : after;
  }

  return async (input) => {
    const payload = payloadSchema.parse(input);
    const { state } = payload;
    switch (state.phase) {
      case 'queued':
        return queue(payload);
      case 'underway':
        return look(payload, state.toldMs);
      case 'due':
        return state.queryIds ? read(payload, state) : ask(payload, state);
      default:
        return state satisfies never;
    }
  };
}

export const handler = lazily(() =>
  makeHandler({
    environment: deployedEnvironment(),
    clients: {
      sfn: new SFNClient(CLIENT_CONFIG),
      logs: new CloudWatchLogsClient(CLIENT_CONFIG),
      cloudWatch: new CloudWatchClient(CLIENT_CONFIG),
    },
    ...lambdaPorts('incident-report'),
  }),
);
