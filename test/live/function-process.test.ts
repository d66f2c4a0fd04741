import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import type { FakeService } from '../../lab/kernel/aws-service.ts';
import { FunctionProcess } from '../../lab/live/function-process.ts';
import type { LogLine, MetricValue } from '../../lab/world/sandbox.ts';

const ECHO: FakeService = { name: 'ecs', call: (operation, input) => ({ operation, input }) };

const cleanUps: (() => void)[] = [];
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0)) cleanUp();
});

/** A process that runs `source`; `failed` is what of it no answer of AWS's accounts for. */
function start(source: string) {
  const taskRoot = mkdtempSync(join(tmpdir(), 'function-'));
  writeFileSync(join(taskRoot, 'index.mjs'), source);
  const failure = Promise.withResolvers<Error>();
  const logs: LogLine[] = [];
  const metrics: MetricValue[] = [];
  const sandbox = new FunctionProcess(
    {
      handler: 'sweep',
      variables: { QUEUE: 'https://sqs.us-east-1.amazonaws.com/111122223333/dead' },
      principal: { arn: 'arn:aws:sts::111122223333:assumed-role/sweep/session' },
      region: 'us-east-1',
      services: {
        ecs: ECHO,
        states: ECHO,
        dynamodb: ECHO,
        cloudtrail: ECHO,
        sqs: ECHO,
        iam: ECHO,
        cloudwatch: ECHO,
        logs: ECHO,
      },
      hooks: {
        around: async (_service, _operation, call) => call(),
        onUnsupported: (error) => failure.resolve(error as Error),
      },
      onLog: (line) => logs.push(line),
      onMetric: (metric) => metrics.push(metric),
    },
    { taskRoot, handler: 'index.handler' },
  );
  cleanUps.push(
    () => sandbox.kill(),
    () => rmSync(taskRoot, { recursive: true }),
  );
  /** Resolves once so many lines of both kinds were read: they come by another way than the answer. */
  const printed = (count: number) => vi.waitUntil(() => logs.length + metrics.length >= count, { timeout: 10_000 });
  return { sandbox, failed: failure.promise, logs, metrics, printed };
}

/** A module that makes one request to its AWS endpoint, as an SDK client of the given attempts would. */
const calling = (attempts: string) => `
  const authorization = 'AWS4-HMAC-SHA256 Credential=LAB/20260115/us-east-1/ecs/aws4_request, Signature=0';
  export const handler = async (body) => {
    const headers = { authorization, 'x-amz-target': 'ECS.RunTask', 'amz-sdk-request': '${attempts}' };
    const answer = await fetch(process.env.AWS_ENDPOINT_URL, { method: 'POST', headers, body: JSON.stringify(body) });
    return answer.json();
  };`;

test('an invocation is answered with what the exported function returns', async () => {
  const { sandbox } = start('export const handler = async ({ n }) => ({ got: n });');
  expect(await sandbox.invoke({ n: 1 })).toEqual({ got: 1 });
  expect(await sandbox.invoke({ n: 2 })).toEqual({ got: 2 });
});

test('what the function throws keeps its name', async () => {
  const { sandbox } = start(`export const handler = () => { throw new RangeError('too far'); };`);
  await expect(sandbox.invoke({})).rejects.toMatchObject({ name: 'RangeError', message: 'too far' });
});

test('code that cannot be loaded fails the run, and the message names what is missing', async () => {
  const { sandbox, failed } = start(`import 'not-in-the-bundle'; export const handler = () => {};`);
  sandbox.invoke({}).catch(() => {});
  expect((await failed).message).toMatch(/^sweep: its process ended by itself with 1:.*'not-in-the-bundle'/s);
});

test('code without the function that the template names fails the run', async () => {
  const { sandbox, failed } = start('export const main = () => {};');
  sandbox.invoke({}).catch(() => {});
  expect((await failed).message).toMatch('index.handler: found undefined, expected a function');
});

test('the function sees no variable but its own and those that Lambda sets', async () => {
  const { sandbox } = start('export const handler = () => process.env;');
  const { AWS_ENDPOINT_URL: endpoint, ...seen } = (await sandbox.invoke({})) as Record<string, string>;
  expect(endpoint).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect(seen.QUEUE).toBe(`${endpoint}/111122223333/dead`);
  expect(seen.AWS_REGION).toBe('us-east-1');
  expect(Object.keys(seen)).not.toContain('PATH');
});

test('requests reach the service that they are signed for', async () => {
  const { sandbox } = start(calling('attempt=1; max=1'));
  expect(await sandbox.invoke({ count: 2 })).toEqual({ operation: 'RunTask', input: { count: 2 } });
});

test('an SDK client that would retry by itself fails the run', async () => {
  const { sandbox, failed } = start(calling('attempt=1; max=3'));
  sandbox.invoke({}).catch(() => {});
  expect((await failed).message).toBe('ecs: found attempt=1; max=3, expected one attempt at most');
});

test('log lines and embedded metrics are read, from both streams', async () => {
  const { sandbox, logs, metrics, printed } = start(`export const handler = () => {
    const Metrics = [{ Name: 'Verdict', Unit: 'Count' }];
    const _aws = { Timestamp: 0, CloudWatchMetrics: [{ Namespace: 'N', Dimensions: [['service', 'kind']], Metrics }] };
    console.log(JSON.stringify({ _aws, service: 'sweep', kind: 'rerun', Verdict: 1 }));
    console.error(JSON.stringify({ level: 'ERROR', message: 'verdict', service: 'sweep', kind: 'refuse' }));
  };`);
  await sandbox.invoke({});
  await printed(2);
  const fields = { service: 'sweep', kind: 'refuse' };
  expect(logs).toEqual([{ handler: 'sweep', level: 'error', message: 'verdict', fields }]);
  const dimensions = { service: 'sweep', kind: 'rerun' };
  expect(metrics).toEqual([{ handler: 'sweep', name: 'Verdict', value: 1, dimensions }]);
});

test('a line that is neither is kept, so that a run can fail on it', async () => {
  const { sandbox } = start("export const handler = () => console.warn('a key is defined twice');");
  await sandbox.invoke({});
  await vi.waitUntil(() => sandbox.strayLines.length > 0, { timeout: 10_000 });
  expect(sandbox.strayLines).toEqual(['sweep: a key is defined twice']);
});
