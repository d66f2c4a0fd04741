import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  type ReceiveMessageCommandInput,
  SendMessageCommand,
  type SendMessageCommandInput,
  SQSClient,
  StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clientConfig } from '../../../../lab/aws/sdk/transport.ts';
import { FakeSqs, type QueueOptions } from '../../../../lab/aws/sqs/fake-sqs.ts';
import { md5OfAttributes } from '../../../../lab/aws/sqs/messages.ts';
import { VirtualClock } from '../../../../lab/kernel/clock.ts';
import { randomStream } from '../../../../lab/kernel/random.ts';
import { holdToModels } from '../held-to-models.ts';

holdToModels();

const PRINCIPAL = { arn: 'arn:aws:sts::111122223333:assumed-role/tester/session' };

const queue = (name: string, options: Partial<QueueOptions> = {}): QueueOptions => ({
  name,
  arn: `arn:aws:sqs:us-east-1:111122223333:${name}`,
  url: `https://sqs.us-east-1.amazonaws.com/111122223333/${name}`,
  visibilityTimeoutSeconds: 30,
  delaySeconds: 0,
  retentionSeconds: 345_600,
  ...options,
});

const DEAD = queue('dead');
const QueueUrl = queue('work').url;
const QUEUE_ARN = queue('work').arn;

function openQueue(options: Partial<QueueOptions> = {}) {
  const clock = new VirtualClock();
  const sqs = new FakeSqs({ clock, random: randomStream(1, 'sqs') });
  sqs.createQueue(DEAD);
  sqs.createQueue(queue('work', options));
  const client = new SQSClient({ ...clientConfig(sqs, PRINCIPAL, 'us-east-1') });
  return {
    clock,
    sqs,
    client,
    send: (MessageBody: string, input: Partial<SendMessageCommandInput> = {}) =>
      client.send(new SendMessageCommand({ QueueUrl, MessageBody, ...input })),
    receive: async (input: Partial<ReceiveMessageCommandInput> = {}) =>
      (await client.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, ...input }))).Messages ?? [],
    handle: async () => (await client.send(new ReceiveMessageCommand({ QueueUrl }))).Messages?.[0]?.ReceiptHandle ?? '',
    pass: async (seconds: number) => {
      clock.after(seconds * 1000, () => {});
      await clock.run({ until: clock.now() + seconds * 1000 });
    },
    depth: () => Object.values(sqs.depth(QUEUE_ARN)),
  };
}

