import { ECSClient, type ECSServiceException, RunTaskCommand, type RunTaskCommandOutput } from '@aws-sdk/client-ecs';
import { describe, expect, test } from 'vitest';
import { clientConfig } from '../../../../lab/aws/sdk/transport.ts';
import type { JsonObject } from '../../../../lab/kernel/json.ts';
import { CRON, RUN_TASK, world } from '../world.ts';

/** Sends these requests one after the other; what a client of the SDK makes of the last. */
async function last(requests: readonly JsonObject[], account: JsonObject = {}) {
  const client = new ECSClient({ ...clientConfig(world(account).ecs, CRON, 'us-east-1') });
  const answers: { status: number | undefined; name: string; message: string; answer: object }[] = [];
  for (const request of requests) {
    await client.send(new RunTaskCommand(request as never)).then(
      (answer: RunTaskCommandOutput) =>
        answers.push({ status: answer.$metadata.httpStatusCode, name: '', message: '', answer }),
      (error: ECSServiceException) => {
        const { name, message, $metadata } = error;
        answers.push({ status: $metadata.httpStatusCode, name, message, answer: error });
      },
    );
  }
  return answers.at(-1) ?? expect.unreachable('no request was sent');
}

const once = { clusterResourceModify: { burst: 1, refillPerSecond: 0.001 } };
const withToken = { ...RUN_TASK, clientToken: 'token' };
const unplaced = (reason: string) => ({ placementFailures: [{ family: 'report', probability: 1, reason }] });
const noCapacity = 'Capacity is unavailable at this time. Please try again later or in a different availability zone';

describe('what RunTask answers reaches a client of the SDK', () => {
  test.each<[what: string, status: number, name: string, message: RegExp, requests: JsonObject[], account: JsonObject]>(
    [
      ['a throttle', 400, 'ThrottlingException', /^Rate exceeded$/, [RUN_TASK, RUN_TASK], { buckets: once }],
      [
        'a throttle that EC2 gave, as a bad parameter',
        400,
        'InvalidParameterException',
        /^Error retrieving (subnet information for \[subnet-0aaa, subnet-0bbb\]: Rate exceeded \(ErrorCode: Throttling\)|security group information for \[sg-0aaa\]: Request limit exceeded\. \(ErrorCode: RequestLimitExceeded\))$/,
        [RUN_TASK, RUN_TASK],
        { buckets: once, disguisedShare: 1 },
      ],
      ['a count of 11', 400, 'InvalidParameterException', /between 1 and 10/, [{ ...RUN_TASK, count: 11 }], {}],
      [
        'a startedBy of 129 characters',
        400,
        'InvalidParameterException',
        /startedBy longer than 128/,
        [{ ...RUN_TASK, startedBy: 'x'.repeat(129) }],
        {},
      ],
      [
        'a token of 65 characters',
        400,
        'InvalidParameterException',
        /1 to 64 ASCII characters in the range 33-126/,
        [{ ...RUN_TASK, clientToken: 'x'.repeat(65) }],
        {},
      ],
      [
        'overrides of 8,193 characters',
        400,
        'InvalidParameterException',
        /at most 8192/,
        [{ ...RUN_TASK, overrides: { containerOverrides: [{ name: 'app', command: ['x'.repeat(8193)] }] } }],
        {},
      ],
      [
        'a container that the task definition lacks',
        400,
        'InvalidParameterException',
        /aws-guardduty-agent-x is not a container/,
        [{ ...RUN_TASK, overrides: { containerOverrides: [{ name: 'aws-guardduty-agent-x' }] } }],
        {},
      ],
      [
        'an inactive revision',
        400,
        'InvalidParameterException',
        /inactive/,
        [{ ...RUN_TASK, taskDefinition: 'report:4' }],
        {},
      ],
      ['no such definition', 400, 'ClientException', /not found/, [{ ...RUN_TASK, taskDefinition: 'nothing' }], {}],
      ['no such cluster', 400, 'ClusterNotFoundException', /not found/, [{ ...RUN_TASK, cluster: 'nowhere' }], {}],
      [
        'a token with other parameters',
        400,
        'ConflictException',
        /clientToken/,
        [withToken, { ...withToken, count: 2 }],
        {},
      ],
    ],
  )('%s as %i %s', async (_, status, name, message, requests, account) => {
    expect(await last(requests, account)).toMatchObject({ status, name, message: expect.stringMatching(message) });
  });

  test('a conflict with the tasks that the token has started', async () => {
    const { answer } = await last([withToken, { ...withToken, count: 2 }]);
    expect(answer).toMatchObject({ resourceIds: [expect.stringMatching(/^arn:aws:ecs:.*:task\/batch\/\w{32}$/)] });
  });

  test.each(['RESOURCE:CPU', 'RESOURCE:MEMORY', 'RESOURCE:ENI', 'AGENT', 'ATTRIBUTE', 'LOCATION', noCapacity])(
    'a task that found no place as a success with a failure: %s',
    async (reason) => {
      const first = await last([withToken], unplaced(reason));
      expect(first).toMatchObject({ status: 200, answer: { tasks: [], failures: [{ reason }] } });
      const repeated = await last([withToken, withToken], unplaced(reason));
      expect(repeated).toMatchObject({ status: 200, answer: { tasks: [], failures: [{ reason }] } });
    },
  );
});
