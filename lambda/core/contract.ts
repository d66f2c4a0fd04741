/**
 * Every name that crosses a wire: environment variables, reasons, metrics, log keys, error and state names. Constructs,
 * handlers, saved queries and the lab all take them from here, so a writer and a reader always use the same name.
 */

/** Why nothing is done about an event. */
export const IGNORE_REASONS = [
  'notAThrottle',
  'notRunTask',
  'ownCall',
  'launcherRetries',
  'retriesItself',
  'otherAccount',
  'otherRegion',
  'replayed',
  'stale',
  'callerNotListed',
  'familyNotListed',
  'clusterNotListed',
  'observeMode',
  'handedOver',
  'noRoom',
  'takenUp',
] as const;
export type IgnoreReason = (typeof IGNORE_REASONS)[number];

/** Why a throttled call is not repeated. A person has to decide about it. */
export const REFUSE_REASONS = [
  'malformed',
  'bareRecord',
  'conflict',
  'callerNotListed',
  'familyNotListed',
  'clusterNotListed',
  'missingParameters',
  'unknownParameter',
  'invalidParameter',
  'hiddenEnvironment',
  'noClientToken',
  'roleOverride',
  'executeCommand',
  'tooLate',
  'tooLarge',
  'launchUnknown',
  'partlyRan',
  'notOptedIn',
  'observeMode',
  'rejectedByEcs',
  'overTaskCap',
  'roomNotAwaited',
] as const;
export type RefuseReason = (typeof REFUSE_REASONS)[number];

/** Why a re-run that was allowed to run ended without its task. */
export const GIVE_UP_REASONS = ['deadline', 'maxAttempts', 'maxGenerations', 'noRoom'] as const;
export type GiveUpReason = (typeof GIVE_UP_REASONS)[number];

/** Error names of failed executions of the re-run workflow. The console shows them. */
export const ERROR_NAMES = { gaveUp: 'GaveUp', refused: 'Refused' } as const;

/** States of the re-run workflow, as the console shows them. */
export const STATES = {
  settle: 'Let caller retries settle',
  isComplete: 'Is the request known?',
  complete: 'Complete the request',
  isCompleted: 'Complete now?',
  waitForRecord: 'Wait for its record',
  waitForPermit: 'Wait for a permit',
  stillInTime: 'Still in time?',
  runTask: 'Run the task',
  next: 'What next?',
  backOff: 'Back off',
  waitForProof: 'Wait for proof',
  started: 'Started',
  ignored: 'Ignored',
} as const;

/** States of the sweep workflow. */
export const SWEEP_STATES = {
  begin: 'Take the lease',
  pass: 'Pass',
  next: 'What next?',
  wait: 'Until the next pass',
  quiet: 'Quiet',
} as const;

/** States of the incident workflow. */
export const INCIDENT_STATES = {
  begin: 'Begin',
  watch: 'Watch the incident',
  next: 'What next?',
  wait: 'Wait',
  tell: 'Tell',
  over: 'Over',
} as const;

/** Environment variables of the handlers. */
export const ENVIRONMENT = {
  accountId: 'ACCOUNT_ID',
  rerunStateMachineArn: 'RERUN_STATE_MACHINE_ARN',
  digestStateMachineArn: 'DIGEST_STATE_MACHINE_ARN',
  runTaskRoleArn: 'RUN_TASK_ROLE_ARN',
  tableName: 'TABLE_NAME',
  deadLetterQueueUrl: 'DEAD_LETTER_QUEUE_URL',
  permitQueueUrl: 'PERMIT_QUEUE_URL',
  handOverQueueArn: 'HAND_OVER_QUEUE_ARN',
  handOverDeadLetterQueueUrl: 'HAND_OVER_DEAD_LETTER_QUEUE_URL',
  handOverRedriveRoleId: 'HAND_OVER_REDRIVE_ROLE_ID',
} as const;

/** What a notice leads to and no function has the room to know: the digest workflow puts it in place of these. */
export const FILLED_IN = {
  runbook: '{runbook}',
  sweepStateMachineArn: '{sweepStateMachineArn}',
  /** Of the functions that decide about calls, each after `~'`, as links to Logs Insights have them. */
  logGroups: '{logGroups}',
} as const;

/** The file beside a handler's code that holds its settings: an environment of Lambda's has no room for long lists. */
export const SETTINGS_FILE = 'settings.json';
/** The environment variable with those of the settings that only the deployment knows. Absent where it knows no more than the file. */
export const SETTINGS_VALUES = 'SETTINGS_VALUES';

