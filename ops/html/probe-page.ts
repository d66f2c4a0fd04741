import { readFileSync } from 'node:fs';
import { type Content, html, Markup } from '../../lab/html/markup.ts';
import type { CallerRow } from '../probe/caller-rows.ts';
import type { ProbeFigures } from '../probe/figures.ts';
import { lines, type Series } from './lines.ts';

const STYLE = ['palette.css', 'page.css'].map(
  (name) => new Markup(readFileSync(new URL(`../../lab/html/${name}`, import.meta.url), 'utf8')),
);

/** A storm by seconds: what was asked of the bucket. */
export interface StormSeconds {
  readonly accepted: readonly number[];
  readonly throttled: readonly number[];
}

/** The storm played again in the lab, by seconds: calls that are missing as it was, and as it would have been with the stack. */
export interface Replay {
  readonly asItWas: readonly number[];
  readonly asItWouldBe: readonly number[];
  readonly throttled: number;
  readonly broughtBack: number;
}

/** What probe found, as one file that needs nothing else. */
export function probePage(figures: ProbeFigures, storm: StormSeconds | undefined, replay: Replay | undefined): string {
  const { from, until, rejectedAttempts, throttled, wouldRerun, bucket } = figures;
  const taken = throttled === null ? `${rejectedAttempts} attempts` : `${throttled} calls`;
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>What throttling took</title><style>${STYLE}</style></head><body><main>
<header><h1>Throttling took ${taken}.</h1><p class="scenario">${from ?? '–'} to ${until ?? '–'}</p></header>
${tiles(figures)}
${storm && card('The worst storm', 'RunTask requests per second, by how ECS answered. Time begins ten seconds before the storm.', lines('RunTask requests per second', stormSeries(storm), bucket?.unit === 'calls' ? { value: bucket.refillPerSecond, name: `bucket refills ${bucket.refillPerSecond} per second` } : undefined))}
${replay && card('As it was, and as it would have been', `Calls that are missing, in the storm played again in the lab: ${replay.throttled} were throttled, ${replay.broughtBack} come back.`, lines('Calls that are missing over time', replaySeries(replay)))}
${card('Who lost what', 'Unknown, where records do not tell which attempts are of one call.', callerTable(figures.byCaller))}
${
  figures.handOver.length > 0
    ? card(
        'Who has to hand over',
        'The records of these callers do not hold what they asked for: only their own messages bring such calls back.',
        table(
          ['Caller', 'Rejected attempts', 'Why', 'Usual request'],
          figures.handOver.map(({ caller, rejectedAttempts: attempts, reason, usualRequest }) => [
            caller,
            attempts,
            reason,
            usualRequest ? `${usualRequest.family} on ${usualRequest.cluster}` : '–',
          ]),
        ),
      )
    : undefined
}
${
  figures.usedBy.length > 0
    ? card(
        'Who used the bucket',
        usersLead(figures),
        table(
          ['Caller', 'Requests', 'Share'],
          figures.usedBy.map(({ caller, requests, share }) => [caller, requests, `${Math.round(share * 100)} %`]),
        ),
      )
    : undefined
}
${
  (figures.downstream ?? []).length > 0
    ? card(
        'Behind ECS',
        'Throttled calls that ECS itself made to other services.',
        table(
          ['Call', 'Throttled', 'What to ask for'],
          (figures.downstream ?? []).map(({ call, throttled: count, ask }) => [call, count, ask]),
        ),
      )
    : undefined
}
${card(
  'Settled here',
  'Facts that nobody could verify without an account.',
  table(
    ['Fact', 'Answer', 'Records'],
    Object.entries(figures.untested).map(([fact, { settled, answer, seen }]) => [
      fact,
      settled ? (answer ?? '–') : 'not decided',
      seen,
    ]),
  ),
)}
${card('Configuration', `For cdk.json, under context.ecsThrottleRemediation. It only observes. ${wouldRerun} of these calls would be re-run with everything listed.`, html`<pre><code>${JSON.stringify(figures.suggestedConfiguration, undefined, 2)}</code></pre>`)}
</main></body></html>
`.text;
}

function tiles({ calls, throttled, noRoom, failedStarts, wouldRerun, quota }: ProbeFigures): Markup {
  const figures: readonly (readonly [string, string | number | null])[] = [
    ['RunTask calls', calls],
    ['Throttled', throttled],
    ['Without room', noRoom],
    ['Failed starts', failedStarts],
    ['Would be re-run', wouldRerun],
    ['Quota for nobody throttled', quota && `${quota.refillPerSecond}/s`],
  ];
  return html`<section class="tiles">${figures.map(([name, value]) => html`<div><h2>${name}</h2><p class="value">${value ?? 'unknown'}</p></div>`)}</section>`;
}

const usersLead = ({ slow }: ProbeFigures) =>
  `Requests while there were storms.${slow ? ` At ${slow.toPerSecond} a second at most by ${slow.caller} nobody would have been throttled in the worst of them.` : ''}`;

const stormSeries = ({ accepted, throttled }: StormSeconds): Series[] => [
  { name: 'accepted', colour: 'callers', values: accepted },
  { name: 'throttled', colour: 'throttled', values: throttled, isLine: true },
];

const replaySeries = ({ asItWas, asItWouldBe }: Replay): Series[] => [
  { name: 'missing, as it was', colour: 'throttled', values: asItWas, isLine: true },
  { name: 'missing, with this stack', colour: 'ours', values: asItWouldBe },
];

const callerTable = (rows: readonly CallerRow[]): Markup =>
  table(
    ['Caller', 'Family', 'Calls', 'Rejected attempts', 'Throttled', 'No room', 'Re-run'],
    rows.map((row) => [
      row.caller,
      row.family ?? '–',
      row.calls,
      row.rejectedAttempts,
      row.throttled,
      row.noRoom,
      row.wouldRerun,
    ]),
  );

function table(headers: readonly string[], rows: readonly (readonly (string | number | null)[])[]): Markup {
  return html`<table><thead><tr>${headers.map((header) => html`<th>${header}</th>`)}</tr></thead><tbody>
${rows.map(([first = '', ...cells]) => html`<tr><th style="overflow-wrap:anywhere">${first ?? ''}</th>${cells.map((cell) => html`<td>${cell ?? 'unknown'}</td>`)}</tr>\n`)}</tbody></table>`;
}

const card = (title: string, lead: string, content: Content): Markup =>
  html`<section class="card"><h2>${title}</h2><p class="lead">${lead}</p><div class="content">${content}</div></section>`;
