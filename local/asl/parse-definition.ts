import type { Flow, State, StateMachineDefinition } from './definition.ts';
import { Fields, invalid, isJsonObject, POSITIVE_SECONDS } from './fields.ts';
import { parseState, QUERY_LANGUAGES, type QueryLanguage } from './parse-state.ts';

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
  return { flow, timeoutSeconds, taskStates: reading.taskStates };
}

/** Reads `StartAt` and `States`. `outer`: the variables that the flows around this one assign. */
function parseFlow(fields: Fields, reading: Reading, outer: ReadonlySet<string>): Flow {
  const startAt = fields.string('StartAt');
  const members = new Fields(fields.take('States'), `${fields.path}.States`);
  const { path } = members;
  const values = members.names().map((name) => [name, members.take(name)] as const);
  const assigned = new Set(values.flatMap(([, state]) => assignedVariables(state)));
  for (const variable of assigned) checkVariable(variable, path, outer);
  const inner = new Set([...outer, ...assigned]);

  const states = new Map<string, State>();
  for (const [name, value] of values) {
    if (name.length === 0 || name.length > 80) throw invalid(path, name, 'a state name of 1 to 80 characters');
    if (reading.names.has(name)) throw invalid(path, name, 'a name that no other state of the machine has');
    reading.names.add(name);
    const state = parseState(name, new Fields(value, `${path}[${JSON.stringify(name)}]`), {
      queryLanguage: reading.queryLanguage,
      parseFlow: (nested) => parseFlow(nested, reading, inner),
    });
    if (state.type === 'Task') reading.taskStates.push(name);
    states.set(name, state);
  }
  for (const target of [startAt, ...[...states.values()].flatMap(targets)]) {
    if (!states.has(target)) throw invalid(path, target, `one of its states: ${[...states.keys()].join(', ')}`);
  }
  return { startAt, states };
}

function targets(state: State): string[] {
  const own = 'next' in state ? [state] : [];
  const catchers = 'catch' in state ? state.catch : [];
  const rules = state.type === 'Choice' ? [...state.choices, ...(state.default ? [state.default] : [])] : [];
  return [...own, ...catchers, ...rules].flatMap(({ next }) => next ?? []);
}

/** The variables that a state assigns itself, not those of its branches or iterations. */
function assignedVariables(state: unknown): string[] {
  const { Assign, Choices, Catch } = (state ?? {}) as Record<string, unknown>;
  const others = [Choices, Catch].filter(Array.isArray).flat();
  return [Assign, ...others.map((other) => (other as Record<string, unknown> | null)?.Assign)].flatMap((assign) =>
    isJsonObject(assign) ? Object.keys(assign) : [],
  );
}

/** https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html */
function checkVariable(name: string, path: string, outer: ReadonlySet<string>): void {
  if (!/^[\p{ID_Start}_][\p{ID_Continue}]{0,79}$/u.test(name)) {
    throw invalid(path, name, 'a variable name: a Unicode identifier of at most 80 characters');
  }
  if (name === 'states') throw invalid(path, name, 'another variable name, as $states is reserved');
  if (outer.has(name)) throw invalid(path, name, 'the name of a variable that no flow around this one assigns');
}
