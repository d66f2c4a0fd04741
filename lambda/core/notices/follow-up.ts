import type { AwsEnvironment } from '../arn.ts';
import { FILLED_IN, type GiveUpReason, type RefuseReason } from '../contract.ts';
import { consoleLinks } from './console-links.ts';
import type { FirstCall, Trace } from './first-call.ts';
import { oneByOne } from './one-by-one.ts';

/** Where a mail comes from. */
export interface NoticePlace extends AwsEnvironment {
  /** Of our own requests. */
  readonly ownRoleArn: string;
  /** It says the partition, and so which console there is. */
  readonly digestStateMachineArn: string;
}

/** Reasons that pass: what they are about is changed, or there is room again, and then the same call is brought back. */
const PASSING: readonly (RefuseReason | GiveUpReason)[] = [
  'unknownParameter',
  'noClientToken',
  'roleOverride',
  'executeCommand',
  'notOptedIn',
  'observeMode',
  'rejectedByEcs',
  'overTaskCap',
  'deadline',
  'maxAttempts',
];

/** How a call is found. */
export function traceLine(trace: Trace, place: NoticePlace | undefined): string {
  switch (trace.kind) {
    case 'execution':
      return `Execution: ${place ? consoleLinks(trace.arn).execution(trace.arn) : trace.arn}`;
    case 'event':
      return `CloudTrail event: ${trace.id}`;
    case 'message':
      return `Message: ${trace.id}`;
    case 'task':
      return `Task: ${trace.arn}`;
    default:
      return trace satisfies never;
  }
}

/** The command that has the call brought back, once what stood in its way is gone; undefined where nothing repeats it. */
export function repeatCommand(
  reason: RefuseReason | GiveUpReason,
  { trace, at, cluster }: FirstCall,
  { region }: NoticePlace,
): string | undefined {
  if (!PASSING.includes(reason) || !trace) return undefined;
  switch (trace.kind) {
    case 'execution':
      return `aws stepfunctions redrive-execution --region ${region} --execution-arn ${trace.arn}`;
    case 'event':
    case 'task': {
      const input = JSON.stringify({ cluster: cluster ?? '*', ...(at && { since: at }) });
      return `aws stepfunctions start-execution --region ${region} --state-machine-arn ${FILLED_IN.sweepStateMachineArn} --input '${input}'`;
    }
    case 'message':
      // Whoever handed it over has the request; nobody else does.
      return undefined;
    default:
      return trace satisfies never;
  }
}

/** Where to read on, and where all calls of the group are listed. */
export function readOn(
  reason: RefuseReason | GiveUpReason,
  caller: string,
  place: NoticePlace,
  fromMs: number,
  toMs: number,
): string[] {
  const { query } = consoleLinks(place.digestStateMachineArn);
  return [
    `Runbook: ${FILLED_IN.runbook}#reasons`,
    `All of them, one by one: ${query(oneByOne(reason, caller), FILLED_IN.logGroups, fromMs, toMs)}`,
  ];
}
