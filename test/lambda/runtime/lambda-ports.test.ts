import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { METRIC_NAMESPACE, METRICS } from '../../../lambda/core/contract.ts';
import { CLIENT_CONFIG, lambdaPorts, lazily } from '../../../lambda/runtime/lambda-ports.ts';

afterEach(() => void vi.restoreAllMocks());

describe('a handler built lazily', () => {
  test('is built at its first event and kept', async () => {
    let built = 0;
    const handler = lazily(() => {
      built++;
      return async (event: number) => event + built;
    });
    expect(built).toBe(0);
    expect([await handler(1), await handler(2), built]).toEqual([2, 3, 1]);
  });

  test('is built again where building failed', async () => {
    const build = vi
      .fn(() => async () => 'reply')
      .mockImplementationOnce(() => {
        throw new Error('not yet');
      });
    const handler = lazily(build);
    expect(() => handler(0)).toThrow('not yet');
    expect(await handler(0)).toBe('reply');
  });
});

test('clients leave retries to us', () => {
  expect(CLIENT_CONFIG.maxAttempts).toBe(1);
});

describe('in Lambda', () => {
  test.each([
    [
      METRICS.verdict,
      'Count',
      { kind: 'ignore', reason: 'stale' },
      [
        ['service', 'kind'],
        ['service', 'kind', 'reason'],
      ],
    ],
    [METRICS.waitSeconds, 'Seconds', { kind: 'started' }, [['service', 'kind']]],
    [METRICS.permit, 'Count', {}, [['service']]],
  ])('the metric %s is one embedded-metric line in %s', (name, unit, dimensions, sets) => {
    const lines: string[] = [];
    vi.spyOn(process.stdout, 'write').mockImplementation((line) => lines.push(String(line)) > 0);
    const warned = vi.spyOn(console, 'warn').mockImplementation((line) => void lines.push(String(line)));
    const ports = lambdaPorts('intake');
    ports.metrics.add(METRICS.verdict, 1, { kind: 'refuse', reason: 'tooLate' });
    lines.length = 0;
    ports.metrics.add(name, 3, dimensions);
    expect(warned).not.toHaveBeenCalled();
    const [metric] = lines.map((line) => JSON.parse(line));
    expect(lines).toHaveLength(1);
    expect(metric).toMatchObject({ [name]: 3, service: 'intake', ...dimensions });
    expect(metric._aws.CloudWatchMetrics).toMatchObject([
      {
        Namespace: METRIC_NAMESPACE,
        Metrics: [{ Name: name, Unit: unit }],
        Dimensions: sets,
      },
    ]);
  });
});

test('a request that is never answered ends in an error, not at the end of the function', async () => {
  const server = createServer(() => {}).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = new SQSClient({
    ...CLIENT_CONFIG,
    requestHandler: { ...CLIENT_CONFIG.requestHandler, requestTimeout: 50 },
    endpoint: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  });
  try {
    await expect(client.send(new ListQueuesCommand({}))).rejects.toMatchObject({ name: 'TimeoutError' });
  } finally {
    client.destroy();
    server.closeAllConnections();
    server.close();
  }
});
