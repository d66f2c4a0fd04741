import { describe, expect, test } from 'vitest';
import { isThrottledStart } from '../../../../lambda/core/events/start-failure.ts';

/** Texts as AWS writes them, and how much of each has to be left for it to be known. */
const THROTTLES: readonly (readonly [text: string, known: string])[] = [
  [
    'Timeout waiting for network interface provisioning to complete.',
    'Timeout waiting for network interface provisioning',
  ],
  [
    'Rate limit exceeded while preparing network interface to be attached to instance',
    'Rate limit exceeded while preparing network interface',
  ],
  [
    'Network interface provision complete error timeout wait for network interface provision.',
    'Network interface provision complete error timeout',
  ],
  ['CannotPullECRContainerError: ThrottlingException: Rate exceeded', 'CannotPullECRContainerError: ThrottlingExc'],
  [
    'CannotPullContainerError: pull image manifest has been retried 5 time(s): toomanyrequests: Rate exceeded',
    'CannotPullContainerError: pull image manifest has been retried 5 time(s): toomanyrequests: ',
  ],
  [
    'CannotPullContainerError: Error response from daemon: toomanyrequests: Too Many Requests or You have reached your pull rate limit.',
    'CannotPullContainerError: Error response from daemon: toomanyrequests: Too Man',
  ],
  [
    'ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve ecr registry auth: service call has been retried 3 time(s): ThrottlingException: Rate exceeded',
    'ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve ecr registry auth: service call has been retried 3 time(s): ThrottlingException',
  ],
  [
    'ResourceInitializationError: unable to pull secrets or registry auth: RequestLimitExceeded: Request limit exceeded.',
    'ResourceInitializationError: unable to pull secrets or registry auth: RequestLimitExceeded',
  ],
  ['toomanyrequests: Rate exceeded', 'toomanyrequests: Rate exceeded'],
  [
    'CannotStartContainerError: Error response from daemon: failed to initialize logging driver: failed to create Cloudwatch log stream: ThrottlingException: Rate exceeded status code: 400, request id: 1',
    'CannotStartContainerError: Error response from daemon: failed to initialize logging driver: failed to create Cloudwatch log stream: ThrottlingException',
  ],
  [
    'CannotStartContainerError: Error response from daemon: failed to create task for container: failed to initialize logging driver: failed to create Cloudwatch log stream: operation error CloudWatch Logs: CreateLogStream, exceeded maximum number of attempts, 3, https response error StatusCode: 400, RequestID: 1, api error ThrottlingException: Rate exceeded',
    'CannotStartContainerError: Error response from daemon: failed to create task for container: failed to initialize logging driver: failed to create Cloudwatch log stream: operation error CloudWatch Logs: CreateLogStream, exceeded maximum number of attempts, 3, https response error StatusCode: 400, RequestID: 1, api error ThrottlingException',
  ],
  [
    'Timeout waiting for EphemeralStorage provisioning to complete',
    'Timeout waiting for EphemeralStorage provisioning',
  ],
  [
    'Unexpected EC2 error while attempting to Create Network Interface with public IP assignment disabled in subnet subnet-0ab: RequestLimitExceeded',
    'Unexpected EC2 error while attempting to Create Network Interface with public IP assignment disabled in subnet subnet-0ab: RequestLimitExceeded',
  ],
];

const LOOK_ALIKES = [
  'Unexpected EC2 error while attempting to Create Network Interface with public IP assignment disabled in subnet subnet-0ab: InsufficientFreeAddressesInSubnet',
  'Unexpected EC2 error while attempting to Create Network Interface with public IP assignment disabled in subnet subnet-0ab: TagPolicyViolation',
  'ResourceInitializationError: unable to pull secrets or registry auth: AccessDeniedException: User is not authorized to perform: secretsmanager:GetSecretValue',
  'ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times',
  'ResourceInitializationError: unable to pull secrets or registry auth: i/o timeout',
  'CannotPullContainerError: image registry/report:latest not found',
  'CannotStartContainerError: Error response from daemon: failed to initialize logging driver: failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist.',
  'CannotStartContainerError: Error response from daemon: OCI runtime create failed: exec: "./ThrottlingException": no such file',
  'CannotPullECRContainerError: AccessDeniedException',
  'Essential container in task exited',
  'EssentialContainerExited',
  'UserInitiated',
  'Task stopped by user: ThrottlingException',
  'SpotInterruption',
  'Your Spot Task was interrupted.',
  'Scaling activity initiated by deployment ecs-svc/1: Rate exceeded',
  'Timeout waiting for container to stop',
  'OutOfMemoryError: Container killed due to memory usage',
  '',
];

describe('a start that throttling prevented', () => {
  test.each(THROTTLES)('is known by its words: %s', (text, known) => {
    expect(text.startsWith(known)).toBe(true);
    for (let length = known.length; length <= text.length; length++) {
      expect(isThrottledStart([text.slice(0, length)])).toBe(true);
    }
  });

  test.each(THROTTLES)('is known among other reasons: %s', (text) => {
    expect(isThrottledStart(['Task failed to start', '', text])).toBe(true);
  });
});

describe('a start that something else prevented', () => {
  test.each(LOOK_ALIKES)('is no throttle: "%s"', (text) => {
    expect(isThrottledStart([text])).toBe(false);
  });

  test('is no throttle where no reason is given', () => {
    expect(isThrottledStart([])).toBe(false);
  });

  test.each([
    'CannotPullContainerError: manifest for 111122223333.dkr.ecr.us-east-1.amazonaws.com/toomanyrequests:1 not found',
    'Unexpected EC2 error while attempting to Create Network Interface: InvalidSubnetID.NotFound for Throttling',
    'CannotPullContainerError: manifest for 111122223333.dkr.ecr.us-east-1.amazonaws.com/throttling-probe:1 not found',
    'ResourceInitializationError: unable to pull secrets: AccessDeniedException on secret:/prod/throttling',
  ])('is no throttle for the name of what it failed on: %s', (text) => {
    expect(isThrottledStart([text])).toBe(false);
  });
});
