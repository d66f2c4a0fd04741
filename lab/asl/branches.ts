import type { Json } from '../kernel/json.ts';
import { CancellationScope } from './cancellation-scope.ts';
import type { Flow, MapState, ParallelState } from './definition.ts';
import { ErrorName, StatesError } from './errors.ts';
import { COUNT } from './fields.ts';
import { checkSize } from './limits.ts';
import {
  type Execution,
  evaluate,
  evaluateNumber,
  evaluateTyped,
  evaluationError,
  type Variables,
  type Visit,
} from './visit.ts';

/** One way through a flow. */
export interface Journey {
  readonly execution: Execution;
  readonly scope: CancellationScope;
  readonly flow: Flow;
  readonly input: Json;
  readonly variables: Variables;
  /** Where to begin instead of at the flow's start, and the event that takes the place of the entry. */
  readonly from?: { readonly state: string; readonly enteredId: number } | undefined;
  readonly onEntered?: (standing: { state: string; input: Json; variables: Variables }) => void;
}

export type Travel = (journey: Journey) => Promise<Json>;

/** The service runs no more iterations of one inline Map at a time, whatever MaxConcurrency says. */
const MAX_INLINE_CONCURRENCY = 40;

export async function runParallel(visit: Visit<ParallelState>, travel: Travel): Promise<Json> {
  const { state, execution } = visit;
  const input = state.arguments === undefined ? visit.input : await evaluate(visit, state.arguments);
  checkSize(input, state.name);
  execution.history.record('branchesStarted', state.name, 1);
  const results = await together(visit, (scope) =>
    Promise.all(state.branches.map((flow) => travel({ ...visit, scope, flow, input }))),
  );
  execution.history.record('branchesSucceeded', state.name, 1);
  return checkSize(results, state.name);
}

export async function runMap(visit: Visit<MapState>, travel: Travel): Promise<Json> {
  const { state, execution } = visit;
  const items = await mapItems(visit);
  const limit = await optionalNumber(visit, 'MaxConcurrency', state.maxConcurrency, 0);
  execution.history.record('branchesStarted', state.name, 1, 0, { length: items.length });
  const tolerance = await mapTolerance(visit);

  const results: Json[] = [];
  let failures = 0;
  let next = 0;
  const work = async (scope: CancellationScope): Promise<void> => {
    for (let index = next++; index < items.length; index = next++) {
      try {
        results[index] = await iterate({ ...visit, scope }, items[index] ?? null, index, travel);
      } catch (error) {
        failures += 1;
        if (tolerance === undefined || !isTolerable(error)) throw error;
        if (failures > tolerance.count || failures > (tolerance.percentage / 100) * items.length) throw exceeded();
        results[index] = { Status: 'FAILED', ...error.toErrorOutput() };
      }
    }
  };
  const workers = Math.min(items.length, limit === 0 ? MAX_INLINE_CONCURRENCY : limit, MAX_INLINE_CONCURRENCY);
  await together(visit, (scope) => Promise.all(Array.from({ length: workers }, () => work(scope))));
  execution.history.record('branchesSucceeded', state.name, 1);
  return checkSize(results, state.name);
}

async function iterate(visit: Visit<MapState>, item: Json, index: number, travel: Travel): Promise<Json> {
  const { state, execution } = visit;
  // The selector alone knows of the item, not the states of the iteration: https://github.com/floci-io/floci/pull/1588
  const context = { ...visit.context, Map: { Item: { Index: index, Value: item } } };
  // A selector that fails does so before its iteration starts, as recorded from the service by floci.
  const input = state.itemSelector === undefined ? item : await evaluate({ ...visit, context }, state.itemSelector);
  checkSize(input, state.name);
  execution.history.record('iterationStarted', state.name, 1, 0, { index });
  try {
    const result = await travel({ ...visit, flow: state.processor, input });
    execution.history.record('iterationEnded', state.name, 1, 0, { index });
    return result;
  } catch (error) {
    if (isTolerable(error)) execution.history.record('iterationEnded', state.name, 1, 0, { index, error: error.error });
    throw error;
  }
}

/** Runs branches on a scope of their own: the first that fails cuts all others. */
async function together<T>(visit: Visit, run: (scope: CancellationScope) => Promise<T>): Promise<T> {
  const scope = new CancellationScope();
  const forget = visit.scope.onCut(() => scope.cut());
  try {
    return await visit.scope.keep(run(scope));
  } finally {
    scope.cut();
    forget();
  }
}

async function mapItems(visit: Visit<MapState>): Promise<Json[]> {
  const { state, input } = visit;
  if (state.items !== undefined) return evaluateTyped(visit, state.items, 'array', Array.isArray);
  if (Array.isArray(input)) return input;
  throw evaluationError(visit, `Map state input must be an array but was: ${JSON.stringify(input)}`);
}

/**
 * AWS documents tolerance for distributed Maps only, and the States Language for all; the service accepts these fields
 * in an inline Map, but no recording of a failing one is known. The lab follows the language and takes the rest from what
 * sfnx measured of distributed Maps: a tolerated failure stands in the result, and a threshold of 0 is one that is not set.
 * https://states-language.net/#map-state-failure-tolerance, https://github.com/iwamot/sfnx
 */
async function mapTolerance(visit: Visit<MapState>): Promise<{ count: number; percentage: number } | undefined> {
  const { toleratedFailureCount, toleratedFailurePercentage } = visit.state;
  if (toleratedFailureCount === undefined && toleratedFailurePercentage === undefined) return undefined;
  const count = await optionalNumber(visit, 'ToleratedFailureCount', toleratedFailureCount, 0);
  const percentage = await optionalNumber(visit, 'ToleratedFailurePercentage', toleratedFailurePercentage, 0);
  if (count === 0 && percentage === 0) return { count, percentage };
  // Either alone sets the other no limit; both together: whichever is exceeded first.
  return { count: count || Number.POSITIVE_INFINITY, percentage: percentage || Number.POSITIVE_INFINITY };
}

async function optionalNumber(
  visit: Visit,
  field: 'MaxConcurrency' | 'ToleratedFailureCount' | 'ToleratedFailurePercentage',
  template: MapState['maxConcurrency'],
  otherwise: number,
): Promise<number> {
  if (template === undefined) return otherwise;
  return evaluateNumber(visit, template, field, field === 'ToleratedFailurePercentage' ? { min: 0, max: 100 } : COUNT);
}

const isTolerable = (error: unknown): error is StatesError =>
  error instanceof StatesError && error.error !== ErrorName.runtime;

const exceeded = () =>
  new StatesError(ErrorName.exceedToleratedFailureThreshold, 'The specified tolerated failure threshold was exceeded');