/** Steps that the re-run workflow asks its handler for: the `step` of the payload. */
export const RERUN_STEPS = { complete: 'complete', attempt: 'attempt' } as const;

/** What follows a step of a re-run: the `next` of the handler's reply. The workflow branches on it. */
export const RERUN_NEXT = {
  attempt: 'attempt',
  waitForRecord: 'waitForRecord',
  backOff: 'backOff',
  waitForProof: 'waitForProof',
  finish: 'finish',
} as const;

/** Steps that the sweep workflow asks its handler for. */
export const SWEEP_STEPS = { begin: 'begin', pass: 'pass' } as const;

/** What follows a step of a sweep. */
export const SWEEP_NEXT = { pass: 'pass', wait: 'wait', end: 'end' } as const;

/** What follows a step of an incident's watch. */
export const INCIDENT_NEXT = { wait: 'wait', tell: 'tell', end: 'end' } as const;

/**
 * Events by which the service scheduler reports throttling: by ECS's own API and by AWS Cloud Map's.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service_events.html
 */
export const SERVICE_EVENTS = {
  ecsThrottled: 'ECS_OPERATION_THROTTLED',
  serviceDiscoveryThrottled: 'SERVICE_DISCOVERY_OPERATION_THROTTLED',
} as const;

/** Ids of items in the state table, or their beginnings (`launch#…`). lambda/state/items.ts says what each kind holds. */
export const ITEM_KINDS = {
  rate: 'rate',
  coverage: 'coverage',
  lookups: 'lookups',
  lookup: 'lookup',
  pause: 'pause',
  tokenKey: 'token-key',
  occasion: 'occasion',
  rest: 'rest',
  sweep: 'sweep',
  traffic: 'traffic',
  rooms: 'rooms',
  counted: 'counted',
  launch: 'launch',
  accepted: 'accepted',
  call: 'call',
  principal: 'principal',
  notified: 'notified',
  notice: 'notice',
  spend: 'spend',
} as const;

/** Outputs of the stack that others read by name. */
export const OUTPUTS = {
  handOverQueueUrl: 'HandOverQueueUrl',
  handOverDeadLetterQueue: 'HandOverDeadLetterQueue',
  handOverPolicy: 'HandOverPolicy',
  handOverRedriveRole: 'HandOverRedriveRole',
} as const;

/** Names of the handlers in log lines, metrics and the lab's faults. */
export const HANDLERS = ['intake', 'rate-limiter', 'run-task', 'sweep', 'incident-report'] as const;
export type HandlerName = (typeof HANDLERS)[number];

export const METRIC_NAMESPACE = 'EcsThrottleRemediation';
/**
 * Metrics, each counted once per event, call or attempt. Their dimensions are `service` (the handler), `kind` and `reason`.
 * A value with a reason is also counted under its kind alone: an alarm names all dimensions of a metric, and can add up
 * only ten metrics.
 */
export const METRICS = {
  /** Verdicts on delivered events, by kind and reason. */
  verdict: 'Verdict',
  /** RunTask requests of ours, by outcome. */
  attempt: 'Attempt',
  /** Ends of re-runs, by kind and reason. */
  result: 'Result',
  /** Permits handed out. */
  permit: 'Permit',
  /** Seconds from a call's event time to its result. */
  waitSeconds: 'WaitSeconds',
  /** Calls of others that take from RunTask's bucket, as records show them, by kind (`accepted`, `throttled`). */
  otherCall: 'OtherCall',
  /** Calls and tasks that found no room, by what there was too little of (`kind`, the first word of a room's name). */
  noRoom: 'NoRoom',
  /** Messages that a handler could not handle. SQS delivers them again. */
  failure: 'Failure',
} as const;

/** The sets of dimensions that a value is counted under. */
export function dimensionSets(dimensions: Readonly<Record<string, string>>): Readonly<Record<string, string>>[] {
  const { reason, ...common } = dimensions;
  return reason === undefined ? [dimensions] : [common, dimensions];
}

/** Messages of the structured log lines that saved queries filter on. */
export const LOG_MESSAGES = {
  verdict: 'verdict',
  attempt: 'attempt',
  result: 'result',
  permits: 'permits',
  room: 'room',
  sweep: 'sweep',
} as const;
