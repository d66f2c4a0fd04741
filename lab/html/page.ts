import { count, dollars, duration, percent, plural, ratio } from '../report/format.ts';
import { wouldBringBack } from '../report/start-summary.ts';
import type { LeftAlone, Story } from '../report/story.ts';
import { executionsCard, mailsCard, waitsTable } from './console.ts';
import { drawFlow, drawWay } from './diagram.ts';
import { card, navigation, renderDocument } from './document.ts';
import { html, type Markup } from './markup.ts';
import { legend, plotsOf } from './plots.ts';
import { configurationTable, figuresTable, outcomesTable } from './tables.ts';

const MUST_BE_0 = 'must be 0';

/** The report of a run, with its console: one file that needs nothing else, no font, no network. */
export async function renderPage(story: Story): Promise<string> {
  const { report, configuration, workflow, leftAlone } = story;
  const plots = plotsOf(story);
  const callers = Object.entries(report.byCaller).map(([name, { owed: calls, ...figures }]) => ({
    name,
    calls,
    ...figures,
  }));
  const content = html`<main id="content">
${headline(story)}
${navigation({ recovery: 'Over time', waits: 'Who waited', executions: 'Executions', mail: 'Mails', figures: 'Figures' })}
${tiles(story)}
${card(
  'recovery',
  'Lost, and brought back',
  'Each call that throttling took, summed up over virtual time. What lies between the lines is waiting for its permit.',
  [legend({ throttled: 'lost to throttling', ours: 'brought back', gap: 'waiting' }), plots.recovery],
)}
${card(
  'accepted',
  'What ECS accepted',
  'RunTask calls per second. Re-runs share the account’s request bucket with everybody else.',
  [legend({ callers: 'callers’ own calls', ours: 're-runs' }), plots.accepted],
)}
${leftAlone.calls > 0 ? leftAloneCard(leftAlone) : undefined}
${card('throttled', 'What ECS throttled', 'RunTask calls per second, on a scale of its own.', [
  legend({ throttled: 'callers’ calls', 'ours-throttled': 're-runs' }),
  plots.throttled,
])}
${plots.room.length > 0 ? card('room', 'Room', 'Tasks that held room at the same time, whoever started them.', plots.room) : undefined}
<div class="pair">
${card('delay', 'Delay', 'From a caller’s giving up to ECS accepting the re-run; CloudTrail’s delay and the grace for the caller’s own retries are part of it.', plots.waits)}
${card('rate', 'Rate', 'Permits handed out per second: all re-runs share one rate.', plots.rate)}
</div>
${card('waits', 'Who waited how long', 'From a call’s being ready to be re-run to its start, for calls that ECS had rejected.', waitsTable(callers, 'Owed'))}
${executionsCard()}
${mailsCard()}
${card('outcomes', 'What became of them', 'Results of the re-runs and verdicts on events, by reason.', outcomesTable(report))}
${
  workflow &&
  card(
    'workflow',
    'What a re-run is',
    'One execution of this Step Functions workflow, drawn from the template that the lab ran and that npm run deploy sends.',
    [html`<div class="roomy">${await drawFlow(workflow)}</div><div class="narrow">${await drawWay(workflow)}</div>`],
  )
}
${card('figures', 'All figures', 'As in the JSON report of npm run lab.', figuresTable(report))}
${configuration && card('configuration', 'Configuration', 'In force in this run, defaults included.', configurationTable(configuration))}
<footer>${report.scenario} · seed ${report.seed} · ${duration(report.virtualSeconds)} of virtual time in ${duration(report.wallSeconds)} · the same scenario and seed give the same figures</footer>
</main>`;
  return renderDocument({ title: 'Throttled, and brought back', content, data: story.console });
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
  return tilesOf([
    ['Brought back', count(standing.broughtBack), `in ${duration(drain.seconds)}`],
    ['Lost', count(invariants.lost), invariants.lost === 0 ? 'as it must be' : MUST_BE_0],
    ['Duplicated', count(invariants.duplicated), invariants.duplicated === 0 ? 'as it must be' : MUST_BE_0],
    ['RunTask calls per re-run', ratio(ecs.callsPerRerun), '1 is the least'],
    ['Live traffic throttled by us', percent(added), `${percent(others.throttledShareWithout)} without us`],
    ['Cost per 1,000', dollars(costUsd.perThousandReruns), 'list prices'],
  ]);
}

/** Figures that are read first: name, value, and what to think of it. */
export function tilesOf(figures: readonly (readonly [string, string, string])[]): Markup {
  return html`<section class="tiles" aria-label="At a glance">${figures.map(
    ([name, value, note]) =>
      html`<div><h2>${name}</h2><p class="value ${note === MUST_BE_0 ? 'bad' : ''}">${value}</p><p class="note">${note}</p></div>`,
  )}</section>`;
}

function leftAloneCard(leftAlone: LeftAlone): Markup {
  const { calls, callers, areTold } = leftAlone;
  const told = areTold ? 'People were told who lost how many attempts.' : 'Nobody was told.';
  return card(
    'left-alone',
    'Not handed over',
    `Throttling took ${plural(calls, 'call')} of ${callers.join(', ')} that nobody handed over. ${told}`,
    html`<p>${wouldBringBack(leftAlone).join(' ')}</p>`,
  );
}
