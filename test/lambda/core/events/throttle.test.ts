import { describe, expect, test } from 'vitest';
import { WRAPPED_EXAMPLES } from '../../../../lambda/core/events/texts.ts';
import { classifyError, classifyFailure } from '../../../../lambda/core/events/throttle.ts';

const SUBNETS = Array.from({ length: 16 }, (_, n) => `subnet-${String(n).padStart(17, '0')}`).join(', ');
const WRAPPED = `Error retrieving subnet information for [${SUBNETS}]: Rate exceeded (ErrorCode: Throttling)`;

describe('an error of RunTask', () => {
  test.each<[string, string, string]>([
    ['the plain throttle', 'ThrottlingException', 'Rate exceeded'],
    ['the plain throttle with a full stop', 'ThrottlingException', 'Rate exceeded.'],
    ['the plain throttle, whatever its message', 'ThrottlingException', ''],
    ['a name of another SDK generation', 'Throttling', 'Rate exceeded'],
    [
      'a subnet look-up that EC2 throttled',
      'InvalidParameterException',
      'Error retrieving subnet information for [subnet-0ab]: Rate exceeded (ErrorCode: Throttling)',
    ],
    [
      'a security group look-up that EC2 throttled',
      'InvalidParameterException',
      'Error retrieving security group information for [sg-0ab]: Request limit exceeded. (ErrorCode: RequestLimitExceeded)',
    ],
    ['a wrapped throttle under ClientException', 'ClientException', WRAPPED],
    ['a wrapped throttle with the longest list of subnets', 'InvalidParameterException', WRAPPED],
    ['a wrapped throttle that lost its tail to CloudTrail', 'InvalidParameterException', WRAPPED.slice(0, -12)],
    [
      'a wrapped throttle that lost its words',
      'InvalidParameterException',
      'unknown (ErrorCode: RequestLimitExceeded)',
    ],
    ['a code with the prefix Client.', 'Client.ThrottlingException', ''],
    ['a wrapped throttle with a prefix', 'Client.InvalidParameterException', WRAPPED],
    [
      'a throttle as an older SDK words it',
      'InvalidParameterException',
      'AmazonEC2Exception: Request limit exceeded. (Service: AmazonEC2; Status Code: 503; Error Code: RequestLimitExceeded; Request ID: 0)',
    ],
    ['EC2 itself', 'Client.RequestLimitExceeded', 'Request limit exceeded.'],
    ['KMS itself', 'KMSThrottlingException', ''],
    ['ECR itself', 'ThrottleException', 'Rate exceeded'],
    ['a rate under the name of a limit', 'LimitExceededException', 'Rate exceeded'],
    ['a throttle of another name, wrapped', 'InvalidParameterException', 'failed (ErrorCode: RequestThrottled)'],
    ...WRAPPED_EXAMPLES.map((example): [string, string, string] => [example, 'InvalidParameterException', example]),
  ])('is a throttle: %s', (_, code, message) => {
    expect(classifyError({ code, message })).toBe('throttle');
  });

  test.each([
    ['ServerException', 'Service Unavailable. Please try again later.'],
    ['Server.InternalFailure', ''],
    ['ServiceUnavailable', 'Rate exceeded'],
    ['InternalError', ''],
  ])('is transient: %s', (code, message) => {
    expect(classifyError({ code, message })).toBe('transient');
  });

  test.each([
    ['a parameter that is wrong', 'InvalidParameterException', 'No Fargate configuration exists for given values.'],
    [
      'a subnet that does not exist',
      'InvalidParameterException',
      "Error retrieving subnet information for [subnet-0ab]: The subnet ID 'subnet-0ab' does not exist (ErrorCode: InvalidSubnetID.NotFound)",
    ],
    [
      'a subnet look-up that is forbidden',
      'InvalidParameterException',
      'Error retrieving subnet information for [subnet-0ab]: You are not authorized (ErrorCode: UnauthorizedOperation)',
    ],
    [
      'a parameter that reads like a throttle',
      'InvalidParameterException',
      'Override for container named x: Rate exceeded is not a container in the TaskDefinition.',
    ],
    [
      'a subnet that reads like one',
      'InvalidParameterException',
      "Error retrieving subnet information for [a]: Rate exceeded (ErrorCode: Throttling)]: The subnet ID 'a' does not exist (ErrorCode: InvalidSubnetID.NotFound)",
    ],
    ['a name that ends like one', 'InvalidParameterException', 'Container name x (ErrorCode: Throttling)'],
    ['talk of rates in a parameter', 'InvalidParameterException', 'Container name Rate exceeded is not valid'],
    [
      'a code that only begins like a throttle',
      'InvalidParameterException',
      'failed (ErrorCode: ThrottlingPolicyMissing)',
    ],
    ['a limit of a resource', 'LimitExceededException', 'The limit for the resource was exceeded.'],
    [
      'a revision that reads like a rate',
      'InvalidParameterException',
      'Invalid revision number. Number: Rate exceeded',
    ],
    [
      'a bracket that a cut left open',
      'InvalidParameterException',
      'Error retrieving subnet information for [a: Rate exceeded',
    ],
    [
      'a capacity provider that reads like want of room',
      'InvalidParameterException',
      "The specified capacity provider 'Tasks provisioning capacity limit exceeded.' was not found.",
    ],
    ['a name that is no wrapper, with the words of a throttle', 'AccessDeniedException', WRAPPED],
    ['a name that only contains a throttle', 'NotAThrottlingException', 'Rate exceeded'],
    ['a prefix in the middle', 'My.Client.ThrottlingException', 'Rate exceeded'],
    ['no name at all', '', ''],
    ['the same token with other parameters', 'ConflictException', ''],
    ['a blocked account', 'BlockedException', 'Your AWS account was blocked.'],
  ])('is a rejection: %s', (_, code, message) => {
    expect(classifyError({ code, message })).toBe('none');
  });
});

describe('want of room', () => {
  test.each([
    ['ClientException', 'Tasks provisioning capacity limit exceeded.'],
    ['Client.ClientException', "You've reached the limit on the number of vCPUs you can run concurrently"],
    ['InvalidParameterException', 'Capacity is unavailable at this time. Please try again later'],
  ])('is no mistake of the request: %s: %s', (code, message) => {
    expect(classifyError({ code, message })).toBe('capacity');
  });

  test('does not hide a service that fails', () => {
    expect(classifyError({ code: 'ServerException', message: 'Capacity is unavailable at this time' })).toBe(
      'transient',
    );
  });
});

describe('a placement failure', () => {
  test.each([
    'RESOURCE:CPU',
    'RESOURCE:MEMORY',
    'RESOURCE:PORTS',
    'RESOURCE:ENI',
    'RESOURCE:GPU',
    'AGENT',
    "You've reached the limit on the number of vCPUs you can run concurrently",
    'You’ve reached the limit on the number of spot tasks you can run concurrently',
    'Capacity is unavailable at this time. Please try again later or in a different availability zone',
  ])('passes: %s', (reason) => {
    expect(classifyFailure(reason)).toBe('capacity');
  });

  test.each(['ATTRIBUTE', 'LOCATION', 'MISSING', 'INACTIVE', 'AGENT-smith', '', 'NO RESOURCE:CPU'])(
    'stays: "%s"',
    (reason) => {
      expect(classifyFailure(reason)).toBe('none');
    },
  );
});
