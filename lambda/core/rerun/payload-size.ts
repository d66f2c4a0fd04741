import type { RerunInput } from './rerun-input.ts';

/** Input or output of an execution, a state or a task. https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html */
const MAX_BYTES = 262_144;

/** `arn:aws-us-gov:ecs:us-gov-west-1:111122223333:task/CLUSTER/ID`: cluster names have up to 255 characters. */
const LONGEST_ARN = 'x'.repeat(360);
const INSTANT = '2026-01-15T03:00:00.000Z';
const COUNT = 1_000_000_000;

/** What the workflow hands to its function beside the re-run's input, each part at its longest. */
const ENVELOPE = {
  FunctionName: LONGEST_ARN,
  Payload: {
    step: 'complete',
    startedAt: INSTANT,
    redriveCount: COUNT,
    rerun: '',
    progress: {
      attempts: COUNT,
      unanswered: COUNT,
      unansweredAt: INSTANT,
      askedAt: INSTANT,
      remaining: 10,
      round: COUNT,
      taskArns: new Array(10).fill(LONGEST_ARN),
      noRoom: { until: INSTANT, short: 'fargateCapacity', room: 'x'.repeat(520) },
    },
    permit: { grantedAt: INSTANT, redriveCount: COUNT },
    unheardSince: INSTANT,
    execution: LONGEST_ARN,
    next: 'waitForRecord',
    waitUntil: INSTANT,
  },
};
/**
 * What Step Functions puts around a function's answer: its version, and the headers of the HTTP response twice. AWS's example
 * has about 1 KiB of it. https://docs.aws.amazon.com/step-functions/latest/dg/connect-lambda.html
 */
const RESPONSE_BYTES = 4096;

const bytesOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value));

const MAX_INPUT_BYTES = MAX_BYTES - bytesOf(ENVELOPE) - RESPONSE_BYTES;

/**
 * Whether the input outgrows a state of the workflow, which hands it on with what else a re-run has come to. To be asked
 * before there is an execution: one that fails for it takes a permit first. The request of a failed task holds the
 * environment that the task has once more; when it is complete, it is asked again.
 */
export function isTooLarge(input: RerunInput): boolean {
  const { request, failedTask } = input;
  const toCome = request || !failedTask ? 0 : bytesOf(failedTask.environments);
  return bytesOf(input) + toCome > MAX_INPUT_BYTES;
}
