import type { Flow, State } from '../../asl/index.ts';
import type { Json, JsonObject } from '../../kernel/json.ts';
import type { Execution, KeptStep } from './execution.ts';

interface Event {
  readonly type: string;
  /** Under which member the event has its details, and those of them that show data, and the others. */
  readonly member?: string;
  readonly data?: JsonObject;
  readonly details?: JsonObject;
}

/**
 * What GetExecutionHistory answers of an execution, oldest first. Each event names the one before it as the previous one; the
 * real service names the one before it in the same branch.
 * https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html
 */
export function historyEvents(execution: Execution, steps: readonly KeptStep[], withData: boolean): JsonObject[] {
  const events: JsonObject[] = [];
  for (const step of steps) {
    // A step that reached the limit of a history has fewer events than usual.
    for (const { type, member, data, details } of eventsOf(execution, step).slice(0, step.events)) {
      events.push({
        timestamp: Math.floor(step.at) / 1000,
        type,
        id: events.length + 1,
        previousEventId: events.length,
        ...(member !== undefined && { [member]: withoutNothing({ ...details, ...(withData && data) }) }),
      });
    }
  }
  return events;
}

function eventsOf(execution: Execution, { kind, state: name = '', detail = {} }: KeptStep): Event[] {
  const { stateMachine } = execution;
  switch (kind) {
    case 'executionStarted': {
      const details = { roleArn: stateMachine.roleArn };
      return [
        {
          type: 'ExecutionStarted',
          member: 'executionStartedEventDetails',
          data: text('input', detail.input),
          details,
        },
      ];
    }
    case 'executionRedriven':
      return [{ type: 'ExecutionRedriven' }];
    case 'executionEnded':
      return [ended(detail as JsonObject)];
    case 'stateEntered': {
      const type = `${stateTypes(stateMachine.definition.flow).get(name)}StateEntered`;
      return [{ type, member: 'stateEnteredEventDetails', data: text('input', detail.input), details: { name } }];
    }
    case 'stateExited': {
      const type = `${stateTypes(stateMachine.definition.flow).get(name)}StateExited`;
      return [{ type, member: 'stateExitedEventDetails', data: text('output', detail.output), details: { name } }];
    }
    case 'stateRetried':
      return [];
    case 'stateFailed':
      return [{ type: `${stateTypes(stateMachine.definition.flow).get(name)}StateFailed` }];
    case 'evaluationFailed':
      return [
        {
          type: 'EvaluationFailed',
          member: 'evaluationFailedEventDetails',
          details: { state: name, ...failure(detail as JsonObject) },
        },
      ];
    case 'taskStarted':
      return scheduled(stateMachine.arn, detail as JsonObject);
    case 'taskEnded':
      return [taskEnded(detail as JsonObject)];
    case 'branchesStarted':
      return detail.length === undefined
        ? [{ type: 'ParallelStateStarted' }]
        : [{ type: 'MapStateStarted', member: 'mapStateStartedEventDetails', details: { length: detail.length } }];
    case 'branchesSucceeded':
      return [{ type: `${stateTypes(stateMachine.definition.flow).get(name)}StateSucceeded` }];
    case 'iterationStarted':
      return [iteration('Started', name, detail.index)];
    case 'iterationEnded':
      return [iteration(detail.error === undefined ? 'Succeeded' : 'Failed', name, detail.index)];
    default:
      return kind satisfies never;
  }
}

function ended({ status, output = null, error = null, cause = null }: JsonObject): Event {
  const details = withoutNothing({ error, cause });
  switch (status) {
    case 'SUCCEEDED':
      return { type: 'ExecutionSucceeded', member: 'executionSucceededEventDetails', data: text('output', output) };
    case 'TIMED_OUT':
      // Only the history names it: https://github.com/floci-io/floci/issues/2733
      return {
        type: 'ExecutionTimedOut',
        member: 'executionTimedOutEventDetails',
        details: { error: 'States.Timeout' },
      };
    case 'ABORTED':
      return { type: 'ExecutionAborted', member: 'executionAbortedEventDetails', details };
    default:
      return { type: 'ExecutionFailed', member: 'executionFailedEventDetails', details };
  }
}

function scheduled(stateMachineArn: string, detail: JsonObject): Event[] {
  const { resource, parameters = null, timeoutSeconds, heartbeatSeconds } = detail;
  const of = typeAndResource(String(resource));
  const details = withoutNothing({
    ...of,
    region: stateMachineArn.split(':')[3] ?? '',
    timeoutInSeconds: timeoutSeconds ?? null,
    heartbeatInSeconds: heartbeatSeconds ?? null,
  });
  return [
    {
      type: 'TaskScheduled',
      member: 'taskScheduledEventDetails',
      details: { parameters: '{}', ...details },
      data: { parameters: JSON.stringify(parameters) },
    },
    { type: 'TaskStarted', member: 'taskStartedEventDetails', details: of },
    { type: 'TaskSubmitted', member: 'taskSubmittedEventDetails', details: of },
  ];
}

function taskEnded({ resource, ...detail }: JsonObject): Event {
  const of = typeAndResource(String(resource));
  if (detail.output !== undefined) {
    const member = 'taskSucceededEventDetails';
    return { type: 'TaskSucceeded', member, details: of, data: text('output', detail.output) };
  }
  return detail.error === 'States.Timeout'
    ? { type: 'TaskTimedOut', member: 'taskTimedOutEventDetails', details: { ...of, ...failure(detail) } }
    : { type: 'TaskFailed', member: 'taskFailedEventDetails', details: { ...of, ...failure(detail) } };
}

function iteration(what: 'Started' | 'Succeeded' | 'Failed', name: string, index: Json | undefined): Event {
  const member = `mapIteration${what}EventDetails`;
  return { type: `MapIteration${what}`, member, details: { name, index: index ?? 0 } };
}

/** `arn:aws:states:::sqs:sendMessage.waitForTaskToken` is of the type `sqs`. */
function typeAndResource(resource: string): JsonObject {
  const [resourceType = '', action = ''] = resource.split(':').slice(-2);
  return { resourceType, resource: action };
}

const text = (name: string, value: Json | undefined): JsonObject =>
  value === undefined ? {} : { [name]: JSON.stringify(value), [`${name}Details`]: { truncated: false } };

const failure = ({ error = null, cause = null }: JsonObject): JsonObject => withoutNothing({ error, cause });

const withoutNothing = (members: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== null && value !== undefined));

const types = new WeakMap<Flow, Map<string, State['type']>>();

/** The type of each state by its name, which no other state of the machine has. */
function stateTypes(flow: Flow): ReadonlyMap<string, State['type']> {
  const known = types.get(flow);
  if (known) return known;
  const found = new Map<string, State['type']>();
  const visit = ({ states }: Flow): void => {
    for (const state of states.values()) {
      found.set(state.name, state.type);
      if (state.type === 'Map') visit(state.processor);
      if (state.type === 'Parallel') state.branches.forEach(visit);
    }
  };
  visit(flow);
  types.set(flow, found);
  return found;
}
