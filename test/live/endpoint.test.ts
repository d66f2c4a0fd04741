import { afterEach, expect, test } from 'vitest';
import type { FakeService, Principal } from '../../lab/kernel/aws-service.ts';
import type { JsonObject } from '../../lab/kernel/json.ts';
import { type Endpoint, serve } from '../../lab/live/endpoint.ts';

const ROLE: Principal = { arn: 'arn:aws:sts::111122223333:assumed-role/cron/session' };
const echo = (name: string): FakeService => ({
  name,
  call: (operation, input, { arn }) => ({ operation, ...input, arn }),
});

const QUEUE_URL = 'https://sqs.us-east-1.amazonaws.com/111122223333/door';
const inputs: JsonObject[] = [];
const sqs: FakeService = {
  name: 'sqs',
  call: (operation, input): JsonObject => {
    inputs.push(input);
    return operation === 'GetQueueUrl' ? { QueueUrl: QUEUE_URL } : { MessageId: '<1>' };
  },
};

const endpoints: Endpoint[] = [];
afterEach(() => {
  for (const endpoint of endpoints.splice(0)) endpoint.close();
});

/** Asks an endpoint that knows the access key `cron`. */
async function ask(
  service: 'ecs' | 'sqs',
  accessKeyId: string,
  request: { target?: string; region?: string; body: (url: string) => string },
) {
  const endpoint = await serve({
    services: [echo('ecs'), sqs],
    principalOf: (key) => (key === 'cron' ? ROLE : undefined),
    clientsRetry: true,
    region: 'us-east-1',
    hooks: { around: async (_service, _operation, call) => call(), onUnsupported: () => {} },
  });
  endpoints.push(endpoint);
  const answer = await fetch(endpoint.url, {
    method: 'POST',
    headers: {
      authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/20260115/${request.region ?? 'us-east-1'}/${service}/aws4_request, Signature=0`,
      'amz-sdk-request': 'attempt=2; max=3',
      ...(request.target !== undefined && { 'x-amz-target': request.target }),
    },
    body: request.body(endpoint.url),
  });
  return { status: answer.status, text: await answer.text() };
}

const runTask = { target: 'AmazonEC2ContainerServiceV20141113.RunTask', body: () => '{"count":2}' };
const send = {
  body: (url: string) =>
    `Action=SendMessage&Version=2012-11-05&QueueUrl=${encodeURIComponent(`${url}/111122223333/door`)}`,
};

test('a client is whoever its access key belongs to, and may retry', async () => {
  const { status, text } = await ask('ecs', 'cron', runTask);
  expect(status).toBe(200);
  expect(JSON.parse(text)).toEqual({ operation: 'RunTask', count: 2, arn: ROLE.arn });
});

test('SQS is served in its older protocol too, and a queue’s URL at this endpoint is that of the template', async () => {
  const { text } = await ask('sqs', 'cron', send);
  expect(inputs.at(-1)).toEqual({ QueueUrl: QUEUE_URL });
  expect(text).toContain('<SendMessageResult><MessageId>&lt;1&gt;</MessageId></SendMessageResult>');
});

test('a queue’s URL in an answer names this endpoint', async () => {
  const { text } = await ask('sqs', 'cron', { body: () => 'Action=GetQueueUrl&QueueName=door' });
  expect(text).toMatch(/<QueueUrl>http:\/\/127\.0\.0\.1:\d+\/111122223333\/door<\/QueueUrl>/);
});

test('a request for another Region is refused, and told where the lab is', async () => {
  const { text } = await ask('ecs', 'cron', { ...runTask, region: 'eu-west-1' });
  expect(text).toContain("not 'eu-west-1'. The lab is in us-east-1.");
});

test('nobody is served under an access key that belongs to nobody', async () => {
  const json = await ask('ecs', 'nobody', runTask);
  expect(json).toMatchObject({ status: 403, text: expect.stringContaining('UnrecognizedClientException') });
  const query = await ask('sqs', 'nobody', send);
  expect(query).toMatchObject({ status: 403, text: expect.stringContaining('<Code>InvalidClientTokenId</Code>') });
});
