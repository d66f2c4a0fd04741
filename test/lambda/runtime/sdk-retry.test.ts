import { describe, expect, test } from 'vitest';
import { errorName, retrying } from '../../../lambda/runtime/sdk-retry.ts';
import { awsError, dependenciesWith } from '../../support/dependencies.ts';

/** Calls a service that fails that often; tells how often it was called and what was slept. */
async function calling(errors: readonly unknown[], random = 0.5) {
  const { dependencies, sleeps } = dependenciesWith();
  let calls = 0;
  const end = await retrying({ ...dependencies, random: () => random }, async () => {
    const error = errors[calls++];
    if (error) throw error;
    return 'answer';
  }).catch((error: unknown) => error);
  return { end, calls, sleeps };
}

describe('a call of a service', () => {
  test('that answers is made once', async () => {
    expect(await calling([])).toEqual({ end: 'answer', calls: 1, sleeps: [] });
  });

  test.each([
    awsError('ThrottlingException'),
    awsError('TooManyRequestsException'),
    awsError('InternalServerError', '', 500),
    awsError('ServiceUnavailable', '', 503),
    awsError('Unknown', '', 502),
    // Where a state machine or a table has a key of its own, and KMS or DynamoDB throttles.
    awsError('KmsThrottlingException'),
    awsError('ProvisionedThroughputExceededException'),
    // What no service answered has neither a name of AWS's nor a status.
    Object.assign(new Error('read ECONNRESET'), { name: 'TimeoutError', code: 'ECONNRESET' }),
  ])('is repeated after $name', async (error) => {
    expect(await calling([error])).toMatchObject({ end: 'answer', calls: 2 });
  });

  test.each([awsError('AccessDeniedException'), awsError('ValidationException', 'Rate exceeded'), 'a text', undefined])(
    'is not repeated after %s',
    async (error) => {
      expect((await calling(error ? [error] : [null])).calls).toBe(1);
    },
  );

  test('is made six times at most, waiting longer each time', async () => {
    const error = awsError('ThrottlingException');
    const { end, calls, sleeps } = await calling(Array(9).fill(error), 1 - 2 ** -53);
    expect(end).toBe(error);
    expect(calls).toBe(6);
    expect(sleeps.map(Math.round)).toEqual([200, 400, 800, 1600, 3200]);
  });
});

test.each([
  [awsError('AccessDeniedException', 'canary'), 'AccessDeniedException'],
  ['canary', 'string'],
  [undefined, 'undefined'],
])('an error is named without its message: %s', (error, name) => {
  expect(errorName(error)).toBe(name);
});
