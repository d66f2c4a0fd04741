import type { Flow, State, StateMachineDefinition } from './definition.ts';
import { Fields, invalid, POSITIVE_SECONDS } from './fields.ts';
import { parseState, QUERY_LANGUAGES, type QueryLanguage } from './parse-state.ts';
import { assignedBefore, assignedBy, checkVariable } from './scope.ts';

/** What the flows of one definition share while they are read. */
interface Reading {
  readonly queryLanguage: QueryLanguage;
  readonly names: Set<string>;
  readonly taskStates: string[];
}

/**
 * Reads a definition as CreateStateMachine would, and throws an `InvalidDefinitionError` for what that refuses. What is
 * valid but beyond the lab (JSONPath, distributed Maps) is an `UnsupportedError`.
 */
export function parseDefinition(definition: unknown): StateMachineDefinition {
  const fields = new Fields(definition, '$');
  fields.optionalString('Comment');
  fields.oneOf('Version', ['1.0'], '1.0');
  const timeoutSeconds = fields.number('TimeoutSeconds', POSITIVE_SECONDS, undefined);
  const queryLanguage = fields.oneOf('QueryLanguage', QUERY_LANGUAGES, 'JSONPath');
  const reading: Reading = { queryLanguage, names: new Set(), taskStates: [] };
  const flow = parseFlow(fields, reading, new Set());
  fields.end();
  // Branches and iterations may lack one: measured by https://github.com/floci-io/floci
  if (![...flow.states.values()].some(isTerminal))
    throw invalid('$.States', [...flow.states.keys()], 'a terminal state');
  return { flow, timeoutSeconds, taskStates: reading.taskStates };
}

/** Reads `StartAt` and `States`. `outer`: the variables that are assigned on the way into this flow. */
function parseFlow(fields: Fields, reading: Reading, outer: ReadonlySet<string>): Flow {
  const startAt = fields.string('StartAt');
  const members = new Fields(fields.take('States'), `${fields.path}.States`);
  const { path } = members;
  const values = new Map(members.names().map((name) => [name, members.take(name)]));
  for (const variable of assignedBy(values)) checkVariable(variable, path, outer);

  const states = new Map<string, State>();
  for (const [name, value] of values) {
    if (name.length === 0 || name.length > 80) throw invalid(path, name, 'a state name of 1 to 80 characters');
    if (reading.names.has(name)) throw invalid(path, name, 'a name that no other state of the machine has');
    reading.names.add(name);
    const state = parseState(name, new Fields(value, `${path}[${JSON.stringify(name)}]`), {
      queryLanguage: reading.queryLanguage,
      parseFlow: (nested) => parseFlow(nested, reading, new Set([...outer, ...assignedBefore(name, values)])),
    });
    if (state.type === 'Task') reading.taskStates.push(name);
    states.set(name, state);
  }
  for (const target of [startAt, ...[...states.values()].flatMap(targets)]) {
    if (!states.has(target)) throw invalid(path, target, `one of its states: ${[...states.keys()].join(', ')}`);
  }
  const reached = reachable(startAt, states);
  const lost = [...states.keys()].find((name) => !reached.has(name));
  if (lost !== undefined) throw invalid(path, lost, 'a state that is reachable');
  return { startAt, states };
}

function reachable(startAt: string, states: ReadonlyMap<string, State>): Set<string> {
  const reached = new Set([startAt]);
  for (const name of reached) {
    for (const target of targets(states.get(name) as State)) reached.add(target);
  }
  return reached;
}

const isTerminal = (state: State): boolean => state.type === 'Fail' || ('next' in state && state.next === null);

function targets(state: State): string[] {
  const own = 'next' in state ? [state] : [];
  const catchers = 'catch' in state ? state.catch : [];
  const rules = state.type === 'Choice' ? [...state.choices, ...(state.default ? [state.default] : [])] : [];
  return [...own, ...catchers, ...rules].flatMap(({ next }) => next ?? []);
}
