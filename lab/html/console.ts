import { count, duration } from '../report/format.ts';
import { card } from './document.ts';
import { html, type Markup } from './markup.ts';

/** The parts of a page that the console's script fills. */

const STATUSES: Readonly<Record<string, string>> = {
  '': 'any',
  RUNNING: 'running',
  SUCCEEDED: 'succeeded',
  FAILED: 'failed',
  TIMED_OUT: 'timed out',
  ABORTED: 'aborted',
};

const ORDERS: Readonly<Record<string, string>> = { newest: 'newest first', longest: 'longest first' };

const options = (names: Readonly<Record<string, string>>) =>
  Object.entries(names).map(([value, name]) => html`<option value="${value}">${name}</option>`);

export function executionsCard(): Markup {
  return card(
    'executions',
    'Executions',
    'One execution for each call, as in the Step Functions console; sweeps and notices too. What a call asked for is not shown.',
    html`<noscript><p>The list of executions needs scripts.</p></noscript>
<div id="execution-list"><form id="filters" role="search" aria-label="Executions">
<label class="wide">Search<input id="search" type="search" placeholder="name, family, caller, reason" autocomplete="off"></label>
<label>Workflow<select id="machine"><option value="">any</option></select></label>
<label>Status<select id="status">${options(STATUSES)}</select></label>
<label>Order<select id="order">${options(ORDERS)}</select></label>
</form>
<p id="found" class="lead" role="status"></p>
<table class="executions"><thead><tr><th scope="col">Execution</th><th scope="col">Status</th><th scope="col" class="number started">Started</th><th scope="col" class="number">Took</th></tr></thead><tbody id="rows"></tbody></table>
<p id="pager" hidden><button id="previous" type="button">Previous</button> <button id="next" type="button">Next</button></p></div>
<div id="execution" hidden></div>`,
  );
}

export function mailsCard(): Markup {
  return card(
    'mail',
    'Mails',
    'What people were sent, with the time of the run.',
    html`<p id="mails-lead">Nobody was sent anything.</p><ul id="mails"></ul>`,
  );
}

/** How long the calls of one caller waited, in seconds. */
export interface CallerWaits {
  readonly name: string;
  readonly calls: number;
  readonly started: number;
  /** Null where nobody waited. */
  readonly waitSeconds: { readonly p50: number; readonly p99: number } | null;
}

/** Who waited how long, each beside the others. */
export function waitsTable(callers: readonly CallerWaits[], calls: string): Markup {
  if (callers.length === 0) return html`<p>Nobody waited yet.</p>`;
  const longest = callers.reduce((most, { waitSeconds }) => Math.max(most, waitSeconds?.p99 ?? 0), 0);
  const bar = (seconds: number) =>
    html`<span class="bar" style="width:${longest > 0 ? Math.max(0, Math.round((seconds / longest) * 100)) : 0}%"></span>`;
  return html`<table class="waits"><thead><tr><th scope="col">Caller</th><th scope="col" class="number">${calls}</th><th scope="col" class="number">Started</th><th scope="col">Half waited</th><th scope="col">99 % waited</th></tr></thead><tbody>
${callers.map(
  ({ name, calls: number, started, waitSeconds }) =>
    html`<tr><th scope="row">${name}</th><td class="number">${count(number)}</td><td class="number">${count(started)}</td>
<td>${waitSeconds ? html`${duration(waitSeconds.p50)} or less${bar(waitSeconds.p50)}` : '–'}</td><td>${waitSeconds ? html`${duration(waitSeconds.p99)} or less${bar(waitSeconds.p99)}` : '–'}</td></tr>`,
)}</tbody></table>`;
}
