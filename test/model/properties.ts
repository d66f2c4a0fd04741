import type { State, World } from './state.ts';

const runningTasks = ({ tasks }: State) => tasks.filter(({ runs }) => runs).length;

/** What must never be, in whatever order things happen. */
export function violationIn(state: State, { count }: World): string | undefined {
  const running = runningTasks(state);
  if (running > count) return `${running} tasks ran, the call asked for ${count}`;
  const executions = Object.values(state.executions);
  const isTwice = executions.some(
    ({ input }, index) => executions.findIndex((other) => other.input === input) !== index,
  );
  return isTwice ? 'one call has two executions' : undefined;
}

/** What must not be left over where nothing but faults can still happen. */
export function leftoverIn(state: State, { count, rejectedRecords }: World): string | undefined {
  const open = Object.entries(state.executions).find(([, { status }]) => status === 'open');
  if (open) return `execution ${open[0]} never ends`;
  const [working] = state.running;
  if (working) return `the work for ${working.owner} never ends`;
  const results = Object.values(state.executions).map(({ result }) => result);
  const running = runningTasks(state);
  // A bare record says that somebody was throttled, and not what was to run.
  const isOwed =
    state.tasks.some(({ runs }) => !runs) ||
    state.messages.length > 0 ||
    state.records.some(({ isRejected, isPartial }) => (isRejected && rejectedRecords === 'full') || isPartial);
  const isTold = Object.values(state.executions).some(({ status }) => status === 'failed');
  if (isOwed && !isTold && running < count) return `${running} tasks ran, and nobody was told why`;
  // Nothing here is rejected for itself, and no throttle lasts.
  const isWronglyTold = results.some((result) => /^(maxAttempts|rejectedByEcs)/.test(result));
  return running === count && isWronglyTold
    ? 'people were told of a call that was lost, and all of its tasks ran'
    : undefined;
}
