import type { Json, JsonObject } from '../kernel/json.ts';
import type { CancellationScope, Timers } from './cancellation-scope.ts';
import type { State } from './definition.ts';
import { ErrorName, StatesError } from './errors.ts';
import { bounds, isWithin, type Range } from './fields.ts';
import type { World } from './function-definition.ts';
import type { History } from './history.ts';
import { ExpressionError, evaluateExpression, followed } from './jsonata.ts';
import type { Expression, Template } from './template.ts';

export type Variables = Readonly<JsonObject>;

/** A task as the host is asked to run it. */
export interface TaskCall {
  readonly resource: string;
  readonly arguments: Json;
  /** Set for `.waitForTaskToken`: the task ends when the host says so, not when the call returns. */
  readonly taskToken?: string;
  /** To be called for each SendTaskHeartbeat. */
  heartbeat(): void;
  /** Calls `run` when nobody waits for the task any more: it ended, timed out, or its execution did. */
  onOver(run: () => void): void;
}

/** What all visits of one execution share. */
export interface Execution {
  readonly world: World;
  readonly timers: Timers;
  readonly history: History;
  /** `$states.context` without what belongs to a state. */
  readonly context: JsonObject;
  readonly runTask: (call: TaskCall) => Promise<Json>;
}

/** One stay in a state. Each way through its flow has its own scope and variables. */
export interface Visit<S extends State = State> {
  readonly execution: Execution;
  readonly scope: CancellationScope;
  readonly state: S;
  readonly input: Json;
  readonly variables: Variables;
  /** Of the event that reports the entry: causes name it. */
  readonly enteredId: number;
  /** `$states.context`. */
  readonly context: JsonObject;
}

/** What `$states` has beside `input` and `context`. */
export interface Extra {
  readonly result?: Json;
  readonly errorOutput?: JsonObject;
}

/** An error of the state itself, whose cause tells where the execution stood. */
export function stateError({ state, enteredId }: Visit, error: string, cause: string): StatesError {
  return new StatesError(
    error,
    `An error occurred while executing the state '${state.name}' (entered at the event id #${enteredId}). ${cause}`,
  );
}

export function evaluationError(visit: Visit, cause: string): StatesError {
  visit.execution.history.record('evaluationFailed', visit.state.name, 1, 0, {
    error: ErrorName.queryEvaluation,
    cause,
  });
  return stateError(visit, ErrorName.queryEvaluation, cause);
}

export function evaluate(visit: Visit, template: Template, extra?: Extra): Promise<Json> {
  const { input, context, variables } = visit;
  return Promise.resolve(evaluateWith(visit, template, { ...variables, states: { input, context, ...extra } }));
}

/** Most of any template is literals and plain paths, whose values are there at once. */
function evaluateWith(visit: Visit, template: Template, bindings: object): Json | Promise<Json> {
  switch (template.kind) {
    case 'literal':
      return template.value;
    case 'expression':
      return followed(template.source, bindings) ?? evaluateOne(visit, template, bindings);
    case 'array':
      return evaluateAll(visit, template.items, bindings);
    case 'object':
      return evaluateFields(visit, template.fields, bindings);
    default:
      return template satisfies never;
  }
}

async function evaluateAll(visit: Visit, templates: readonly Template[], bindings: object): Promise<Json[]> {
  const values: Json[] = [];
  for (const template of templates) values.push(await evaluateWith(visit, template, bindings));
  return values;
}

async function evaluateFields(
  visit: Visit,
  fields: readonly (readonly [string, Template])[],
  bindings: object,
): Promise<Json> {
  const values: [string, Json][] = [];
  for (const [key, field] of fields) values.push([key, await evaluateWith(visit, field, bindings)]);
  return Object.fromEntries(values);
}

async function evaluateOne(visit: Visit, expression: Expression, bindings: object): Promise<Json> {
  const { execution, scope } = visit;
  try {
    return await scope.keep(evaluateExpression(expression.source, bindings, execution.world));
  } catch (error) {
    if (error instanceof ExpressionError) throw evaluationError(visit, `${subject(expression)} ${error.message}`);
    throw error;
  }
}

const subject = ({ source, location }: Expression): string =>
  `The JSONata expression '${source}' specified for the field '${location}'`;

/** The value of a field that must be of one type. What is no expression was checked when the definition was read. */
export async function evaluateTyped<T extends Json>(
  visit: Visit,
  template: Template,
  type: string,
  isOfType: (value: Json) => value is T,
): Promise<T> {
  const value = await evaluate(visit, template);
  if (isOfType(value) || template.kind !== 'expression') return value as T;
  const found = `Expected '${type}', but was '${typeName(value)}' for value: ${JSON.stringify(value)}`;
  throw evaluationError(visit, `${subject(template)} returned an unexpected result type. ${found}`);
}

/** Causes as recorded from the service for TimeoutSeconds: https://github.com/gabrielmoreira/tiny-asl-machine */
export async function evaluateNumber(visit: Visit, template: Template, field: string, range: Range): Promise<number> {
  const value = await evaluateTyped(visit, template, 'number', (json) => typeof json === 'number');
  if (isWithin(value, range)) return value;
  if (range.integer && !Number.isInteger(value)) {
    throw evaluationError(visit, `The ${field} field cannot be parsed as an integer: ${value}`);
  }
  throw evaluationError(visit, `${field} must be ${bounds(range)} but was: ${value}`);
}

function typeName(value: Json): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}
