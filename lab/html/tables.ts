import type { Configuration } from '../../lib/config/schema.ts';
import { count, dollars, duration, percent, ratio } from '../report/format.ts';
import type { Report } from '../report/report.ts';
import type { ByReason } from '../run/run-records.ts';
import { html, type Markup } from './markup.ts';

/** Every figure of the report with its meaning. */
export function figuresTable(report: Report): Markup {
  const { calls, invariants, ecs, room, drain, others, workflow, costUsd, lambda, notifications, dlqMessages } = report;
  const rows: readonly (readonly [string, string, string])[] = [
    [
      'Calls made',
      count(calls.made),
      'RunTask calls of the callers that make a fixed number of them, however often each tried.',
    ],
    [
      'Throttled',
      count(calls.throttled),
      'Of these, calls whose last attempt was throttled: their callers have given up.',
    ],
    ['Failed to start', count(calls.startFailed), 'Of these, calls whose accepted task died before it ran.'],
    [
      'Owed',
      count(calls.owed),
      'Taken by throttling, allowed by the configuration and repeatable (handed over, or fully recorded): what has to come back.',
    ],
    ['Owed and refused', count(calls.owedRefused), 'Owed calls that ended in a refusal. Must be 0.'],
    ['Lost', count(invariants.lost), 'Owed calls that never ran although nothing says why. Must be 0.'],
    ['Duplicated', count(invariants.duplicated), 'Tasks that ran beyond the number that was asked for. Must be 0.'],
    ['Unreported', count(invariants.unreported), 'Copies of throttle events that came to no verdict. Must be 0.'],
    ['RunTask calls of ours', count(ecs.runTaskCalls), 'What the re-runs cost the account’s shared request bucket.'],
    [
      'Calls per re-run',
      ratio(ecs.callsPerRerun),
      'The same for each call that was brought back: 1 is the least there can be.',
    ],
    [
      'Calls per owed call',
      ecs.callsPerOwed === null ? '–' : ratio(ecs.callsPerOwed),
      'The same for each owed call, those included that their callers brought through meanwhile.',
    ],
    ['Read calls of ours', count(ecs.readCalls), 'Describe and List calls to ECS.'],
    ['Drain', duration(drain.seconds), 'From the first call that was ready to be re-run to the last start.'],
    ['Drain limit', duration(drain.limitSeconds), 'The least that any client could take without harming others.'],
    [
      'Drain ratio',
      drain.ratio === null ? '–' : ratio(drain.ratio),
      'The one by the other; below 100 re-runs it means nothing.',
    ],
    [
      'Wait, median',
      duration(drain.waitSeconds.p50),
      'From a call’s being ready (handed over, or record arrived and grace over) to its start.',
    ],
    ['Wait, 99 %', duration(drain.waitSeconds.p99), 'All but one of a hundred calls waited less.'],
    ['Live traffic', count(others.calls), 'Calls of the callers that go on all the time, until the storm was over.'],
    ['Live traffic throttled', percent(others.throttledShare), 'The share of these that throttling took.'],
    ['… without us', percent(others.throttledShareWithout), 'The same traffic beside the same storm, nothing re-run.'],
    ...(room ? roomRows(room) : []),
    ['Executions', count(workflow.executions), 'Step Functions executions, one for each throttled call.'],
    ['Transitions per re-run', ratio(workflow.transitionsPerRerun), 'State transitions: what Step Functions bills.'],
    ['Longest history', count(workflow.maxHistoryEvents), 'Events of one execution; Step Functions ends it at 25,000.'],
    [
      'Cost per 1,000 re-runs',
      dollars(costUsd.perThousandReruns),
      'us-east-1 list prices, without free tier and fixed monthly prices.',
    ],
    ['Lambda', duration(lambda.seconds), 'Billed seconds of all functions.'],
    ['Functions at once', count(lambda.maxConcurrent), 'The most invocations that ran at the same time.'],
    ['Notifications', count(notifications), 'Messages to people.'],
    ['Dead letters', count(dlqMessages), 'Messages that nothing could handle.'],
  ];
  return html`<table class="figures"><thead><tr><th scope="col">Figure</th><th scope="col" class="number">Value</th></tr></thead><tbody>
${rows.map(([name, value, meaning]) => html`<tr><th scope="row">${name}<span class="about">${meaning}</span></th><td class="number">${value}</td></tr>\n`)}</tbody></table>`;
}

function roomRows(room: NonNullable<Report['room']>): (readonly [string, string, string])[] {
  return [
    ['Attempts without room', count(room.refused), 'Requests of ours that found none, each once.'],
    ['Time for room', duration(room.seconds), 'From the arrival of the first owed call to the last start of ours.'],
    ['Least time for room', duration(room.limitSeconds), 'The same of somebody who knows when each task ends.'],
    ['Room ratio', room.ratio === null ? '–' : ratio(room.ratio), 'The one by the other.'],
    ['Live traffic without room', percent(room.othersRefusedShare), 'The share of the live traffic that found none.'],
    ['… without us', percent(room.othersRefusedShareWithout), 'The same traffic, nothing re-run.'],
  ];
}

/** What became of the throttled calls, by reason. */
export function outcomesTable({ reruns }: Report): Markup {
  const byReason = (kind: string, reasons: ByReason, meaning: string) =>
    Object.entries(reasons).map(([reason, number]) => [kind, reason, number, meaning] as const);
  const rows = [
    ['started', '', reruns.started, 'A re-run started the task.'] as const,
    [
      'already started',
      '',
      reruns.alreadyStarted,
      'The caller’s own retry, or an earlier attempt of ours, had.',
    ] as const,
    ...byReason('gave up', reruns.gaveUp, 'Allowed to run, and time or attempts were spent.'),
    ...byReason('refused', reruns.refused, 'Not repeatable faithfully or not allowed: a person has to decide.'),
    ...byReason('ignored', reruns.ignored, 'Events that ask for nothing, counted one by one, copies included.'),
  ];
  return html`<table><thead><tr><th scope="col">Outcome</th><th scope="col" class="number">Count</th></tr></thead><tbody>
${rows.map(([kind, reason, number, meaning]) => html`<tr><th scope="row">${kind}${reason ? html` <code>${reason}</code>` : undefined}<span class="about">${meaning}</span></th><td class="number">${count(number)}</td></tr>\n`)}</tbody></table>`;
}

/** The configuration in force. E-mail addresses are people's: only their number is shown. */
export function configurationTable(configuration: Configuration): Markup {
  const { notifications, ...shown } = configuration;
  const rows = Object.entries({ ...shown, notifications: { emails: notifications.emails.length } });
  return html`<table class="configuration"><thead><tr><th scope="col">Key</th><th scope="col">Value</th></tr></thead><tbody>
${rows.map(([key, value]) => html`<tr><th scope="row"><code>${key}</code></th><td><code>${JSON.stringify(value)}</code></td></tr>\n`)}</tbody></table>`;
}
