import { runQuery } from '../../lab/aws/cloudwatch/logs-insights.ts';
import { ASK_ELSEWHERE, DOWNSTREAM_LIMITS } from '../../lambda/core/notices/downstream.ts';
import { ATHENA_QUERIES, TRAIL_TABLE } from '../../lib/investigation/athena-queries.ts';
import { type LogQuery, OWN_QUERIES, TRAIL_QUERIES, textOf } from '../../lib/investigation/log-queries.ts';
import { trailTable } from '../../lib/investigation/trail-table.ts';
import { runSql } from './athena.ts';
import { metricsOfAlarm, type NamedMetric, widgetsOf } from './dashboard.ts';
import { playIncidents, STORM } from './incident.ts';
import { type Json, Synthesized } from './stacks.ts';
import { SAMPLE_LOG_LINES, SAMPLE_RECORDS, trailLines } from './trail-records.ts';

/** The parts of docs/monitoring.md that are made from the template and from runs of the queries, by the name in their marks. */
export async function generatedParts(): Promise<Readonly<Record<string, string>>> {
  const stack = new Synthesized({ cloudTrail: 'create' });
  return {
    dashboard: dashboardTable(stack),
    alarms: alarmTable(stack),
    'own-queries': OWN_QUERIES.map((query) => logQueryPart(query, SAMPLE_LOG_LINES)).join('\n\n'),
    'trail-queries': TRAIL_QUERIES.map((query) => logQueryPart(query, trailLines())).join('\n\n'),
    downstream: downstreamTable(),
    athena: await athenaPart(),
    incident: await incidentPart(),
  };
}

/** A page as it reads, however its tables are padded. */
export const unpadded = (page: string): string => page.replace(/-{3,}/g, '---').replace(/ +/g, ' ');

function dashboardTable(stack: Synthesized): string {
  const rows = widgetsOf(stack).map(({ title, shown, unit = '', metrics, searches, annotations }) => {
    const named = [...metrics.map(metricText), ...searches.map(({ namespace, name }) => `${namespace} ${name}`)];
    return [title, [...shown, ...annotations].join(' · '), unit, [...new Set(named)].join(' · ')];
  });
  return table(['graph', 'lines', 'unit', 'made of'], rows);
}

function alarmTable(stack: Synthesized): string {
  const alarms = ['AWS::CloudWatch::Alarm', 'AWS::CloudWatch::CompositeAlarm'].flatMap((type) =>
    Object.entries<Json>(stack.template.findResources(type)),
  );
  const rows = alarms.map(([id, { Properties: alarm }]) => {
    const [, severity = '', , anchor = ''] = /^(\w+): (.+) docs\/(runbook\.md#\S+)$/.exec(alarm.AlarmDescription) ?? [];
    const [isComposite, rule] = [alarm.AlarmRule !== undefined, JSON.stringify(alarm.AlarmRule ?? '')];
    const parts = alarms
      .filter(([part]) => rule.includes(`"${part}"`))
      .map(([part]) => part.replace(/[0-9A-F]{8}$/, ''));
    const made = isComposite ? parts : [...new Set(metricsOfAlarm(alarm).map(metricText))];
    const limit = isComposite ? 'all of them' : (alarm.Threshold ?? 'what is usual');
    const { EvaluationPeriods: periods, DatapointsToAlarm: points } = alarm;
    return [
      id.replace(/[0-9A-F]{8}$/, ''),
      made.join(isComposite ? ' and ' : ' · '),
      `${limit}`,
      isComposite ? '' : points === undefined ? `${periods}` : `${points} of ${periods}`,
      severity,
      `[what to do](${anchor})`,
    ];
  });
  return table(['alarm', 'metrics', 'threshold', 'periods', 'severity', 'runbook'], rows);
}

function downstreamTable(): string {
  const rows = DOWNSTREAM_LIMITS.map(({ eventSource, calledFor, ask, source }) => [
    eventSource,
    calledFor,
    ask,
    `[AWS](${source})`,
  ]);
  return table(['service', 'calls', 'ask for', 'source'], [...rows, ['any other', '', ASK_ELSEWHERE, '']]);
}

const metricText = ({ namespace, name, dimensions }: NamedMetric) =>
  `${namespace} ${name}${dimensions.Resource ? ` (${[dimensions.Resource, dimensions.Class].join(', ')})` : ''}`;

function logQueryPart(query: LogQuery, lines: readonly Json[]): string {
  const text = textOf(query);
  // What people would write in place of the placeholder.
  const rows = runQuery(text.replace('YOUR-CLUSTER', 'batch'), lines);
  return part(query.name, 'text', text, rows);
}

async function athenaPart(): Promise<string> {
  const place = { account: '111122223333', region: 'us-east-1' };
  const input = trailTable(TRAIL_TABLE, { bucketName: 'records' }, place);
  const file = `records/AWSLogs/${place.account}/CloudTrail/${place.region}/2026/01/15/file.json.gz`;
  const parts: string[] = [];
  for (const { name, description, sql } of ATHENA_QUERIES) {
    const rows = await runSql(sql, input, { [file]: SAMPLE_RECORDS }, '2026-01-15');
    parts.push(part(name, 'sql', sql, rows, `${description}.`));
  }
  return parts.join('\n\n');
}

async function incidentPart(): Promise<string> {
  const { reports } = await playIncidents(STORM);
  return reports.map(({ subject, message }) => `\`\`\`text\n${subject}\n\n${message}\n\`\`\``).join('\n\n');
}

const SHOWN_ROWS = 5;

function part(name: string, language: string, text: string, rows: readonly Json[], description?: string): string {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const shown = rows.slice(0, SHOWN_ROWS).map((row) => columns.map((column) => `${row[column] ?? ''}`));
  const rest = rows.length - shown.length;
  return [
    `### ${name}`,
    ...(description ? [description] : []),
    `\`\`\`${language}\n${text}\n\`\`\``,
    table(columns, shown),
    ...(rest > 0 ? [`and ${rest} more.`] : []),
  ].join('\n\n');
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [header, header.map(() => '---'), ...rows.map((row) => row.map(cell))];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

const cell = (text: string) => text.replaceAll('|', '\\|');
