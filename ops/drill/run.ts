import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { AssumeRoleCommand } from '@aws-sdk/client-sts';
import { ITEM_KINDS, OUTPUTS } from '../../lambda/core/contract.ts';
import { executionName, keyedCallId } from '../../lambda/core/identity.ts';
import { listedCluster, listedFamily } from '../../lambda/core/opt-in/opt-in.ts';
import type { Settings } from '../../lambda/core/settings.ts';
import type { Clients } from '../aws/clients.ts';
import { agreed, type Finding, withAws } from '../aws/command.ts';
import { type Deployment, findDeployment, output, resourcesOf } from '../aws/deployment.ts';
import { settingsOf } from '../aws/settings.ts';
import { BadInputError, type OpsContext } from '../context.ts';
import { printable } from '../terminal/table.ts';
import type { DrillFlags } from './flags.ts';
import { Follower, type Step, step } from './follow.ts';
import { harmlessRequest } from './request.ts';

export default function run(this: OpsContext, flags: DrillFlags): Promise<void> {
  return withAws(this, 'drill', flags, async (clients, messages) => {
    const { family } = flags;
    if (family === undefined) throw new BadInputError('found no --family, expected that of a task which does no harm.');
    const deployment = await findDeployment(clients, flags.stack);
    const settings = await settingsOf(clients, deployment);
    const cluster = flags.cluster ?? onlyCluster(settings);
    const before = await knownBefore(clients, deployment, settings, { family, cluster });
    if (before.some(({ works }) => works === false)) return ending(before);
    const request = await harmlessRequest(clients, deployment, { family, cluster }, this.sleep);
    await agreed(
      this,
      messages,
      [
        `Starts one task of ${family} on ${cluster}, with the command of its task definition, by way of ${deployment.name}. It runs, and is billed, like any.`,
      ],
      flags.yes,
    );
    const sinceMs = Date.now();
    const key = `drill-${new Date(sinceMs).toISOString()}`;
    const sender = flags.roleArn === undefined ? clients : await asRole(this, clients, flags.roleArn, flags);
    const sent = await send(sender, output(deployment, OUTPUTS.handOverQueueUrl), JSON.stringify({ request, key }));
    const steps = [...before, sent.step];
    if (sent.messageId === undefined) return ending(steps);
    const { account, region } = deployment;
    const name = executionName(family, keyedCallId({ account, region, cluster, family, key }));
    const executionArn = `${output(deployment, 'RerunStateMachine').replace(':stateMachine:', ':execution:')}:${name}`;
    const follower = new Follower({
      clients,
      deployment,
      sleep: this.sleep,
      tell: (message) => messages.progress(message),
    });
    steps.push(await follower.intake(executionArn, sent.messageId, sinceMs));
    if (steps.at(-1)?.works !== true) return ending(steps);
    const { steps: further, taskArns, startedAtMs = sinceMs } = await follower.permit(executionArn);
    steps.push(...further);
    if (steps.at(-1)?.works !== true) return ending(steps);
    steps.push(await follower.start(cluster, taskArns), await follower.trail(startedAtMs));
    return ending(steps, executionArn, taskArns);
  });
}

/** What is known to fail before anything is sent. */
async function knownBefore(
  clients: Clients,
  deployment: Deployment,
  settings: Settings | undefined,
  { family, cluster }: { readonly family: string; readonly cluster: string },
): Promise<Step[]> {
  const { account, region } = deployment;
  const home = { account, region };
  const table = resourcesOf(deployment, 'AWS::DynamoDB::Table')[0]?.physicalId;
  const pause = await clients.dynamoDb.send(
    new GetItemCommand({ TableName: table, Key: { id: { S: ITEM_KINDS.pause } }, ConsistentRead: true }),
  );
  const steps: Step[] = pause.Item
    ? [step('permit', false, 'paused: all permits are held. ops resume ends the pause')]
    : [];
  if (!settings) return steps;
  if (settings.mode === 'observe')
    steps.push(step('queue', false, 'closed: the stack only observes. Set mode to rerun and deploy'));
  if (listedFamily(family, settings, home) === undefined)
    steps.push(step('lists', false, `families does not list ${family}`));
  if (listedCluster(cluster, settings, home) === undefined)
    steps.push(step('lists', false, `clusters does not list ${cluster}`));
  return steps.length > 0 ? steps : [step('lists', true, `${family} and ${cluster} are listed`)];
}

function onlyCluster(settings: Settings | undefined): string {
  const [cluster, ...others] = settings?.clusters ?? [];
  if (cluster === undefined || others.length > 0 || cluster.endsWith('*')) {
    throw new BadInputError('found no --cluster, expected one: the configuration lists not exactly one.');
  }
  return cluster.slice(cluster.lastIndexOf('/') + 1);
}

async function asRole(
  context: OpsContext,
  { sts }: Clients,
  RoleArn: string,
  { profile, region, endpoint }: DrillFlags,
): Promise<Clients> {
  const { Credentials } = await sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'ops-drill' }));
  const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = Credentials ?? {};
  const credentials = { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
  return context.clients({ profile, region, endpoint, credentials });
}

async function send(
  { sqs }: Clients,
  QueueUrl: string,
  MessageBody: string,
): Promise<{ readonly step: Step; readonly messageId?: string }> {
  try {
    const { MessageId } = await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }));
    return {
      step: step('queue', true, 'the hand-over queue took the call'),
      ...(MessageId !== undefined && { messageId: MessageId }),
    };
  } catch (error) {
    const { name, message } = error as Error;
    const why = /kms|KMS/.test(`${name} ${message}`)
      ? "whoever sends may not use the stack's key: attach the policy of the output HandOverPolicy"
      : /AccessDenied/.test(name)
        ? 'whoever sends is no listed caller that hands over, or lacks the policy of the output HandOverPolicy: see --role-arn'
        : 'the message could not be sent';
    return { step: step('queue', false, `${why} (${name})`) };
  }
}

function ending(steps: readonly Step[], executionArn?: string, taskArns: readonly string[] = []): Finding {
  const fails = steps.filter(({ works }) => works === false);
  return {
    lines: [
      ...steps.map(
        ({ step: name, works, found }) =>
          `${works === null ? '?   ' : works ? 'ok  ' : 'FAIL'}  ${name.padEnd(7)} ${printable(found)}`,
      ),
      ...(fails.length === 0 ? [] : [`Fails: ${[...new Set(fails.map(({ step: name }) => name))].join(', ')}.`]),
    ],
    json: {
      works: fails.length === 0,
      fails: fails.map(({ step: name }) => name),
      steps,
      executionArn: executionArn ?? null,
      taskArns,
    },
    needsPerson: fails.length > 0,
  };
}
