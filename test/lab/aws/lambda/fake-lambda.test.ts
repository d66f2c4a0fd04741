import { describe, expect, test } from 'vitest';
import { FakeLambda, type InvocationError, type Sandbox } from '../../../../lab/aws/lambda/fake-lambda.ts';
import { FakeSqs } from '../../../../lab/aws/sqs/fake-sqs.ts';
import { Faults } from '../../../../lab/faults/faults.ts';
import { LAB_EPOCH_MS, VirtualClock } from '../../../../lab/kernel/clock.ts';
import type { JsonObject } from '../../../../lab/kernel/json.ts';
import { randomStream } from '../../../../lab/kernel/random.ts';
import { faultSchema } from '../../../../lab/scenario/fault-schema.ts';

const FUNCTION = 'arn:aws:lambda:us-east-1:111122223333:function:intake';
const QUEUE = 'arn:aws:sqs:us-east-1:111122223333:work';
const WORK_MS = 20_000;

/** A function that works for 20 s, with a timeout of 60 s, behind a queue with a visibility timeout of 60 s. */
function openFunction(
  faults: JsonObject[],
  work: (exit: () => void, clock: VirtualClock) => Promise<void>,
  concurrency: number | null = null,
) {
  const clock = new VirtualClock();
  const sqs = new FakeSqs({ clock, random: randomStream(1, 'sqs') });
  sqs.createQueue({
    name: 'work',
    arn: QUEUE,
    url: 'https://work',
    visibilityTimeoutSeconds: 60,
    delaySeconds: 0,
    retentionSeconds: 345_600,
  });
  const lambda = new FakeLambda({
    clock,
    seed: 1,
    sqs,
    region: 'us-east-1',
    concurrency,
    faults: new Faults(
      faults.map((fault) => faultSchema.parse({ handler: 'intake', ...fault })),
      1,
      clock,
    ),
    onInvoked: () => {},
    onPolled: () => {},
  });
  const seconds = () => (clock.now() - LAB_EPOCH_MS) / 1000;
  /** When each invocation began to work, and when its work was done. */
  const [begun, done]: [number[], number[]] = [[], []];
  const created: Sandbox[] = [];
  const payloads: unknown[] = [];
  const createSandbox = (): Sandbox => {
    const sandbox: Sandbox = {
      invoke: async (payload, exit) => {
        payloads.push(payload);
        begun.push(seconds());
        await work(exit, clock);
        done.push(seconds());
        return null;
      },
      kill: () => {},
    };
    created.push(sandbox);
    return sandbox;
  };
  lambda.createFunction({ arn: FUNCTION, handler: 'intake', timeoutSeconds: 60, memoryMb: 128, createSandbox });
  return { clock, sqs, lambda, begun, done, created, payloads };
}

const work = (_: () => void, clock: VirtualClock) => clock.sleep(WORK_MS);

describe('an invocation that stalls', () => {
  /** Twenty messages, one after the other, each handled by invocations of which some stall for 50 s. */
  async function play(probability: number, stall: number) {
    const opened = openFunction([{ kind: 'slowHandler', probability, seconds: [stall, stall] }], work);
    const { clock, sqs, lambda } = opened;
    lambda.createEventSource({
      id: 'one',
      functionArn: FUNCTION,
      queueArn: QUEUE,
      batchSize: 1,
      maximumConcurrency: 2,
    });
    for (let i = 0; i < 20; i++) clock.at(LAB_EPOCH_MS + i * 1_000_000, () => sqs.send(QUEUE, String(i)));
    await clock.run();
    return { ...opened, left: sqs.depth(QUEUE) };
  }

  test('on its way to the function lets the visibility of its message run out while it works', async () => {
    const { begun, done, left } = await play(0.5, 50);
    // A second invocation begins before the work of the first is done.
    const overlaps = begun.filter((at, index) => index > 0 && at < (done[index - 1] ?? 0));
    expect(overlaps.length).toBeGreaterThan(0);
    expect(left).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
  });

  test('after its work is killed when its time is over, and its message comes again', async () => {
    const { begun, left } = await play(0.5, 50);
    expect(begun.length).toBeGreaterThan(20);
    expect(left).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
  });

  test('for less than its timeout is only late', async () => {
    const { begun } = await play(1, 10);
    expect(begun).toHaveLength(20);
  });
});

