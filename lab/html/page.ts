import { readFileSync } from 'node:fs';
import { count, dollars, duration, percent, plural, ratio } from '../report/format.ts';
import { wouldBringBack } from '../report/start-summary.ts';
import type { LeftAlone, Story } from '../report/story.ts';
import { drawFlow } from './diagram.ts';
import { type Content, html, Markup } from './markup.ts';
import { legend, plotsOf } from './plots.ts';
import { configurationTable, figuresTable, outcomesTable } from './tables.ts';

const STYLE = ['palette.css', 'page.css', 'drawings.css'].map(
  (name) => new Markup(readFileSync(new URL(name, import.meta.url), 'utf8')),
);

const MUST_BE_0 = 'must be 0';

/** The report of a run as one file that needs nothing else: no script, no font, no network. */
export async function renderPage(story: Story): Promise<string> {
  const { report, configuration, workflow, leftAlone } = story;
  const plots = plotsOf(story);
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>Throttled, and brought back</title><style>${STYLE}</style></head><body><main>
${headline(story)}
${tiles(story)}
${card(
  'Lost, and brought back',
  'Each call that throttling took, summed up over virtual time. What lies between the lines is waiting for its permit.',
  [legend({ throttled: 'lost to throttling', ours: 'brought back', gap: 'waiting' }), plots.recovery],
)}
${card(
  'What ECS accepted',
  'RunTask calls per second. Re-runs share the account’s request bucket with everybody else.',
  [legend({ callers: 'callers’ own calls', ours: 're-runs' }), plots.accepted],
)}
${leftAlone.calls > 0 ? leftAloneCard(leftAlone) : undefined}
${card('What ECS throttled', 'RunTask calls per second, on a scale of its own.', [
  legend({ throttled: 'callers’ calls', 'ours-throttled': 're-runs' }),
  plots.throttled,
])}
<div class="pair">
${card('Delay', 'From a caller’s giving up to ECS accepting the re-run; CloudTrail’s delay and the grace for the caller’s own retries are part of it.', plots.waits)}
${card('Rate', 'Permits handed out per second: all re-runs share one rate.', plots.rate)}
</div>
${card('What became of them', 'Results of the re-runs and verdicts on events, by reason.', outcomesTable(report))}
${workflow && card('What a re-run is', 'One execution of this Step Functions workflow, drawn from the template that the lab ran and that npm run deploy sends.', await drawFlow(workflow))}
${card('All figures', 'As in the JSON report of npm run lab.', figuresTable(report))}
${configuration && card('Configuration', 'In force in this run, defaults included.', configurationTable(configuration))}
<footer>${report.scenario} · seed ${report.seed} · ${duration(report.virtualSeconds)} of virtual time in ${duration(report.wallSeconds)} · the same scenario and seed give the same figures</footer>
</main></body></html>
`;
  return page.text;
}

function headline({ report, violations, standing: { made, taken, broughtBack } }: Story): Markup {
  const verdict =
    violations.length === 0
      ? html`<p class="verdict held">✔ Every invariant held</p>`
      : violations.map((violation) => html`<p class="verdict violated">✘ Violated: ${violation}</p>`);
  return html`<header>${verdict}
<h1>Throttling took ${count(taken)} of ${plural(made, 'call')}. ${broughtBack === taken ? 'All' : count(broughtBack)} came back.</h1>
<p class="scenario">${report.scenario}</p></header>`;
}

function tiles({ report, standing }: Story): Markup {
  const { invariants, ecs, drain, others, costUsd } = report;
  const added = Math.max(0, others.throttledShare - others.throttledShareWithout);
  const figures: readonly (readonly [string, string, string])[] = [
    ['Brought back', count(standing.broughtBack), `in ${duration(drain.seconds)}`],
    ['Lost', count(invariants.lost), invariants.lost === 0 ? 'as it must be' : MUST_BE_0],
    ['Duplicated', count(invariants.duplicated), invariants.duplicated === 0 ? 'as it must be' : MUST_BE_0],
    ['RunTask calls per re-run', ratio(ecs.callsPerRerun), '1 is the least'],
    ['Live traffic throttled by us', percent(added), `${percent(others.throttledShareWithout)} without us`],
    ['Cost per 1,000', dollars(costUsd.perThousandReruns), 'list prices'],
  ];
  return html`<section class="tiles">${figures.map(
    ([name, value, note]) =>
      html`<div><h2>${name}</h2><p class="value ${note === MUST_BE_0 ? 'bad' : ''}">${value}</p><p class="note">${note}</p></div>`,
  )}</section>`;
}

function leftAloneCard(leftAlone: LeftAlone): Markup {
  const { calls, callers, areTold } = leftAlone;
  const told = areTold ? 'People were told who lost how many attempts.' : 'Nobody was told.';
  return card(
    'Not handed over',
    `Throttling took ${plural(calls, 'call')} of ${callers.join(', ')} that nobody handed over. ${told}`,
    html`<p>${wouldBringBack(leftAlone).join(' ')}</p>`,
  );
}

function card(title: string, lead: string, content: Content): Markup {
  return html`<section class="card"><h2>${title}</h2><p class="lead">${lead}</p><div class="content">${content}</div></section>`;
}
