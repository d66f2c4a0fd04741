import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../lab/kernel/json.ts';
import { CLIENTS, type Client, type Job } from './clients.ts';
import { REQUEST, startLab } from './lab.fixture.ts';

/** Each client against the lab, over loopback HTTP: whatever happens on the way, a job is launched once. */

const request = (changes: JsonObject = {}): JsonObject => ({ ...structuredClone(REQUEST), ...changes });
const JOB: Job = { request: request(), key: 'nightly' };

/** In a row: clients' processes are slow enough one at a time. */
async function inTurn<T, R>(items: readonly T[], run: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (const item of items) results.push(await run(item));
  return results;
}

describe.each(CLIENTS)('the $name client', ({ name, missing, run }: Client) => {
  if (missing !== undefined) console.error(`SKIPPED: the tests of the ${name} client, as ${missing}`);

  describe.skipIf(missing !== undefined)('over loopback HTTP', () => {
    test('starts what ECS takes and hands the rest of a storm over: the stack starts each once', async () => {
      const lab = await startLab({ account: { buckets: { clusterResourceModify: { burst: 2, refillPerSecond: 5 } } } });
      const keys = ['a', 'b', 'c', 'd'];
      const outcomes = await inTurn(keys, (key) => run(lab, { request: request({ startedBy: key }), key }));
      expect(outcomes.map(({ kind }) => kind)).toEqual(['started', 'started', 'handedOver', 'handedOver']);
      expect(outcomes[0]?.tasks).toMatchObject([{ taskArn: lab.launches[0]?.taskArn }]);
      expect(outcomes[2]?.messageId).toBe(lab.messages[0]?.messageId);
      await lab.play();
      expect(lab.launches.map(({ input }) => input.startedBy).toSorted()).toEqual(keys);
      expect(lab.refusals).toEqual([]);
    });

    test('makes the same call again where a loop around it tries again', async () => {
      const lab = await startLab();
      lab.emptyBucket();
      expect(await run(lab, JOB)).toMatchObject({ kind: 'handedOver' });
      expect(await run(lab, JOB)).toMatchObject({ kind: 'handedOver' });
      await lab.play();
      expect(await run(lab, JOB)).toMatchObject({ kind: 'started', tasks: [{ taskArn: lab.launches[0]?.taskArn }] });
      expect(lab.launches).toHaveLength(1);
    });

    test('makes the same call again after its process died with the message sent', async () => {
      const lab = await startLab();
      lab.emptyBucket();
      expect(await run(lab, { ...JOB, diesAfterSend: true })).toMatchObject({ kind: 'died' });
      expect(await run(lab, JOB)).toMatchObject({ kind: 'handedOver' });
      await lab.play();
      expect(lab.messages).toHaveLength(2);
      expect(lab.launches).toHaveLength(1);
    });

    test('hands over what ECS had accepted unheard before it throttled: the stack finds its tasks', async () => {
      const lab = await startLab({
        breaks: (operation, nth) => (operation === 'RunTask' && nth === 1 ? 'after' : undefined),
      });
      expect(await run(lab, { ...JOB, attempts: 2 })).toMatchObject({ kind: 'handedOver' });
      expect(lab.requests.map(({ outcome }) => 'code' in outcome)).toEqual([false, true]);
      await lab.play();
      expect(lab.requests.length).toBeGreaterThan(2);
      expect(lab.launches).toHaveLength(1);
    });

    test('sends again where the queue’s answer is lost: two messages are one call', async () => {
      const lab = await startLab({
        breaks: (operation, nth) => (operation === 'SendMessage' && nth === 1 ? 'after' : undefined),
      });
      lab.emptyBucket();
      expect(await run(lab, { ...JOB, attempts: 2 })).toMatchObject({ kind: 'handedOver' });
      expect(lab.messages).toHaveLength(2);
      await lab.play();
      expect(lab.launches).toHaveLength(1);
    });

    test('keeps two teams’ jobs of one name apart', async () => {
      const lab = await startLab();
      lab.emptyBucket();
      await run(lab, JOB);
      await run(lab, { ...JOB, team: 'billing', request: request({ taskDefinition: 'invoice:1' }) });
      await lab.play();
      expect(lab.launches.map(({ input }) => input.taskDefinition).toSorted()).toEqual(['invoice:1', 'report:3']);
    });

    test('hands over what is left of a call that found room for some of its tasks, at its second attempt', async () => {
      const lab = await startLab({
        account: {
          buckets: { clusterResourceModify: { burst: 20, refillPerSecond: 5 } },
          placementFailures: [{ family: 'report', probability: 0.5, reason: 'RESOURCE:MEMORY' }],
        },
        breaks: (operation, nth) => (operation === 'RunTask' && nth === 1 ? 'before' : undefined),
      });
      const outcome = await run(lab, { ...JOB, request: request({ count: 8 }), attempts: 2 });
      const placed = lab.launches.map(({ taskArn }) => taskArn);
      expect(placed.length).toBeGreaterThan(0);
      expect(outcome).toMatchObject({ kind: 'handedOver', tasks: placed.map((taskArn) => ({ taskArn })) });
      expect(lab.messages[0]?.body.answer).toMatchObject({ tasks: placed, failures: outcome.failures });
      await lab.play();
      expect(lab.launches).toHaveLength(8);
    });

    test('knows a throttle in disguise', async () => {
      const lab = await startLab({ account: { disguisedShare: 1 } });
      lab.emptyBucket();
      expect(await run(lab, JOB)).toMatchObject({ kind: 'handedOver' });
      expect(lab.messages[0]?.body).toMatchObject({ error: { code: 'InvalidParameterException' } });
      await lab.play();
      expect(lab.launches).toHaveLength(1);
    });

    test('sends the request with its token, the error with what names its record, and when it tried first', async () => {
      const lab = await startLab();
      lab.emptyBucket();
      const before = Date.now();
      const { complaints } = await run(lab, { request: request({ clientToken: 'of-the-caller' }) });
      const { body } = lab.messages[0] ?? {};
      expect(body?.request).toEqual(request({ clientToken: 'of-the-caller' }));
      expect(body?.error).toMatchObject({ code: 'ThrottlingException', message: 'Rate exceeded' });
      // The AWS CLI shows none.
      const requestIds = name === 'shell' ? [] : [lab.requests.at(-1)?.requestId];
      expect(body?.error).toMatchObject({ requestIds });
      const firstAttemptAt = Date.parse(String(body?.firstAttemptAt));
      // Whole seconds in the shell.
      expect(firstAttemptAt).toBeGreaterThanOrEqual(before - 1000);
      expect(firstAttemptAt).toBeLessThanOrEqual(Date.now());
      expect(complaints).not.toContain('secret of monday');
    });

    // Neither boto3 nor the AWS CLI shows more than the last.
    test.runIf(name === 'javascript')('names the records of all attempts', async () => {
      const lab = await startLab();
      lab.emptyBucket();
      await run(lab, { ...JOB, attempts: 3 });
      expect(lab.requests).toHaveLength(3);
      const requestIds = lab.requests.map(({ requestId }) => requestId);
      expect(lab.messages[0]?.body.error).toMatchObject({ requestIds });
    });

    test('leaves the original throttle standing where the queue does not take the message', async () => {
      const lab = await startLab();
      lab.emptyBucket();
      const outcome = await run(lab, { ...JOB, team: 'stranger' });
      expect(outcome).toMatchObject({
        kind: 'error',
        text: expect.stringMatching(/ThrottlingException.*Rate exceeded/s),
      });
      expect(outcome.handOverError ?? outcome.complaints).toMatch('AccessDenied');
      expect(outcome.text).not.toContain('secret of monday');
      expect(lab.messages).toEqual([]);
    });

    test('passes on an error that another attempt would not mend', async () => {
      const lab = await startLab();
      const outcome = await run(lab, { ...JOB, request: request({ taskDefinition: 'gone:1' }) });
      expect(outcome).toMatchObject({ kind: 'error', text: expect.stringMatching(/TaskDefinition not found/) });
      expect(lab.messages).toEqual([]);
    });

    // The shell's Region may stand in many places.
    test.skipIf(name === 'shell')('calls nobody where the queue is of another Region', async () => {
      const lab = await startLab();
      const queueUrl = 'https://sqs.eu-west-1.amazonaws.com/111122223333/door';
      const outcome = await run(lab, { ...JOB, queueUrl });
      expect(outcome).toMatchObject({
        kind: 'error',
        text: expect.stringContaining('found a queue in eu-west-1, expected one in us-east-1'),
      });
      expect(lab.requests).toEqual([]);
    });

    test('calls nobody where no queue is named', async () => {
      const lab = await startLab();
      const outcome = await run(lab, { ...JOB, queueUrl: '' });
      expect(outcome).toMatchObject({ kind: 'error', text: expect.stringMatching(/found no .*queue.?url/i) });
      expect(lab.requests).toEqual([]);
    });

    test('calls nobody for a job without a name', async () => {
      const lab = await startLab();
      const outcome = await run(lab, { request: request() });
      expect(outcome).toMatchObject({
        kind: 'error',
        text: expect.stringMatching(/found neither .*key nor .*clientToken/i),
      });
      expect(lab.requests).toEqual([]);
    });
  });
});
