import { type Part, partOf } from './parts.ts';
import type { Step } from './replay.ts';
import type { Execution, Running, State } from './state.ts';
import { with_ } from './state.ts';

interface Reply {
  readonly batchItemFailures?: readonly unknown[];
  readonly next?: string;
  readonly state?: unknown;
  readonly waitUntil?: string;
  readonly progress?: unknown;
  readonly rerun?: unknown;
  readonly result?: string;
}

/** What follows where a function has ended. */
export function ended(state: State, running: Running): State {
  const { step } = running.invocation;
  if (step.kind === 'asks') return state;
  const isFailure = step.kind === 'throws' && step.name !== 'GaveUp' && step.name !== 'Refused';
  if (isFailure) return released(state, running);
  const reply = step.kind === 'returns' ? (step.value as Reply) : undefined;
  switch (running.handler) {
    case 'intake':
      return reply?.batchItemFailures?.length ? released(state, running) : withEvent(state, running.owner, 0, -1);
    case 'sweep': {
      const payload =
        reply?.next === 'pass' ? partOf({ step: 'pass', state: reply.state, execution: nameOf(running) }) : undefined;
      return withSweep(state, nameOf(running), payload, false);
    }
    case 'run-task':
      return withExecution(state, nameOf(running), {
        isBusy: false,
        enteredMs: null,
        unheardMs: null,
        ...afterRunTask(step, reply),
      });
    default:
      return running.handler satisfies never;
  }
}

/** The transitions of the re-run workflow. */
function afterRunTask(step: Step, reply: Reply | undefined): Partial<Execution> {
  if (step.kind === 'throws') return { status: 'failed', result: step.message };
  const untilMs = Date.parse(reply?.waitUntil ?? '') || 0;
  switch (reply?.next) {
    case 'attempt':
      return { phase: 'permit', untilMs, rerun: partOf(reply.rerun as object) };
    case 'waitForRecord':
      return { phase: 'complete', untilMs };
    case 'backOff':
      return { phase: 'permit', untilMs, progress: partOf(reply.progress as object), permitAtMs: null };
    case 'waitForProof':
      return { phase: 'run', untilMs, progress: partOf(reply.progress as object), permitAtMs: null };
    default:
      return { status: 'done', result: reply?.result ?? '' };
  }
}

const nameOf = ({ owner }: Running) => owner.slice(owner.indexOf(' ') + 1);

/** Whoever the function worked for asks again. */
export function released(state: State, running: Running): State {
  switch (running.handler) {
    case 'intake':
      return withEvent(state, running.owner, 1, -1);
    case 'sweep':
      return withSweep(state, nameOf(running), state.sweeps[nameOf(running)]?.payload, false);
    case 'run-task': {
      const { enteredMs = null, unheardMs = null } = state.executions[nameOf(running)] ?? {};
      return withExecution(state, nameOf(running), { isBusy: false, unheardMs: unheardMs ?? enteredMs });
    }
    default:
      return running.handler satisfies never;
  }
}

export function withEvent(state: State, event: string, waiting: number, busy: number): State {
  const before = state.events[event] ?? { waiting: 0, busy: 0 };
  const after = { waiting: before.waiting + waiting, busy: before.busy + busy };
  return { ...state, events: with_(state.events, event, after.waiting + after.busy > 0 ? after : undefined) };
}

export function withExecution(state: State, name: string, changes: Partial<Execution>): State {
  const before = state.executions[name];
  if (!before) throw new Error(`execution ${name}: expected it to be there`);
  return { ...state, executions: with_(state.executions, name, { ...before, ...changes }) };
}

export const withSweep = (state: State, name: string, payload: Part | undefined, isBusy: boolean): State => ({
  ...state,
  sweeps: with_(state.sweeps, name, { payload, isBusy }),
});