describe('a message', () => {
  it('is received with what its sender gave and what the queue knows', async () => {
    const { clock, send, receive, pass } = openQueue();
    const attributes = {
      'trace.id': { DataType: 'String', StringValue: 'x' },
      weight: { DataType: 'Number.float', StringValue: '1.5' },
      raw: { DataType: 'Binary', BinaryValue: new Uint8Array([1, 2]) },
    };
    const sent = await send('grüße', { MessageAttributes: attributes });
    const sentAt = clock.now();
    await pass(5);
    const [message, ...others] = await receive({
      MessageSystemAttributeNames: ['All'],
      MessageAttributeNames: ['All'],
    });
    expect(others).toEqual([]);
    expect(message).toMatchObject({
      MessageId: sent.MessageId,
      Body: 'grüße',
      MD5OfBody: sent.MD5OfMessageBody,
      MD5OfMessageAttributes: sent.MD5OfMessageAttributes,
      MessageAttributes: attributes,
      Attributes: {
        SenderId: expect.stringMatching(/^AROA[2-9A-Z]{16}:\w+$/),
        SentTimestamp: String(sentAt),
        ApproximateReceiveCount: '1',
        ApproximateFirstReceiveTimestamp: String(clock.now()),
      },
    });
  });

  it('shows only the attributes that its receiver asks for', async () => {
    const { send, receive } = openQueue();
    const text = (StringValue: string) => ({ DataType: 'String', StringValue });
    await send('x', { MessageAttributes: { 'trace.id': text('1'), 'trace.on': text('2'), other: text('3') } });
    const [message] = await receive({
      AttributeNames: ['ApproximateReceiveCount' as 'All'],
      MessageAttributeNames: ['trace.*'],
    });
    expect(Object.keys(message?.Attributes ?? {})).toEqual(['ApproximateReceiveCount']);
    expect(Object.keys(message?.MessageAttributes ?? {})).toEqual(['trace.id', 'trace.on']);
  });

  // https://www.npmjs.com/package/aws-md5-of-message-attributes holds these digests of the real service.
  it.each([
    ['19e27d4e946b072f3f58da80d94fd778', ['attribName1']],
    ['9fe1b90bbd9965bdf77bac517c7d2495', ['customNumberTypeAttrib']],
    ['31a92b15d92f8db860eda32aceb656c3', ['binaryAttribute']],
    ['c932db14a896c663f83c260297d594ff', ['attribName1', 'customNumberTypeAttrib', 'binaryAttribute']],
  ])('has the attribute digest %s for %s', (digest, names) => {
    const known = {
      attribName1: { DataType: 'String', StringValue: 'attribValue 1' },
      customNumberTypeAttrib: { DataType: 'Number.float', StringValue: '4563442423554324324264524243.32543234' },
      binaryAttribute: { DataType: 'Binary', BinaryValue: Buffer.from('Hello binary world!').toString('base64') },
    };
    const attributes = Object.fromEntries(names.map((name) => [name, known[name as keyof typeof known]]));
    expect(md5OfAttributes(attributes)).toBe(digest);
  });

  it('hides while in flight, and comes back with a higher count unless deleted', async () => {
    const { receive, send, depth, pass, client } = openQueue();
    await send('x');
    expect(depth()).toEqual([1, 0, 0]);
    await receive();
    expect(await receive()).toEqual([]);
    expect(depth()).toEqual([0, 1, 0]);
    await pass(29.999);
    expect(await receive()).toEqual([]);
    await pass(0.001);
    const [again] = await receive({ AttributeNames: ['All'] });
    expect(again?.Attributes?.ApproximateReceiveCount).toBe('2');
    await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: again?.ReceiptHandle }));
    await pass(60);
    expect(depth()).toEqual([0, 0, 0]);
  });

  it('is not deleted by an outdated handle, though the call succeeds', async () => {
    const { send, handle, pass, client, depth } = openQueue();
    await send('x');
    const outdated = await handle();
    await pass(30);
    const latest = await handle();
    await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: outdated }));
    expect(depth()).toEqual([0, 1, 0]);
    await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: latest }));
    await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: latest }));
    expect(depth()).toEqual([0, 0, 0]);
  });

  it('is deleted by its last handle though it is visible again', async () => {
    const { send, handle, pass, client, depth } = openQueue();
    await send('x');
    const ReceiptHandle = await handle();
    await pass(30);
    await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    expect(depth()).toEqual([0, 0, 0]);
  });

  it('is hidden for as long as its receiver last said', async () => {
    const { send, handle, receive, pass, client } = openQueue();
    await send('x');
    const ReceiptHandle = await handle();
    await client.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 100 }));
    await pass(99);
    expect(await receive()).toEqual([]);
    await client.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 }));
    expect(await receive()).toHaveLength(1);
    const late = new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 });
    await expect(client.send(late)).rejects.toThrow('not available for visibility timeout change');
  });

  it('waits out its own delay, or that of its queue', async () => {
    const { send, receive, pass, depth } = openQueue({ delaySeconds: 10 });
    await send('queue delay');
    await send('own delay', { DelaySeconds: 20 });
    await send('none', { DelaySeconds: 0 });
    expect(depth()).toEqual([1, 0, 2]);
    const bodies = async () => (await receive()).map(({ Body }) => Body);
    expect(await bodies()).toEqual(['none']);
    await pass(10);
    expect(await bodies()).toEqual(['queue delay']);
    await pass(10);
    expect(await bodies()).toEqual(['own delay']);
  });

  it('disappears when its retention is over, visible, delayed or in flight', async () => {
    const { send, receive, pass, depth } = openQueue({ retentionSeconds: 60, visibilityTimeoutSeconds: 600 });
    await send('in flight');
    await receive();
    await send('delayed', { DelaySeconds: 900 });
    await send('visible');
    await pass(59);
    expect(depth()).toEqual([1, 1, 1]);
    await pass(1);
    expect(depth()).toEqual([0, 0, 0]);
    expect(await receive()).toEqual([]);
  });
});

