import type { ConsoleView, ExecutionView } from '../../console/view.ts';

export interface Query {
  /** Words that all have to be there. */
  readonly text: string;
  /** The title of a workflow; empty for any. */
  readonly machine: string;
  /** A status; empty for any. */
  readonly status: string;
  /** `newest` or `longest` first. */
  readonly order: string;
}

/** The executions that a query finds, in its order. */
export function matching(view: Pick<ConsoleView, 'executions' | 'machines'>, query: Query): ExecutionView[] {
  const { text, machine, status, order } = query;
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const found = view.executions.filter((execution) => {
    if (machine !== '' && view.machines[execution.machine]?.title !== machine) return false;
    if (status !== '' && execution.status !== status) return false;
    const all = searched(execution);
    return words.every((word) => all.includes(word));
  });
  return found.toSorted(order === 'longest' ? (a, b) => span(b) - span(a) : (a, b) => b.startedAt - a.startedAt);
}

const searched = ({ name, family, caller, cluster, result, reason, status }: ExecutionView): string =>
  [name, family, caller, cluster, result, reason, status].join(' ').toLowerCase();

/** One that runs has taken longest so far. */
const span = ({ startedAt, stoppedAt = Number.POSITIVE_INFINITY }: ExecutionView): number => stoppedAt - startedAt;
