import { count, dollars, duration } from '../report/format.ts';
import type { Case } from './cases.ts';
import type { Figures } from './measure.ts';

/** One contender in one case, over all seeds. */
export interface Row {
  readonly storm: Case;
  readonly contender: string;
  readonly figures: Figures;
}

const NONE = '-';
const shown = (value: number | null, show: (value: number) => string) => (value === null ? NONE : show(value));
const decimals = (digits: number) => (value: number) => value.toFixed(digits);
/** Noise of either sign is no effect. */
const points = (value: number) => value.toFixed(1).replace('-0.0', '0.0');

type Show = (figures: Figures) => string;
const ratio =
  (key: 'drainRatio' | 'roomRatio'): Show =>
  ({ hasEnded, [key]: value }) =>
    hasEnded ? shown(value, decimals(2)) : 'not over in 24 h';
const callsPerOwed: Show = ({ callsPerOwed }) => shown(callsPerOwed, decimals(2));
const pointsAdded: Show = ({ pointsAdded }) => shown(pointsAdded, points);
const roomPointsAdded: Show = ({ roomPointsAdded }) => shown(roomPointsAdded, points);

/** What matters most, in short. */
const BRIEF: readonly Show[] = [ratio('drainRatio'), callsPerOwed, pointsAdded];
const BRIEF_OF_ROOM: readonly Show[] = [ratio('roomRatio'), callsPerOwed, roomPointsAdded];

type Columns = Readonly<Record<string, Show>>;
const COSTS: Columns = {
  'state transitions per owed call': ({ transitionsPerOwed }) => shown(transitionsPerOwed, decimals(1)),
  'cost of 1,000 owed calls': ({ dollarsPerThousand }) => shown(dollarsPerThousand, dollars),
};
const COLUMNS: Columns = {
  'drain ratio': ratio('drainRatio'),
  'RunTask calls per owed call': callsPerOwed,
  'others throttled, points added': pointsAdded,
  'lost calls': ({ lost }) => count(lost),
  'wait p50': ({ waitP50 }) => shown(waitP50, duration),
  'wait p99': ({ waitP99 }) => shown(waitP99, duration),
  ...COSTS,
};
const ROOM_COLUMNS: Columns = {
  'room ratio': ratio('roomRatio'),
  'RunTask calls per owed call': callsPerOwed,
  'others without room, points added': roomPointsAdded,
  'others throttled, points added': pointsAdded,
  'lost calls': ({ lost }) => count(lost),
  ...COSTS,
};

/** All figures of each case. */
export function caseTables(cases: readonly Case[], rows: readonly Row[]): string {
  return cases.map((storm) => `**${caseTitle(storm)}**\n\n${caseTable(storm, rows)}`).join('\n\n');
}

function caseTable(storm: Case, rows: readonly Row[]): string {
  const columns = storm.room ? ROOM_COLUMNS : COLUMNS;
  const header = ['', ...Object.keys(columns)];
  const ofCase = rows.filter((row) => row.storm === storm);
  const cells = ofCase.map(({ contender, figures }) => [
    contender,
    ...Object.values(columns).map((show) => show(figures)),
  ]);
  return markdownTable([header, ...cells]);
}

/** The three figures that matter most, of several cases side by side. */
export function overviewTable(cases: readonly Case[], rows: readonly Row[]): string {
  const contenders = [...new Set(rows.map(({ contender }) => contender))];
  const cells = contenders.map((contender) => [
    contender,
    ...cases.map((storm) => brief(rows.find((row) => row.contender === contender && row.storm === storm))),
  ]);
  return markdownTable([['', ...cases.map(caseTitle)], ...cells]);
}

function brief(row: Row | undefined): string {
  if (!row) return NONE;
  const { storm, figures } = row;
  if (figures.callsPerOwed === null) return `${count(figures.lost)} calls lost`;
  return (storm.room ? BRIEF_OF_ROOM : BRIEF).map((show) => show(figures)).join(' / ');
}

const ROOMS = { fargate: 'Fargate places', addresses: 'addresses', provisioning: 'places in PROVISIONING' } as const;

/** `bucket 100/40, 3,000 calls in 60 s, 3 attempts, others 15/s`; `33 addresses, 500 calls in 60 s`. */
export function caseTitle(storm: Case): string {
  const { bucket, isFargate, calls, overSeconds, attempts, others, recordDelaySeconds, isRecorded, room, isRule } =
    storm;
  const later = others?.later && `, from ${others.later.atSecond} s on ${others.later.perSecond}/s`;
  return [
    room
      ? `${room.tasks} ${ROOMS[room.kind]}`
      : `${isFargate ? 'Fargate bucket' : 'bucket'} ${bucket.burst}/${bucket.refillPerSecond}`,
    `${count(calls)} ${isRule ? 'launches of a rule' : 'calls'} in ${overSeconds} s`,
    ...(attempts > 1 && !isRule ? [`${attempts} attempts each`] : []),
    ...(others ? [`others ${others.perSecond}/s${later ?? ''}`] : []),
    ...(recordDelaySeconds ? [`records ${recordDelaySeconds.join(' to ')} s late`] : []),
    ...(isRecorded ? ['records hold the request'] : []),
  ].join(', ');
}

/** As the formatter wants it: columns aligned. */
function markdownTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(3, ...rows.map((row) => (row[column] ?? '').length)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const [header = [], ...body] = rows;
  return [header, widths.map((width) => '-'.repeat(width)), ...body].map(line).join('\n');
}