test('an invocation that takes longer than its function may fails when its time is over', async () => {
  const { clock, lambda } = openFunction([], () => new Promise(() => {}));
  const failed = lambda.invoke(FUNCTION, {}).catch((error: InvocationError) => [error.errorType, error.message]);
  await clock.run();
  expect(await failed).toEqual(['Sandbox.Timedout', 'Task timed out after 60 seconds']);
  expect(clock.elapsedSeconds()).toBeCloseTo(60, 0);
});

test('a function that is not there cannot be invoked', async () => {
  const { lambda } = openFunction([], work);
  const failed = lambda.invoke(`${FUNCTION}-2`, {}).catch((error: InvocationError) => error.errorType);
  expect(await failed).toBe('Lambda.ResourceNotFoundException');
});

test('a handler that dies in the midst of its work fails its invocation at once, and once only', async () => {
  const { clock, lambda } = openFunction([], async (exit) => {
    exit();
    await new Promise(() => {});
  });
  const failed = lambda.invoke(FUNCTION, {}).catch((error: InvocationError) => error.errorType);
  await clock.run();
  expect(await failed).toBe('Runtime.ExitError');
  expect(clock.elapsedSeconds()).toBeLessThan(1);
});

test('a sandbox that dies after its reply is not used again', async () => {
  const exits: (() => void)[] = [];
  const { clock, lambda, created } = openFunction([], async (exit) => void exits.push(exit));
  const invoke = async () => {
    const reply = lambda.invoke(FUNCTION, {}).catch((error: InvocationError) => error.errorType);
    await clock.run();
    return reply;
  };
  expect(await invoke()).toBeNull();
  expect(await invoke()).toBeNull();
  expect(created).toHaveLength(1);
  exits.at(-1)?.();
  expect(await invoke()).toBeNull();
  expect(created).toHaveLength(2);
});

test('an event source shows a message’s attributes in Lambda’s own spelling', async () => {
  const { clock, sqs, lambda, payloads } = openFunction([], work);
  lambda.createEventSource({ id: 'one', functionArn: FUNCTION, queueArn: QUEUE, batchSize: 1, maximumConcurrency: 2 });
  sqs.send(QUEUE, 'body', { sender: { DataType: 'String', StringValue: 'AROA' } });
  await clock.run();
  const sender = { dataType: 'String', stringValue: 'AROA', stringListValues: [], binaryListValues: [] };
  expect(payloads).toMatchObject([{ Records: [{ body: 'body', messageAttributes: { sender } }] }]);
});

describe('an account without concurrency left', () => {
  test('throttles what is invoked, and an event source tries its batch again', async () => {
    const { clock, sqs, lambda, begun, done } = openFunction([], work, 1);
    lambda.createEventSource({
      id: 'one',
      functionArn: FUNCTION,
      queueArn: QUEUE,
      batchSize: 10,
      maximumConcurrency: 2,
    });
    const first = lambda.invoke(FUNCTION, {});
    clock.after(1000, () => void sqs.send(QUEUE, 'late'));
    const throttled = clock.sleep(2000).then(() => lambda.invoke(FUNCTION, {}));
    const error = throttled.catch(({ errorType }: InvocationError) => errorType);
    await clock.run({ until: LAB_EPOCH_MS + 120_000, isOver: () => false });
    await first;
    expect(await error).toBe('Lambda.TooManyRequestsException');
    expect(begun).toHaveLength(2);
    expect(begun[1]).toBeGreaterThanOrEqual(done[0] ?? 0);
    expect(sqs.depth(QUEUE)).toMatchObject({ visible: 0, inFlight: 0 });
  });
});
