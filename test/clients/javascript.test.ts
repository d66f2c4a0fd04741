import { ECSClient, type RunTaskCommandInput } from '@aws-sdk/client-ecs';
import { expect, test } from 'vitest';
import { runTaskOrHandOver } from '../../clients/javascript/run-task-or-hand-over.js';
import { type Lab, REGION, REQUEST, startLab } from './lab.fixture.ts';

const clientOf = ({ url }: Lab, accessKeyId = 'cron') =>
  new ECSClient({
    region: REGION,
    endpoint: url,
    credentials: { accessKeyId, secretAccessKey: 'any' },
    maxAttempts: 1,
  });

test('what was throttled is started by the stack, once', async () => {
  const lab = await startLab();
  lab.emptyBucket();
  const outcome = await runTaskOrHandOver(clientOf(lab), REQUEST as never as RunTaskCommandInput, {
    queueUrl: lab.queueUrl,
    key: 'job 1',
  });
  expect(outcome).toMatchObject({ kind: 'handedOver', messageId: lab.messages[0]?.messageId });
  await lab.play();
  expect(lab.launches).toHaveLength(1);
});
