import { type LogQuery, RESULTS, THROTTLES_BY_CALLER, textOf } from '../investigation/log-queries.ts';
import { dashboardLink, executionsLink, LINK_BINDINGS, queryLink } from './console-links.ts';

/**
 * The text of an incident report, as JSONata. It uses `$since` and `$to` (milliseconds since the epoch), `$reruns` (how many
 * are underway) and `$found` (the results of the queries on the logs).
 */

/** What a report links to. */
export interface IncidentLinks {
  readonly rerunStateMachineArn: string;
  readonly dashboardName: string | undefined;
  readonly logGroupNames: readonly string[];
  readonly trailLogGroupName: string | undefined;
  /** The folder of the saved queries. */
  readonly stackName: string;
}

/** Bindings that each text needs. All values in the answers of Logs Insights are text. */
const FACTS = [
  '$rows := function($query) { $found[name = $query].rows }',
  '$total := function($list) { $sum([0, $list.$number(calls)]) }',
  "$throttled := $rows('throttled')",
  "$outcomes := $rows('outcomes')",
  "$back := $outcomes[ending in ['started', 'alreadyStarted']]",
  "$lost := $outcomes[ending in ['refuse', 'refused', 'gaveUp']]",
] as const;

const expression = (bindings: readonly string[], value: string) => `{% (${[...bindings, value].join('; ')}) %}`;

/** Whether there is anything to report. */
export const HAS_NEWS = expression(FACTS, '$total($throttled) + $total($outcomes) > 0');

export const INCIDENT_SUBJECT = expression(
  FACTS,
  "'ECS throttling: ' & $total($back) & ' calls brought back, ' & $total($lost) & ' not'",
);

/**
 * The quotas to raise, by the unit of the bucket that throttled.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/throttling.html
 */
const QUOTAS = {
  calls:
    'Amazon ECS, cluster resource modify requests: L-C3AEE9D2 (sustained), L-3B4FAC68 (burst). If it is the 20 calls per second that launch on Fargate, no quota is listed: ask support',
  tasks:
    'AWS Fargate, task launches: L-551A4E9D (On-Demand, sustained), L-6BAD92DD (burst), L-FAA52651 and L-F6E37E82 (Spot)',
} as const;

const SHOWN_CALLERS = 5;

const DETAILS = [
  "$lostByReason := $lost{ (ending = 'gaveUp' ? ' given up: ' : ' refused: ') & why: $sum($.$number(calls)) }",
  "$bucket := $rows('bucket')",
  "$byCaller := $rows('callers'){ caller: { 'requests': $sum($.$number(requests)), 'throttled': $sum([0, $[answer = 'throttled'].$number(requests)]) } }",
  "$lines := $each($byCaller, function($of, $caller) { { 'requests': $of.requests, 'text': '  ' & $caller & ': ' & $of.requests & ', throttled ' & $of.throttled } })",
  `$callers := $sort($lines, function($a, $b) { $a.requests < $b.requests })[[0..${SHOWN_CALLERS - 1}]].text`,
  ...LINK_BINDINGS,
] as const;

export function incidentMessage(links: IncidentLinks): string {
  const { rerunStateMachineArn, dashboardName, logGroupNames, trailLogGroupName, stackName } = links;
  const savedQuery = (query: LogQuery, groups: readonly string[]) => [
    `'Saved query ${stackName}/${query.name}: ' & ${queryLink(textOf(query), groups)}`,
  ];
  const lines = [
    "'From ' & $fromMillis($since) & ' to ' & $fromMillis($to) & ' throttling took ' & $total($throttled) & ' calls, ' & $sum([0, $throttled.$number(failedStarts)]) & ' of them after ECS had accepted them.'",
    "''",
    "'Brought back: ' & $total($back) & ' (' & $total($back[ending = 'started']) & ' started, ' & $total($back[ending = 'alreadyStarted']) & ' found started).'",
    "'Not brought back: ' & $total($lost) & '.'",
    "$each($lostByReason, function($calls, $reason) { '  ' & $calls & $reason })",
    "$reruns > 0 ? 'Some re-runs are still underway.' : []",
    "''",
    "$exists($callers) ? 'Requests to ECS by caller, as CloudTrail recorded them:' : []",
    '$callers',
    "''",
    `'To have more room, ask for a higher quota: ' & ($bucket.unit = 'tasks' ? '${QUOTAS.tasks}' : '${QUOTAS.calls}') & '.'`,
    "$exists($bucket.refillPerSecond) ? 'As the throttles show it, the present one lets through ' & $bucket.refillPerSecond & ' ' & $bucket.unit & ' per second.' : []",
    "''",
    `'Executions: ' & ${executionsLink(rerunStateMachineArn)}`,
    ...(dashboardName ? [`'Dashboard: ' & ${dashboardLink(dashboardName)}`] : []),
    ...savedQuery(RESULTS, logGroupNames),
    ...(trailLogGroupName ? savedQuery(THROTTLES_BY_CALLER, [trailLogGroupName]) : []),
  ];
  return expression([...FACTS, ...DETAILS], `$join([${lines.join(', ')}], '\\n')`);
}