describe('a dead letter', () => {
  const redrive = { deadLetter: { targetArn: DEAD.arn, maxReceiveCount: 2 } };

  it('moves when it would be received once too often, with its identity and its age', async () => {
    const { send, receive, pass, sqs } = openQueue(redrive);
    const { MessageId } = await send('poison');
    for (const expected of [1, 1, 0]) {
      expect(await receive()).toHaveLength(expected);
      await pass(30);
    }
    expect(sqs.depth(DEAD.arn)).toEqual({ visible: 1, inFlight: 0, delayed: 0 });
    const [dead] = await receive({ QueueUrl: DEAD.url, AttributeNames: ['All'] });
    expect(dead).toMatchObject({ MessageId, Body: 'poison', Attributes: { DeadLetterQueueSourceArn: QUEUE_ARN } });
    await pass(345_600);
    expect(sqs.depth(DEAD.arn)).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
  });

  it('returns to its source, as a new message, when it is redriven', async () => {
    const { send, receive, pass, sqs, client } = openQueue(redrive);
    const { MessageId } = await send('poison');
    for (let i = 0; i < 3; i++) {
      await receive();
      await pass(30);
    }
    await client.send(new StartMessageMoveTaskCommand({ SourceArn: DEAD.arn }));
    expect(sqs.depth(DEAD.arn).visible).toBe(0);
    const [message] = await receive({ AttributeNames: ['All'] });
    expect(message).toMatchObject({ Body: 'poison', Attributes: { ApproximateReceiveCount: '1' } });
    expect(message?.MessageId).not.toBe(MessageId);
    const wrong = new StartMessageMoveTaskCommand({ SourceArn: QUEUE_ARN });
    await expect(client.send(wrong)).rejects.toThrow('must be configured as a Dead Letter Queue');
  });
});

describe('the queue', () => {
  it.each<[string, Partial<SendMessageCommandInput>, string, string]>([
    ['a queue that is not there', { QueueUrl: `${QueueUrl}x` }, 'QueueDoesNotExist', 'does not exist'],
    ['an empty message', { MessageBody: '' }, 'MissingParameter', 'MessageBody'],
    ['a character outside XML', { MessageBody: 'a\u0000b' }, 'InvalidMessageContents', 'characters'],
    ['half a surrogate pair', { MessageBody: 'a\ud800' }, 'InvalidMessageContents', 'characters'],
    [
      'a message too large',
      { MessageBody: 'x'.repeat(1_048_577) },
      'InvalidParameterValue',
      'shorter than 1048576 bytes',
    ],
    [
      'a delay too long',
      { DelaySeconds: 901 },
      'InvalidParameterValue',
      'DelaySeconds is invalid. Reason: Must be between 0 and 900',
    ],
    ['a deduplication id', { MessageDeduplicationId: 'x' }, 'InvalidParameterValue', 'not valid for this queue type'],
    [
      'an unknown attribute type',
      { MessageAttributes: { a: { DataType: 'Text', StringValue: 'x' } } },
      'InvalidParameterValue',
      "attribute 'a'",
    ],
    [
      'an empty attribute',
      { MessageAttributes: { a: { DataType: 'String', StringValue: '' } } },
      'InvalidParameterValue',
      'non-empty',
    ],
  ])('refuses %s', async (_, input, name, message) => {
    const { send, depth } = openQueue();
    const refused = send('x', input);
    await expect(refused).rejects.toMatchObject({ name, $metadata: { httpStatusCode: 400 } });
    await expect(refused).rejects.toThrow(message);
    expect(depth()).toEqual([0, 0, 0]);
  });

  it('takes a message of the largest size, attributes included', async () => {
    const { send } = openQueue();
    const MessageAttributes = { ab: { DataType: 'String', StringValue: 'cd' } };
    await expect(send('x'.repeat(1_048_576 - 10), { MessageAttributes })).resolves.toBeDefined();
    await expect(send('x'.repeat(1_048_576 - 9), { MessageAttributes })).rejects.toThrow('shorter');
  });

  it('tells a handle that it never gave from one that is outdated', async () => {
    const { client } = openQueue();
    await expect(client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: 'made up' }))).rejects.toMatchObject({
      name: 'ReceiptHandleIsInvalid',
      $metadata: { httpStatusCode: 404 },
    });
  });

  it('reports its attributes as text', async () => {
    const { client, send, sqs } = openQueue({ deadLetter: { targetArn: DEAD.arn, maxReceiveCount: 3 } });
    await send('x');
    const all = await client.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }));
    expect(all.Attributes).toMatchObject({
      QueueArn: QUEUE_ARN,
      ApproximateNumberOfMessages: '1',
      ApproximateNumberOfMessagesNotVisible: '0',
      ApproximateNumberOfMessagesDelayed: '0',
      VisibilityTimeout: '30',
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: DEAD.arn, maxReceiveCount: 3 }),
    });
    sqs.receive(QUEUE_ARN, 1);
    const one = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['ApproximateNumberOfMessagesNotVisible'] });
    expect((await client.send(one)).Attributes).toEqual({ ApproximateNumberOfMessagesNotVisible: '1' });
    expect((await client.send(new GetQueueAttributesCommand({ QueueUrl }))).Attributes).toBeUndefined();
  });

  it('refuses loudly what it does not model', async () => {
    const { client } = openQueue();
    await expect(client.send(new PurgeQueueCommand({ QueueUrl }))).rejects.toMatchObject({ name: 'UnsupportedError' });
  });
});

