/// <reference lib="dom" />
import type { ConsoleView, ExecutionStatus, ExecutionView } from '../../console/view.ts';
import { duration, stopwatch } from '../../report/format.ts';
import { element } from './elements.ts';

/** How the console says things. */

const STATUS: Readonly<Record<ExecutionStatus, { readonly mark: string; readonly word: string }>> = {
  RUNNING: { mark: '◔', word: 'Running' },
  SUCCEEDED: { mark: '✔', word: 'Succeeded' },
  FAILED: { mark: '✘', word: 'Failed' },
  TIMED_OUT: { mark: '✘', word: 'Timed out' },
  ABORTED: { mark: '■', word: 'Aborted' },
};

const RESULTS: Readonly<Record<string, string>> = {
  started: 'started',
  alreadyStarted: 'already started',
  ignored: 'ignored',
  gaveUp: 'gave up',
  refused: 'refused',
};

export const resultOf = ({ result, reason }: ExecutionView): string =>
  [result === undefined ? undefined : (RESULTS[result] ?? result), reason].filter(Boolean).join(': ');

/** Status, and below it where it is or what it came to, if that is not said elsewhere. */
export function badge(execution: ExecutionView, view: ConsoleView, saysMore = true): HTMLElement {
  const { mark, word } = STATUS[execution.status];
  const place = execution.steps.at(-3);
  const where =
    execution.status === 'RUNNING' && place !== undefined ? view.machines[execution.machine]?.states[place] : undefined;
  return element(
    'span',
    { class: `status ${execution.status.toLowerCase()}` },
    element('span', { class: 'word' }, element('span', { 'aria-hidden': 'true' }, `${mark} `), word),
    ...(saysMore ? [element('span', { class: 'about' }, where ?? resultOf(execution))] : []),
  );
}

/** `scheduler` of `arn:aws:iam::111122223333:role/scheduler`. */
export const callerName = (arn: string | undefined): string | undefined => arn?.slice(arn.lastIndexOf('/') + 1);

export const clockTime = (milliseconds: number): string => stopwatch(milliseconds / 1000);

export const took = ({ startedAt, stoppedAt }: ExecutionView): string =>
  stoppedAt === undefined ? '–' : duration((stoppedAt - startedAt) / 1000);
