import type { ChoiceState, Exit, FailState, WaitState } from './definition.ts';
import { ErrorName, StatesError } from './errors.ts';
import { COUNT } from './fields.ts';
import type { Template } from './template.ts';
import { parseEvaluatedTimestamp } from './timestamp.ts';
import { evaluateNumber, evaluateTyped, evaluationError, stateError, type Visit } from './visit.ts';

const isString = (value: unknown): value is string => typeof value === 'string';
const isBoolean = (value: unknown): value is boolean => typeof value === 'boolean';

/** The exit of the first rule that holds: later rules are not even evaluated. */
export async function choose(visit: Visit<ChoiceState>): Promise<Exit> {
  for (const rule of visit.state.choices) {
    const { condition } = rule;
    const holds = isBoolean(condition) ? condition : await evaluateTyped(visit, condition, 'boolean', isBoolean);
    if (holds) return rule;
  }
  if (visit.state.default) return visit.state.default;
  // States.NoChoiceMatched is "reserved for future use": the service reports this instead.
  // https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
  throw stateError(
    visit,
    ErrorName.runtime,
    'Failed to transition out of the state. The state does not point to a next state.',
  );
}

/** The longest wait, 24,855 days: whole seconds that a signed number of 32 bits holds. */
const MAX_WAIT_SECONDS = 2 ** 31 - 1;

export async function wait(visit: Visit<WaitState>): Promise<void> {
  const milliseconds = await waitTime(visit);
  if (milliseconds > MAX_WAIT_SECONDS * 1000) {
    const seconds = milliseconds / 1000;
    const cause = `The state cannot wait for more than ${MAX_WAIT_SECONDS} seconds, but was to for ${seconds}.`;
    throw stateError(visit, ErrorName.runtime, cause);
  }
  if (milliseconds > 0) await visit.scope.sleep(visit.execution.timers, milliseconds);
}

async function waitTime(visit: Visit<WaitState>): Promise<number> {
  const { field, value } = visit.state.until;
  switch (field) {
    case 'Seconds':
      // An expression may yield a longer time than can be written: measured by https://github.com/iwamot/sfnx
      return 1000 * (await evaluateNumber(visit, value, field, COUNT));
    case 'Timestamp': {
      const text = await evaluateTyped(visit, value, 'string', isString);
      const instant = parseEvaluatedTimestamp(text);
      if (instant === undefined) {
        throw evaluationError(
          visit,
          `The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format string: ${text}`,
        );
      }
      return instant - visit.execution.world.clock.now();
    }
    default:
      return field satisfies never;
  }
}

export async function fail(visit: Visit<FailState>): Promise<never> {
  const text = async (template: Template | undefined) =>
    template === undefined ? null : evaluateTyped(visit, template, 'string', isString);
  const error = await text(visit.state.error);
  throw new StatesError(error, await text(visit.state.cause));
}