describe('the lab behind the API', () => {
  it('hears of every arrival: sent, delay over, visibility timed out, given back', async () => {
    const { clock, sqs, send, handle, client, pass } = openQueue();
    const arrivals: number[] = [];
    sqs.onArrival(QUEUE_ARN, () => arrivals.push(clock.elapsedSeconds()));
    sqs.send(QUEUE_ARN, 'one');
    await send('two', { DelaySeconds: 5 });
    const ReceiptHandle = await handle();
    await pass(10);
    await client.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 }));
    sqs.receive(QUEUE_ARN, 10);
    await pass(30);
    expect(arrivals).toEqual([0, 5, 10, 40, 40]);
  });

  it('draws the same identities from the same seed', async () => {
    const ids = await Promise.all([openQueue(), openQueue()].map(async ({ send }) => (await send('x')).MessageId));
    expect(ids[0]).toBe(ids[1]);
  });

  it('never loses a message nor delivers a deleted one, whatever happens in between', async () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('send' as const), delay: fc.integer({ min: 0, max: 40 }) }),
      fc.record({ do: fc.constant('receive' as const), max: fc.integer({ min: 1, max: 10 }) }),
      fc.record({ do: fc.constant('delete' as const), which: fc.nat(30) }),
      fc.record({ do: fc.constant('pass' as const), seconds: fc.integer({ min: 0, max: 40 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const { sqs, pass, depth } = openQueue({ deadLetter: { targetArn: DEAD.arn, maxReceiveCount: 3 } });
        const sent = new Set<string>();
        const deleted = new Set<string>();
        const last = new Map<string, string>();
        const take = (arn: string, max: number) => {
          for (const { body, receiptHandle } of sqs.receive(arn, max)) {
            expect(sent.has(body) && !deleted.has(body)).toBe(true);
            last.set(body, receiptHandle);
          }
        };
        for (const one of steps) {
          if (one.do === 'send') {
            const MessageBody = String(sent.size);
            sent.add(MessageBody);
            sqs.call('SendMessage', { QueueUrl, MessageBody, DelaySeconds: one.delay }, PRINCIPAL);
          } else if (one.do === 'receive') take(QUEUE_ARN, one.max);
          else if (one.do === 'pass') await pass(one.seconds);
          else {
            const [body, handle] = [...last][one.which] ?? [];
            if (!body || !handle) continue;
            const before = depth().reduce((sum, n) => sum + n, 0);
            sqs.delete(QUEUE_ARN, handle);
            if (depth().reduce((sum, n) => sum + n, 0) < before) deleted.add(body);
          }
        }
        await pass(60);
        last.clear();
        while (sqs.depth(QUEUE_ARN).visible > 0) take(QUEUE_ARN, 10);
        take(DEAD.arn, sent.size);
        expect(new Set([...last.keys(), ...deleted])).toEqual(sent);
      }),
      { numRuns: 200 },
    );
  });

  it('handles 100,000 messages in about as much time for each as 1,000', () => {
    const perMessage = (count: number) => {
      const { sqs } = openQueue();
      const start = performance.now();
      for (let i = 0; i < count; i++) sqs.send(QUEUE_ARN, 'x');
      for (let i = 0; i < count / 10; i++) {
        for (const { receiptHandle } of sqs.receive(QUEUE_ARN, 10)) sqs.delete(QUEUE_ARN, receiptHandle);
      }
      expect(sqs.depth(QUEUE_ARN)).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
      return (performance.now() - start) / count;
    };
    perMessage(1000);
    expect(perMessage(100_000)).toBeLessThan(20 * perMessage(1000));
  });
});
