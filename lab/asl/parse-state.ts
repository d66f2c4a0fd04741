import { UnsupportedError } from '../kernel/aws-service.ts';
import type {
  Catcher,
  ChoiceState,
  Exit,
  Fallible,
  Flow,
  MapState,
  ParallelState,
  Retrier,
  State,
  TaskState,
  WaitState,
} from './definition.ts';
import { ErrorName } from './errors.ts';
import { COUNT, Fields, invalid, isJsonObject, POSITIVE_SECONDS, SECONDS } from './fields.ts';
import type { StatesPart } from './jsonata.ts';
import { type Expression, isExpression, type Template } from './template.ts';
import { parseWrittenTimestamp } from './timestamp.ts';

export const QUERY_LANGUAGES = ['JSONata', 'JSONPath'] as const;
export type QueryLanguage = (typeof QUERY_LANGUAGES)[number];

const TYPES = ['Pass', 'Choice', 'Wait', 'Succeed', 'Fail', 'Map', 'Parallel', 'Task'] as const;

/** What a state needs to know of the definition around it. */
interface Surroundings {
  readonly queryLanguage: QueryLanguage;
  parseFlow(fields: Fields): Flow;
}

export function parseState(name: string, fields: Fields, { queryLanguage, parseFlow }: Surroundings): State {
  fields.optionalString('Comment');
  const language = fields.oneOf('QueryLanguage', QUERY_LANGUAGES, queryLanguage);
  if (queryLanguage === 'JSONata' && language === 'JSONPath') {
    throw fields.invalid('QueryLanguage', language, 'JSONata, as it is set for the whole state machine');
  }
  const type = fields.take('Type');
  const known = TYPES.find((candidate) => candidate === type);
  if (known === undefined) throw fields.invalid('Type', type, TYPES.join(' or '));
  if (language === 'JSONPath' && !isSameInEveryLanguage(known, fields)) {
    throw new UnsupportedError(`${fields.path}: the lab runs states of QueryLanguage JSONata only, not of JSONPath`);
  }
  const state = parseType(known, name, fields, parseFlow);
  fields.end();
  return state;
}

/** Beside `Next` and `End`, the fields that mean the same in every query language while they hold no expression. */
const SHARED: Readonly<Record<State['type'], readonly string[] | undefined>> = {
  Pass: [],
  Succeed: [],
  Fail: ['Error', 'Cause'],
  Wait: ['Seconds', 'Timestamp'],
  Parallel: ['Branches', 'Retry'],
  Map: ['ItemProcessor', 'MaxConcurrency', 'Retry'],
  Choice: undefined,
  Task: undefined,
};

function isSameInEveryLanguage(type: State['type'], fields: Fields): boolean {
  const shared = SHARED[type];
  if (shared === undefined) return false;
  const names = ['Next', 'End', ...shared];
  return fields.names().every((name) => names.includes(name) && !isExpression(fields.peek(name)));
}

function parseType(type: State['type'], name: string, fields: Fields, parseFlow: (fields: Fields) => Flow): State {
  switch (type) {
    case 'Pass':
      return { type, name, ...parseExit(fields) };
    case 'Succeed':
      return { type, name, assign: undefined, output: fields.template('Output'), next: null };
    case 'Fail': {
      const text = (field: string) => fields.scalar(field, (value) => typeof value === 'string', 'a string');
      return { type, name, error: text('Error'), cause: text('Cause') };
    }
    case 'Choice':
      return { type, name, ...parseChoice(fields) };
    case 'Wait':
      return { type, name, until: parseUntil(fields), ...parseExit(fields) };
    case 'Map':
      return { type, name, ...parseMap(fields, parseFlow), ...parseExit(fields, ['result']), ...parseFallible(fields) };
    case 'Parallel':
      return {
        type,
        name,
        ...parseParallel(fields, parseFlow),
        ...parseExit(fields, ['result']),
        ...parseFallible(fields),
      };
    case 'Task':
      return { type, name, ...parseTask(fields), ...parseExit(fields, ['result']), ...parseFallible(fields) };
    default:
      return type satisfies never;
  }
}

