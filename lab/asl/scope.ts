import { invalid, isJsonObject } from './fields.ts';

/** A state as it is written, not read yet. */
type Written = Readonly<Record<string, unknown>>;

/** A way out of a state, and the variables that are assigned on it. */
interface Transition {
  readonly to: unknown;
  readonly assigns: readonly string[];
}

const objects = (value: unknown): Written[] => (Array.isArray(value) ? value.filter(isJsonObject) : []);
const namesIn = (assign: unknown): string[] => (isJsonObject(assign) ? Object.keys(assign) : []);

function transitionsOf(state: unknown): Transition[] {
  if (!isJsonObject(state)) return [];
  const { Next, Default, Assign, Choices, Catch } = state as Written;
  const own = [Next, Default].map((to) => ({ to, assigns: namesIn(Assign) }));
  const others = [...objects(Choices), ...objects(Catch)].map((rule) => ({
    to: rule.Next,
    assigns: namesIn(rule.Assign),
  }));
  return [...own, ...others];
}

/** The variables that the states of a flow assign, those of their branches and iterations apart. */
export function assignedBy(states: ReadonlyMap<string, unknown>): Set<string> {
  return new Set([...states.values()].flatMap(transitionsOf).flatMap(({ assigns }) => assigns));
}

/**
 * The variables that may have been assigned when a state is entered: its branches may not assign them again, while those
 * of later states they may. Measured in the service: https://github.com/iwamot/sfnx
 */
export function assignedBefore(name: string, states: ReadonlyMap<string, unknown>): Set<string> {
  const onTheWay = new Set([name]);
  for (let size = 0; size < onTheWay.size; ) {
    size = onTheWay.size;
    for (const [source, state] of states) {
      if (transitionsOf(state).some(({ to }) => onTheWay.has(to as string))) onTheWay.add(source);
    }
  }
  const taken = [...states.values()].flatMap(transitionsOf).filter(({ to }) => onTheWay.has(to as string));
  return new Set(taken.flatMap(({ assigns }) => assigns));
}

/** https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html */
export function checkVariable(name: string, path: string, outer: ReadonlySet<string>): void {
  if (!/^\p{ID_Start}\p{ID_Continue}{0,79}$/u.test(name)) {
    throw invalid(path, name, 'a variable name: a Unicode identifier of at most 80 characters');
  }
  if (name === 'states') throw invalid(path, name, 'another variable name, as $states is reserved');
  if (outer.has(name)) throw invalid(path, name, 'the name of a variable that is not assigned on the way here');
}
