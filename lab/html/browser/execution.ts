/// <reference lib="dom" />
import { type ConsoleView, type ExecutionView, STEP } from '../../console/view.ts';
import { duration } from '../../report/format.ts';
import { element } from './elements.ts';
import { badge, callerName, clockTime, resultOf, took } from './words.ts';

/** One stay of an execution in a state. */
export interface Stay {
  readonly place: number;
  /** Milliseconds since the execution's start; undefined where it is still there. */
  readonly from: number;
  readonly to: number | undefined;
  retries: number;
  failures: number;
}

/** The stays of an execution, in their order. */
export function staysOf({ steps, startedAt, stoppedAt }: ExecutionView): Stay[] {
  const stays: Stay[] = [];
  for (let index = 0; index < steps.length; index += 3) {
    const [place = 0, at = 0, what] = steps.slice(index, index + 3);
    const last = stays.at(-1);
    if (what === STEP.entered) {
      if (last) stays[stays.length - 1] = { ...last, to: at };
      stays.push({ place, from: at, to: undefined, retries: 0, failures: 0 });
    } else if (last && what === STEP.retried) last.retries += 1;
    else if (last) last.failures += 1;
  }
  const last = stays.at(-1);
  if (last && stoppedAt !== undefined) stays[stays.length - 1] = { ...last, to: stoppedAt - startedAt };
  return stays;
}

/** All of one execution: what it is, its way through the drawing, its history. */
export function renderExecution(execution: ExecutionView, view: ConsoleView): HTMLElement[] {
  const machine = view.machines[execution.machine];
  const stays = staysOf(execution);
  return [
    element('p', {}, element('a', { href: '#executions', class: 'back' }, '← All executions')),
    element('h3', { tabindex: '-1' }, execution.name),
    facts(execution, machine?.title ?? '', view),
    element('div', { class: 'way-pair' }, drawing(execution, stays, machine), history(stays, machine)),
  ];
}

function facts(execution: ExecutionView, workflow: string, view: ConsoleView): HTMLElement {
  const { family, caller, cluster, startedAt, stoppedAt, redrives } = execution;
  const rows: (readonly [string, string | HTMLElement | undefined])[] = [
    ['Status', badge(execution, view, stoppedAt === undefined)],
    ['Workflow', workflow],
    ['Result', resultOf(execution) || undefined],
    ['Family', family],
    ['Caller', caller === undefined ? undefined : element('span', { title: caller }, callerName(caller) ?? '')],
    ['Cluster', cluster],
    ['Started', `${clockTime(startedAt)} of the run`],
    ['Ended', stoppedAt === undefined ? undefined : `${clockTime(stoppedAt)} of the run`],
    ['Took', took(execution)],
    ['Redriven', redrives === undefined ? undefined : `${redrives}×`],
  ];
  const shown = rows.flatMap(([name, value]) =>
    value === undefined ? [] : element('div', {}, element('dt', {}, name), element('dd', {}, value)),
  );
  return element('dl', { class: 'facts' }, ...shown);
}

/** The state machine, the states that the execution went through marked, and that in which it is or ended. */
function drawing(
  { status }: ExecutionView,
  stays: readonly Stay[],
  machine: ConsoleView['machines'][number] | undefined,
): HTMLElement {
  const container = element('div', { class: 'drawing' });
  // Drawn by the lab from the template: the only markup that is taken as it is.
  container.innerHTML = machine?.drawing ?? '';
  const names = stays.map(({ place }) => machine?.states[place] ?? '');
  container.querySelector('svg')?.setAttribute('aria-label', `Way through the state machine: ${names.join(', ')}`);
  for (const [index, { place, failures }] of stays.entries()) {
    const next = stays[index + 1];
    container.querySelector(`.s${place}`)?.classList.add('passed', ...(failures > 0 ? ['troubled'] : []));
    if (next) container.querySelector(`.e${place}-${next.place}`)?.classList.add('passed');
  }
  const last = stays.at(-1);
  const end = { RUNNING: 'current', SUCCEEDED: 'ended' }[status as string] ?? 'broken';
  if (last) container.querySelector(`.s${last.place}`)?.classList.add(end);
  return container;
}

function history(stays: readonly Stay[], machine: ConsoleView['machines'][number] | undefined): HTMLElement {
  const rows = stays.map(({ place, from, to, retries, failures }, index) => {
    const notes = [
      ...(failures > 0 ? [`failed ${failures}×`] : []),
      ...(retries > 0 ? [`retried ${retries}×`] : []),
      ...(to === undefined ? ['is here'] : []),
    ];
    return element(
      'tr',
      {},
      element('td', { class: 'number' }, String(index + 1)),
      element(
        'th',
        { scope: 'row' },
        machine?.states[place] ?? '',
        element('span', { class: 'about' }, notes.join(', ')),
      ),
      element('td', { class: 'number' }, `+${duration(from / 1000)}`),
      element('td', { class: 'number' }, to === undefined ? '–' : duration((to - from) / 1000)),
    );
  });
  const head = ['#', 'State', 'Entered', 'Stayed'].map((name) =>
    element('th', { scope: 'col', ...(name === 'State' ? {} : { class: 'number' }) }, name),
  );
  return element(
    'table',
    { class: 'history' },
    element('caption', {}, 'History, from the start of the execution'),
    element('thead', {}, element('tr', {}, ...head)),
    element('tbody', {}, ...rows),
  );
}