function parseExit(fields: Fields, parts: readonly StatesPart[] = []): Exit {
  const { assign, output } = parseResults(fields, parts);
  const end = fields.take('End');
  if (end !== undefined && typeof end !== 'boolean') throw fields.invalid('End', end, 'true');
  if (end === true && !fields.has('Next')) return { assign, output, next: null };
  if (end === true) throw fields.invalid('Next', fields.take('Next'), 'either Next or End, not both');
  return { assign, output, next: fields.string('Next') };
}

function parseResults(fields: Fields, parts: readonly StatesPart[], within = ''): Pick<Exit, 'assign' | 'output'> {
  return { assign: parseAssign(fields, parts, within), output: fields.template('Output', parts, within) };
}

/** An object of variables, never one expression for all of them. */
function parseAssign(fields: Fields, parts: readonly StatesPart[], within: string): Exit['assign'] {
  const assign = fields.peek('Assign');
  if (assign !== undefined && !isJsonObject(assign)) throw fields.invalid('Assign', assign, 'an object');
  return fields.template('Assign', parts, within);
}

function parseChoice(fields: Fields): Pick<ChoiceState, 'choices' | 'default'> {
  const choices = fields.list('Choices', (item, path, index) => {
    const rule = new Fields(item, path);
    const within = `Choices[${index}]/`;
    rule.optionalString('Comment');
    const condition = rule.scalar('Condition', (value) => typeof value === 'boolean', 'a boolean', within);
    const exit = { ...parseResults(rule, [], within), next: rule.string('Next') };
    rule.end();
    switch (condition?.kind) {
      case 'expression':
        return { ...exit, condition: condition satisfies Expression };
      case 'literal':
        return { ...exit, condition: condition.value === true };
      default:
        throw invalid(`${path}.Condition`, undefined, 'a boolean or a JSONata expression');
    }
  });
  const results = parseResults(fields, []);
  const next = fields.optionalString('Default');
  return { choices, default: next === undefined ? undefined : { ...results, next } };
}

function parseUntil(fields: Fields): WaitState['until'] {
  const seconds = fields.scalarNumber('Seconds', SECONDS);
  const isInstant = (value: unknown) => typeof value === 'string' && parseWrittenTimestamp(value) !== undefined;
  const timestamp = fields.scalar('Timestamp', isInstant, 'a timestamp such as 2026-01-15T03:00:00Z');
  if (seconds && !timestamp) return { field: 'Seconds', value: seconds };
  if (timestamp && !seconds) return { field: 'Timestamp', value: timestamp };
  throw invalid(fields.path, seconds ? 'Seconds and Timestamp' : undefined, 'either Seconds or Timestamp');
}

type OwnFields<S extends State> = Omit<S, 'type' | 'name' | keyof Exit | keyof Fallible>;

function parseMap(fields: Fields, parseFlow: (fields: Fields) => Flow): OwnFields<MapState> {
  fields.unsupported('ItemReader', 'ItemBatcher', 'ResultWriter', 'Label', 'Iterator');
  const processor = new Fields(fields.take('ItemProcessor'), `${fields.path}.ItemProcessor`);
  processor.optionalString('Comment');
  if (processor.has('ProcessorConfig')) {
    const config = new Fields(processor.take('ProcessorConfig'), `${processor.path}.ProcessorConfig`);
    if (config.oneOf('Mode', ['INLINE', 'DISTRIBUTED'], 'INLINE') === 'DISTRIBUTED') {
      throw new UnsupportedError(`${config.path}.Mode: the lab runs INLINE Maps only, not DISTRIBUTED ones`);
    }
    config.end();
  }
  const flow = parseFlow(processor);
  processor.end();
  return {
    items: fields.scalar('Items', Array.isArray, 'an array'),
    itemSelector: fields.template('ItemSelector'),
    maxConcurrency: fields.scalarNumber('MaxConcurrency', COUNT),
    toleratedFailureCount: fields.scalarNumber('ToleratedFailureCount', COUNT),
    toleratedFailurePercentage: fields.scalarNumber('ToleratedFailurePercentage', { min: 0, max: 100 }),
    processor: flow,
  };
}

