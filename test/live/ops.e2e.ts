import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { CloudTrailClient, StartLoggingCommand, StopLoggingCommand } from '@aws-sdk/client-cloudtrail';
import { DisableRuleCommand, EnableRuleCommand, EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { LambdaClient, ListEventSourceMappingsCommand, UpdateEventSourceMappingCommand } from '@aws-sdk/client-lambda';
import { ListTopicsCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LiveLab, startLiveLab } from '../../lab/live/live-lab.ts';
import { readScenario } from '../../lab/scenario/scenario.ts';
import { makeClients } from '../../ops/aws/clients.ts';
import { ops } from '../support/ops.ts';
import { LIVE_SCENARIO } from './live-lab.fixture.ts';

/** The account of the live lab, with a family whose role the stack may not pass. */
function scenario() {
  const json = JSON.parse(readFileSync(LIVE_SCENARIO, 'utf8'));
  json.remediation.config.families.push('privileged');
  json.account.taskDefinitions.push({ family: 'privileged', taskRoleArn: 'arn:aws:iam::111122223333:role/privileged' });
  return readScenario(JSON.stringify(json), 'live.json');
}

const SPEED = 30;
const credentials = { accessKeyId: 'scheduler', secretAccessKey: 'lab', sessionToken: 'lab' };
let lab: LiveLab;
let over: Promise<void>;

beforeAll(async () => {
  lab = await startLiveLab(scenario(), { speed: SPEED });
  over = lab.run();
}, 120_000);
afterAll(async () => {
  lab.close();
  await over;
});

async function run(...inputs: string[]) {
  const { stdout, stderr, exitCode } = await ops(
    [...inputs, '--json', '--endpoint', lab.url, '--region', 'us-east-1'],
    {},
    {},
    {
      clients: (options) => makeClients({ credentials, ...options }),
      // As long as the operator waits of the lab's own time.
      sleep: (ms) => setTimeout(ms / SPEED),
    },
  );
  return { exitCode, stderr, json: stdout ? JSON.parse(stdout) : undefined };
}

const config = () => ({ endpoint: lab.url, region: 'us-east-1', credentials });
const problemsOf = async () => (await run('status')).json.problems.map(({ what }: { what: string }) => what);
const drill = (family = 'nightly-report') => run('drill', '--family', family, '--cluster', 'night', '--yes');

describe('on the live lab', () => {
  test('status says that the stack is able, and a drill starts a task', async () => {
    const { json } = await run('status');
    expect(json).toMatchObject({ able: true, mode: 'rerun', problems: [] });
    const { json: drilled, exitCode } = await drill();
    expect({ fails: drilled.fails, exitCode, tasks: drilled.taskArns.length }).toEqual({
      fails: [],
      exitCode: 0,
      tasks: 1,
    });
    expect((await run('status')).json.rate).not.toBeNull();
  });

  test('a rule that is off is named, by status and by a drill', async () => {
    const client = new EventBridgeClient(config());
    const { json } = await run('status');
    const called = json.rules.find(({ name }: { name: string }) => name.startsWith('IntakeRunTaskCalled'));
    await client.send(new DisableRuleCommand({ Name: called.name }));
    const named = [await problemsOf(), (await drill()).json.fails];
    await client.send(new EnableRuleCommand({ Name: called.name }));
    expect(named).toEqual([['rule'], ['trail']]);
  });

  test('an event source that is off is named, by status and by a drill', async () => {
    const client = new LambdaClient(config());
    const { EventSourceMappings = [] } = await client.send(new ListEventSourceMappingsCommand({}));
    const source = EventSourceMappings.find(({ EventSourceArn = '' }) => EventSourceArn.includes('HandOver'));
    const switched = (Enabled: boolean) =>
      client.send(new UpdateEventSourceMappingCommand({ UUID: source?.UUID, Enabled }));
    await switched(false);
    const named = [await problemsOf(), (await drill()).json.fails];
    await switched(true);
    expect(named).toEqual([['event source'], ['intake']]);
  });

  test('a trail that is off is named, by status and by a drill', async () => {
    const client = new CloudTrailClient(config());
    await client.send(new StopLoggingCommand({ Name: 'lab' }));
    const named = [await problemsOf(), (await drill()).json.fails];
    await client.send(new StartLoggingCommand({ Name: 'lab' }));
    expect(named).toEqual([['trail'], ['trail']]);
  });

  test('a pause is named, and ended', async () => {
    expect((await run('pause', '--yes')).json).toMatchObject({ isPaused: true, hasChanged: true });
    expect(await problemsOf()).toEqual(['pause']);
    expect((await drill()).json.fails).toEqual(['permit']);
    expect((await run('resume', '--yes')).json).toMatchObject({ isPaused: false, hasChanged: true });
    expect(await problemsOf()).toEqual([]);
  });

  test('a role that may not be passed, a family and a caller that are not listed are named by a drill', async () => {
    const { json, exitCode } = await drill('privileged');
    expect({ fails: json.fails, exitCode }).toEqual({ fails: ['launch'], exitCode: 1 });
    expect(json.steps.at(-1).found).toContain('passRoleArns');
    expect((await drill('checkout')).json.fails).toEqual(['lists']);
  });

  test('what was refused is redriven, and a sweep is started', async () => {
    const { json } = await run('redrive', '--since', '2020-01-01', '--reason', 'rejectedByEcs', '--yes');
    expect(json).toMatchObject({ redriven: 1, byReason: { rejectedByEcs: 1 } });
    expect((await run('sweep', '--cluster', '*', '--yes')).json.executionArn).toContain('execution');
  });

  test('probe reads the event history', async () => {
    const { json, exitCode } = await run('probe', '--days', '90');
    expect({ calls: json.calls >= 1, exitCode }).toEqual({ calls: true, exitCode: 0 });
  });

  test('audit proves from what the account keeps that what was handed over ran once', async () => {
    const { json, exitCode, stderr } = await run('audit', '--since', '2020-01-01');
    expect(stderr).toBe('');
    expect(json).toMatchObject({ ranTwice: 0, lost: 0, refused: { rejectedByEcs: 1 } });
    expect({ ranOnce: json.ranOnce >= 2, exitCode }).toEqual({ ranOnce: true, exitCode: 0 });
  });

  test('a subscription that nobody confirmed is named', async () => {
    const client = new SNSClient(config());
    const { Topics = [] } = await client.send(new ListTopicsCommand({}));
    await client.send(
      new SubscribeCommand({ TopicArn: Topics[0]?.TopicArn, Protocol: 'email', Endpoint: 'new@example.com' }),
    );
    expect(await problemsOf()).toEqual(['subscription']);
  });
});
