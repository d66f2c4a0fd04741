/// <reference lib="dom" />
import type { ConsoleView, ExecutionView } from '../../console/view.ts';
import { count, plural } from '../../report/format.ts';
import { element, replaceChildren } from './elements.ts';
import { renderExecution } from './execution.ts';
import { matching, type Query } from './search.ts';
import { badge, callerName, clockTime, took } from './words.ts';

/** The console in a browser: searches executions and shows one of them. The page itself was made without it. */

const RERUN = 'Re-run';
const PAGE_SIZE = 10;

const find = <E extends HTMLElement>(id: string): E => {
  const found = document.getElementById(id);
  if (!found) throw new Error(`found no #${id}, expected it in the page`);
  return found as E;
};

let view: ConsoleView = { machines: [], executions: [], total: 0, mails: [] };
let page = 0;

const query = (): Query => ({
  text: find<HTMLInputElement>('search').value,
  status: find<HTMLSelectElement>('status').value,
  machine: find<HTMLSelectElement>('machine').value,
  order: find<HTMLSelectElement>('order').value,
});

/** The execution that the address names. */
const named = (): ExecutionView | undefined => {
  const [, name] = /^#execution\/(.+)$/.exec(location.hash) ?? [];
  return name === undefined ? undefined : view.executions.find((each) => each.name === decodeURIComponent(name));
};

const addressOf = ({ name }: ExecutionView) => `#execution/${encodeURIComponent(name)}`;

function row(execution: ExecutionView): HTMLElement {
  const { name, family, caller, startedAt } = execution;
  const title = view.machines[execution.machine]?.title;
  const about = [family, callerName(caller), title === RERUN ? undefined : title].filter(Boolean).join(' · ');
  return element(
    'tr',
    {},
    element(
      'th',
      { scope: 'row' },
      element('a', { href: addressOf(execution) }, name),
      element('span', { class: 'about' }, about),
    ),
    element('td', {}, badge(execution, view)),
    element('td', { class: 'number started' }, clockTime(startedAt)),
    element('td', { class: 'number' }, took(execution)),
  );
}

/** The workflows that there are so far; re-runs are what people come for. */
function showMachines(): void {
  const select = find<HTMLSelectElement>('machine');
  const known = new Set([...select.options].map(({ value }) => value));
  for (const { title } of view.machines) if (!known.has(title)) select.append(element('option', {}, title));
  if (select.dataset.chosen === undefined && view.machines.some(({ title }) => title === RERUN)) {
    select.dataset.chosen = '';
    select.value = RERUN;
  }
}

function showList(): void {
  showMachines();
  const found = matching(view, query());
  const pages = Math.max(1, Math.ceil(found.length / PAGE_SIZE));
  page = Math.min(page, pages - 1);
  const shown = found.slice(page * PAGE_SIZE, (page + 1) * PAGE_SIZE);
  const focused = document.activeElement?.getAttribute('href');
  replaceChildren(find('rows'), shown.map(row));
  if (focused) document.querySelector<HTMLElement>(`#rows a[href="${CSS.escape(focused)}"]`)?.focus();
  const all = view.total > view.executions.length ? ` of ${count(view.total)} that there were` : '';
  const which = pages > 1 ? `, page ${page + 1} of ${pages}` : '';
  const said = `${plural(found.length, 'execution')} found in ${count(view.executions.length)}${all}${which}`;
  // What is said again would be read out again.
  if (find('found').textContent !== said) find('found').textContent = said;
  find<HTMLButtonElement>('previous').disabled = page === 0;
  find<HTMLButtonElement>('next').disabled = page >= pages - 1;
  find('pager').hidden = pages === 1;
}

/** Shows what the address asks for: the list, or one execution. */
function show(): void {
  const execution = named();
  find('execution-list').hidden = execution !== undefined;
  find('execution').hidden = execution === undefined;
  if (execution) replaceChildren(find('execution'), renderExecution(execution, view));
  else showList();
}

let lastShown: string | undefined;

function navigate(): void {
  const from = lastShown;
  const execution = named();
  lastShown = execution?.name;
  show();
  if (execution) {
    find('executions').scrollIntoView();
    find('execution').querySelector('h3')?.focus({ preventScroll: true });
  } else if (from !== undefined) {
    const address = addressOf({ name: from } as ExecutionView);
    document.querySelector<HTMLElement>(`#rows a[href="${CSS.escape(address)}"]`)?.focus();
  }
}

function mail({ at, subject, text }: ConsoleView['mails'][number]): HTMLElement {
  return element(
    'li',
    {},
    element(
      'details',
      {},
      element('summary', {}, element('span', { class: 'at' }, clockTime(at)), element('strong', {}, subject)),
      element('pre', {}, text),
    ),
  );
}

let mailsShown = -1;

function showMails(): void {
  if (view.mails.length === mailsShown) return;
  mailsShown = view.mails.length;
  find('mails-lead').hidden = mailsShown > 0;
  replaceChildren(find('mails'), view.mails.map(mail));
}

/** A part of the page that the lab has drawn anew; what is open in it stays open, what is being used stays. */
function replaceFragment(id: string, html: string): void {
  const container = find(id);
  if (container.contains(document.activeElement) || container.matches(':hover')) return;
  const open = [...container.querySelectorAll('details')].map((details) => details.open);
  container.innerHTML = html;
  for (const [index, details] of [...container.querySelectorAll('details')].entries())
    details.open = open[index] ?? false;
}

/** What the lab says now; nothing where it has ended. */
async function ask(): Promise<{ view: ConsoleView; fragments: Record<string, string> } | undefined> {
  try {
    return await (await fetch('/console/state')).json();
  } catch {
    return undefined;
  }
}

function sayState(words: string, className: string): void {
  const state = find('state');
  if (state.textContent !== words) state.textContent = words;
  state.className = `verdict ${className}`;
}

async function refresh(): Promise<void> {
  const answer = await ask();
  if (!answer) {
    sayState('the lab has ended', 'violated');
    return;
  }
  view = answer.view;
  for (const [id, html] of Object.entries(answer.fragments)) replaceFragment(id, html);
  show();
  showMails();
  sayState('live', 'held');
}

const REFRESH_MS = 2000;

function start(): void {
  for (const id of ['search', 'machine', 'status', 'order'])
    find(id).addEventListener('input', () => {
      page = 0;
      showList();
    });
  find('filters').addEventListener('submit', (event) => event.preventDefault());
  find('previous').addEventListener('click', () => {
    page -= 1;
    showList();
  });
  find('next').addEventListener('click', () => {
    page += 1;
    showList();
  });
  window.addEventListener('hashchange', navigate);
  const data = document.getElementById('console-data');
  if (data) {
    view = JSON.parse(data.textContent ?? '');
    showMails();
    navigate();
  } else {
    void refresh().then(navigate);
    setInterval(() => {
      if (!document.hidden) void refresh();
    }, REFRESH_MS);
  }
}

start();
