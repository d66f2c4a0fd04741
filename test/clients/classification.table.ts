import * as javascript from '../../clients/javascript/run-task-or-hand-over.js';
import { ERROR_NAMES, SHARED_ERROR_NAMES, WRAPPED_EXAMPLES } from '../../lambda/core/events/texts.ts';
import { classifyError, isPassingFailure } from '../../lambda/core/events/throttle.ts';

/** What RunTask may answer, and what the product makes of it: the clients have copies of its table. */

export const ROOM_TEXTS = [
  'Capacity is unavailable at this time. Please try again later or in a different availability zone',
  "You've reached the limit on the number of vCPUs you can run concurrently",
  'You’ve reached the limit on the number of tasks you can run concurrently',
  'Tasks provisioning capacity limit exceeded.',
  'RESOURCE:MEMORY',
  'RESOURCE:ENI',
  'AGENT',
];
const OTHER_TEXTS = [
  'ATTRIBUTE',
  'LOCATION',
  'MISSING',
  'INACTIVE',
  'AGENT-less',
  'TaskDefinition not found.',
  'The resource RESOURCE:MEMORY is none',
  'subnet [Rate exceeded (ErrorCode: Throttling)] is no subnet',
  'Error retrieving subnet information for [subnet-0aaa]: no such subnet (ErrorCode: InvalidSubnetID.NotFound)',
];
const THROTTLE_TEXTS = [
  ...WRAPPED_EXAMPLES.map((text) =>
    text.replace('{subnets}', 'subnet-0aaa,subnet-0bbb').replace('{securityGroups}', 'sg-0'),
  ),
  'com.amazonaws.services.ec2.model.AmazonEC2Exception: Request limit exceeded.',
  'Rate exceeded',
];

interface ErrorRow {
  readonly code: string;
  readonly message: string;
  readonly status?: number;
}
export const ERRORS: readonly ErrorRow[] = [
  ...ERROR_NAMES.map(({ pattern: code }) => ({ code, message: 'of any text' })),
  ...[...SHARED_ERROR_NAMES, 'AccessDeniedException'].flatMap((code) =>
    [...THROTTLE_TEXTS, ...ROOM_TEXTS, ...OTHER_TEXTS].map((message) => ({ code, message })),
  ),
  ...[400, 403, 429, 500, 502, 503].map((status) => ({ code: String(status), message: 'Unknown', status })),
];
export const FAILURES = [...ROOM_TEXTS, ...OTHER_TEXTS, ''];

export const JOBS = [
  { key: 'nightly', request: { taskDefinition: 'report:3' } },
  { key: 'nightly', request: { taskDefinition: 'report', cluster: 'default' } },
  { key: 'nightly', request: { taskDefinition: 'invoice', cluster: 'default' } },
  { key: 'nightly', request: { taskDefinition: 'report', cluster: 'batch' } },
  {
    key: 'nightly',
    request: {
      cluster: 'arn:aws:ecs:us-east-1:111122223333:cluster/batch',
      taskDefinition: 'arn:aws:ecs:us-east-1:111122223333:task-definition/report:4',
    },
  },
  { key: 'étape "1"\n$(x) ’', request: { taskDefinition: 'report' } },
];

export const expected = {
  errors: ERRORS.map((error) => classifyError(error) !== 'none'),
  failures: FAILURES.map(isPassingFailure),
  tokens: JOBS.map(({ key, request }) => javascript.clientTokenOf(key, request)),
};
