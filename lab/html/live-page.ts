import type { ConsoleView, ExecutionView } from '../console/view.ts';
import { count, plural, stopwatch } from '../report/format.ts';
import { percentile } from './bins.ts';
import { type CallerWaits, executionsCard, mailsCard, waitsTable } from './console.ts';
import { card, navigation, renderDocument } from './document.ts';
import { html, type Markup } from './markup.ts';
import { tilesOf } from './page.ts';
import { legend, livePlots, type OverTime, waits } from './plots.ts';

/** A part of the page that is drawn anew again and again, by its id. */
export type Fragments = Readonly<Record<string, string>>;

const fragment = (id: string): Markup => html`<div id="${id}"></div>`;

/** The console of the live lab: it asks the lab for all that it shows. */
export function renderLivePage(scenarioName: string, limitsRoom: boolean): Promise<string> {
  const content = html`<main id="content">
<header><p id="state" class="verdict" role="status">loading</p>
<h1>The live lab</h1>
<p class="scenario">${scenarioName}</p></header>
${navigation({ executions: 'Executions', accepted: 'Over time', waits: 'Who waited', mail: 'Mails' })}
${fragment('live-tiles')}
${executionsCard()}
${card(
  'accepted',
  'What ECS accepted',
  'RunTask calls per second. Re-runs share the account’s request bucket with everybody else.',
  [legend({ callers: 'callers’ own calls', ours: 're-runs' }), fragment('live-accepted')],
)}
${card('throttled', 'What ECS throttled', 'RunTask calls per second, on a scale of its own.', [
  legend({ throttled: 'callers’ calls', 'ours-throttled': 're-runs' }),
  fragment('live-throttled'),
])}
${limitsRoom ? card('room', 'Room', 'Tasks that held room at the same time, whoever started them.', fragment('live-room')) : undefined}
<div class="pair">
${card('delay', 'Delay', 'How long re-runs took, from the start of an execution to its end.', fragment('live-delay'))}
${card('rate', 'Rate', 'Permits handed out per second: all re-runs share one rate.', fragment('live-rate'))}
</div>
${card('waits', 'Who waited how long', 'From the start of an execution to its end.', fragment('live-waits'))}
${mailsCard()}
<footer>On the loopback interface alone. Ctrl-C ends it.</footer>
</main>`;
  return renderDocument({ title: 'The live lab', content });
}

/** All that changes on the page but executions and mails, which its script shows. */
export function liveFragments(run: OverTime & { readonly now: number }, view: ConsoleView): Fragments {
  const plots = livePlots({ ...run, until: run.now });
  const reruns = view.executions.filter(({ machine }) => view.machines[machine]?.title === 'Re-run');
  const ended = reruns.filter(({ stoppedAt }) => stoppedAt !== undefined);
  return {
    'live-tiles': tiles(run, reruns, view).text,
    'live-accepted': plots.accepted.text,
    'live-throttled': plots.throttled.text,
    ...(plots.room.length > 0 && { 'live-room': html`${plots.room}`.text }),
    'live-rate': plots.rate.text,
    'live-delay': ended.length > 0 ? waits(ended.map(secondsOf)).text : html`<p>No re-run has ended yet.</p>`.text,
    'live-waits': waitsTable(callersOf(reruns), 'Re-runs').text,
  };
}

const secondsOf = ({ startedAt, stoppedAt = startedAt }: ExecutionView): number => (stoppedAt - startedAt) / 1000;

function tiles(
  { counts, now }: OverTime & { now: number },
  reruns: readonly ExecutionView[],
  view: ConsoleView,
): Markup {
  const total = (perSecond: readonly number[]) => perSecond.reduce((sum, value) => sum + value, 0);
  const by = (wanted: ExecutionView['status']) => reruns.filter(({ status }) => status === wanted).length;
  const failed = reruns.length - by('RUNNING') - by('SUCCEEDED');
  return tilesOf([
    ['Time of the run', stopwatch(now), 'hours, minutes, seconds'],
    ['Callers’ calls accepted', count(total(counts.callersAccepted)), 'by ECS'],
    ['Callers’ calls throttled', count(total(counts.callersThrottled)), 'by ECS'],
    ['Re-runs under way', count(by('RUNNING')), 'waiting, most likely'],
    ['Re-runs succeeded', count(by('SUCCEEDED')), `${plural(failed, 'other')} ended otherwise`],
    ['Mails', count(view.mails.length), 'to people'],
  ]);
}

function callersOf(reruns: readonly ExecutionView[]): CallerWaits[] {
  const byCaller = Map.groupBy(reruns, ({ caller = 'nobody known' }) => caller.slice(caller.lastIndexOf('/') + 1));
  return [...byCaller].map(([name, all]) => {
    const waited = all.filter(({ result }) => result === 'started').map(secondsOf);
    return {
      name,
      calls: all.length,
      started: waited.length,
      waitSeconds: waited.length > 0 ? { p50: percentile(waited, 0.5), p99: percentile(waited, 0.99) } : null,
    };
  });
}
