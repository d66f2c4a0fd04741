import {
  ListPlatformApplicationsCommand,
  PublishCommand,
  type PublishCommandInput,
  SNSClient,
} from '@aws-sdk/client-sns';
import { describe, expect, it } from 'vitest';
import { clientConfig } from '../../../../lab/aws/sdk/transport.ts';
import { FakeSns } from '../../../../lab/aws/sns/fake-sns.ts';
import { LAB_EPOCH_MS, VirtualClock } from '../../../../lab/kernel/clock.ts';
import { randomStream } from '../../../../lab/kernel/random.ts';
import { holdToModels } from '../held-to-models.ts';

holdToModels();

const TOPIC = 'arn:aws:sns:us-east-1:111122223333:topic';

function openTopic() {
  const sns = new FakeSns({ clock: new VirtualClock(), random: randomStream(1, 'sns') });
  sns.createTopic({ arn: TOPIC });
  const client = new SNSClient({ ...clientConfig(sns, { arn: 'arn' }, 'us-east-1') });
  const publish = (input: Partial<PublishCommandInput>) =>
    client.send(new PublishCommand({ TopicArn: TOPIC, Message: 'text', ...input }));
  return { sns, client, publish };
}

describe('a topic', () => {
  it('keeps what is published to it', async () => {
    const { sns, publish } = openTopic();
    const kind = { DataType: 'String', StringValue: 'gaveUp' };
    const { MessageId } = await publish({ Subject: '12 calls', Message: 'ü & <b>', MessageAttributes: { kind } });
    expect(MessageId).toMatch(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/);
    expect(sns.published).toEqual([
      { topicArn: TOPIC, subject: '12 calls', message: 'ü & <b>', attributes: { kind }, at: LAB_EPOCH_MS },
    ]);
  });

  it.each<[string, Partial<PublishCommandInput>]>([
    ['a subject of 100 characters', { Subject: 'x'.repeat(100) }],
    ['a message of 256 KiB', { Message: 'x'.repeat(262_144) }],
  ])('takes %s', async (_, input) => {
    await expect(openTopic().publish(input)).resolves.toBeDefined();
  });

  it.each<[string, Partial<PublishCommandInput>, string, string]>([
    ['another topic', { TopicArn: `${TOPIC}x` }, 'NotFoundException', 'Topic does not exist'],
    ['a malformed topic', { TopicArn: 'topic' }, 'InvalidParameterException', 'Invalid parameter: TopicArn'],
    ['an empty message', { Message: '' }, 'InvalidParameterException', 'Invalid parameter: Empty message'],
    ['an empty subject', { Subject: '' }, 'InvalidParameterException', 'Invalid parameter: Subject'],
    ['a subject too long', { Subject: 'x'.repeat(101) }, 'InvalidParameterException', 'Invalid parameter: Subject'],
    ['a line break in the subject', { Subject: 'a\nb' }, 'InvalidParameterException', 'Invalid parameter: Subject'],
    ['a subject beyond ASCII', { Subject: 'ü' }, 'InvalidParameterException', 'Invalid parameter: Subject'],
    [
      'a message too large',
      { Message: 'ü'.repeat(131_073) },
      'InvalidParameterException',
      'Invalid parameter: Message too long',
    ],
    [
      'attributes that make a message too large',
      { Message: 'x'.repeat(262_144), MessageAttributes: { a: { DataType: 'String', StringValue: 'b' } } },
      'InvalidParameterException',
      'Invalid parameter: Message too long',
    ],
  ])('refuses %s', async (_, input, name, message) => {
    const { sns, publish } = openTopic();
    await expect(publish(input)).rejects.toMatchObject({ name, message });
    expect(sns.published).toEqual([]);
  });

  it('refuses loudly what it does not model', async () => {
    const { client, publish } = openTopic();
    await expect(client.send(new ListPlatformApplicationsCommand({}))).rejects.toMatchObject({
      name: 'UnsupportedError',
    });
    await expect(publish({ MessageStructure: 'json' })).rejects.toMatchObject({ name: 'UnsupportedError' });
  });
});
