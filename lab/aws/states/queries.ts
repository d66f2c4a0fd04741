import { AwsError } from '../../kernel/aws-service.ts';
import type { Json, JsonObject } from '../../kernel/json.ts';
import { described, type Execution, type KeptStep, notRedrivable, type StateMachineOptions } from './execution.ts';
import { historyEvents } from './execution-history.ts';

/** The read operations of Step Functions, over what there is. */

const MAX_PAGE = 1000;

/** Newest first. The token is the last execution shown: those that start meanwhile shift no page. */
export function listExecutions(
  executions: Iterable<Execution>,
  { stateMachineArn, statusFilter, maxResults, nextToken }: JsonObject,
): JsonObject {
  const matching = [...executions]
    .filter((execution) => {
      const { status } = described(execution);
      return execution.stateMachine.arn === stateMachineArn && (statusFilter == null || status === statusFilter);
    })
    .toSorted((a, b) => b.startedAt - a.startedAt);
  const from = nextToken == null ? 0 : 1 + matching.findIndex(({ arn }) => arn === nextToken);
  if (nextToken != null && from === 0) throw new AwsError('InvalidToken', `Invalid Token: '${String(nextToken)}'`);
  const to = from + pageSize(maxResults);
  return {
    executions: matching.slice(from, to).map(described),
    ...(to < matching.length && { nextToken: matching[to - 1]?.arn ?? '' }),
  };
}

export function describeExecution(execution: Execution, now: number): JsonObject {
  const { result, input } = execution;
  const reason = notRedrivable(execution, now);
  return {
    ...described(execution),
    ...(input !== undefined && { input, inputDetails: { included: true } }),
    ...(result?.status === 'SUCCEEDED' && {
      output: JSON.stringify(result.output),
      outputDetails: { included: true },
    }),
    ...(result?.error != null && { error: result.error }),
    ...(result?.cause != null && { cause: result.cause }),
    redriveStatus: reason === undefined ? 'REDRIVABLE' : 'NOT_REDRIVABLE',
    ...(reason !== undefined && { redriveStatusReason: reason }),
  };
}

export function executionHistory(
  execution: Execution,
  steps: readonly KeptStep[],
  { includeExecutionData = true, reverseOrder = false, maxResults, nextToken }: JsonObject,
): JsonObject {
  const events = historyEvents(execution, steps, includeExecutionData !== false);
  if (reverseOrder === true) events.reverse();
  const from = nextToken == null ? 0 : Number(nextToken);
  if (!Number.isInteger(from)) throw new AwsError('InvalidToken', `Invalid Token: '${String(nextToken)}'`);
  const to = from + pageSize(maxResults);
  return { events: events.slice(from, to), ...(to < events.length && { nextToken: String(to) }) };
}

export function describeStateMachine({ arn, name, roleArn, text }: StateMachineOptions, since: number): JsonObject {
  return {
    stateMachineArn: arn,
    name,
    status: 'ACTIVE',
    definition: text ?? '{}',
    roleArn,
    type: 'STANDARD',
    creationDate: since / 1000,
  };
}

export function listStateMachines(machines: Iterable<StateMachineOptions>, since: number): JsonObject {
  const listed = [...machines].map(({ arn, name }) => ({
    stateMachineArn: arn,
    name,
    type: 'STANDARD',
    creationDate: since / 1000,
  }));
  return { stateMachines: listed };
}

/** "The default is 100 and the maximum allowed page size is 1000. A value of 0 uses the default." */
function pageSize(maxResults: Json | undefined): number {
  const size = Number(maxResults ?? 0) || 100;
  if (size < 0 || size > MAX_PAGE) {
    throw new AwsError('ValidationException', `maxResults: found ${size}, expected at most ${MAX_PAGE}`);
  }
  return size;
}