function parseParallel(fields: Fields, parseFlow: (fields: Fields) => Flow): OwnFields<ParallelState> {
  const branches = fields.list('Branches', (item, path) => {
    const branch = new Fields(item, path);
    branch.optionalString('Comment');
    const flow = parseFlow(branch);
    branch.end();
    return flow;
  });
  return { arguments: fields.template('Arguments'), branches };
}

const RESOURCE = /^arn:(aws|aws-cn|aws-us-gov):(states|lambda):/;

function parseTask(fields: Fields): OwnFields<TaskState> {
  fields.unsupported('Credentials');
  const resource = fields.string('Resource');
  if (!RESOURCE.test(resource)) {
    throw fields.invalid('Resource', resource, 'the ARN of a service integration, an activity or a Lambda function');
  }
  const timeoutSeconds = fields.scalarNumber('TimeoutSeconds', POSITIVE_SECONDS);
  const heartbeatSeconds = fields.scalarNumber('HeartbeatSeconds', POSITIVE_SECONDS);
  checkHeartbeat(fields, timeoutSeconds, heartbeatSeconds);
  return { resource, arguments: fields.template('Arguments'), timeoutSeconds, heartbeatSeconds };
}

/** "must be smaller than the number of seconds specified in the TimeoutSeconds field": https://states-language.net/#timeouts */
function checkHeartbeat(fields: Fields, timeout: Template | undefined, heartbeat: Template | undefined): void {
  if (timeout?.kind !== 'literal' || heartbeat?.kind !== 'literal') return;
  if (Number(heartbeat.value) < Number(timeout.value)) return;
  throw fields.invalid('HeartbeatSeconds', heartbeat.value, `fewer than the ${timeout.value} of TimeoutSeconds`);
}

function parseFallible(fields: Fields): Fallible {
  return { retry: fields.optionalList('Retry', parseRetrier), catch: fields.optionalList('Catch', parseCatcher) };
}

/** Bounds and defaults: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html */
function parseRetrier(item: unknown, path: string, index: number, all: readonly unknown[]): Retrier {
  const fields = new Fields(item, path);
  fields.optionalString('Comment');
  const retrier: Retrier = {
    errorEquals: parseErrorEquals(fields, index === all.length - 1),
    intervalSeconds: fields.number('IntervalSeconds', POSITIVE_SECONDS, 1),
    maxAttempts: fields.number('MaxAttempts', SECONDS, 3),
    backoffRate: fields.number('BackoffRate', { min: 1, max: Number.POSITIVE_INFINITY }, 2),
    maxDelaySeconds: fields.number('MaxDelaySeconds', MAX_DELAY, Number.POSITIVE_INFINITY),
    jitter: fields.oneOf('JitterStrategy', ['FULL', 'NONE'], 'NONE'),
  };
  if (retrier.maxDelaySeconds <= retrier.intervalSeconds) {
    throw fields.invalid('MaxDelaySeconds', retrier.maxDelaySeconds, 'more than IntervalSeconds');
  }
  fields.end();
  return retrier;
}

const MAX_DELAY = { min: 1, max: 31_622_399, integer: true };

function parseCatcher(item: unknown, path: string, index: number, all: readonly unknown[]): Catcher {
  const fields = new Fields(item, path);
  fields.optionalString('Comment');
  const catcher: Catcher = {
    errorEquals: parseErrorEquals(fields, index === all.length - 1),
    ...parseResults(fields, ['errorOutput'], `Catch[${index}]/`),
    next: fields.string('Next'),
  };
  fields.end();
  return catcher;
}

/** `States.ALL` matches everything, so it must stand alone and last. https://states-language.net/#errors */
function parseErrorEquals(fields: Fields, isLast: boolean): string[] {
  const names = fields.list('ErrorEquals', (name, path) => {
    if (typeof name !== 'string') throw invalid(path, name, 'the name of an error');
    return name;
  });
  if (names.includes(ErrorName.all) && (names.length > 1 || !isLast)) {
    throw fields.invalid('ErrorEquals', names, `${ErrorName.all} alone, and in the last entry`);
  }
  return names;
}
