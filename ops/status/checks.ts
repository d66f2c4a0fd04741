import { DescribeTrailsCommand, GetTrailStatusCommand } from '@aws-sdk/client-cloudtrail';
import { DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { DescribeTaskDefinitionCommand } from '@aws-sdk/client-ecs';
import { DescribeRuleCommand } from '@aws-sdk/client-eventbridge';
import { SimulatePrincipalPolicyCommand } from '@aws-sdk/client-iam';
import { GetEventSourceMappingCommand } from '@aws-sdk/client-lambda';
import { ListSubscriptionsByTopicCommand } from '@aws-sdk/client-sns';
import type { Settings } from '../../lambda/core/settings.ts';
import type { Clients } from '../aws/clients.ts';
import { type Deployment, resourcesOf } from '../aws/deployment.ts';
import { type Problem, problem, type Status } from './report.ts';

/** What could not be asked is not known: it never makes the whole command fail. */
export async function orNull<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked;
  } catch {
    return null;
  }
}

export function rules({ events }: Clients, deployment: Deployment): Promise<Status['rules'][number][]> {
  return Promise.all(
    resourcesOf(deployment, 'AWS::Events::Rule').map(async ({ logicalId, physicalId }) => {
      const [bus, name = bus] = physicalId.includes('|') ? physicalId.split('|') : [undefined, physicalId];
      const found = await orNull(
        events.send(new DescribeRuleCommand({ Name: name, ...(bus && { EventBusName: bus }) })),
      );
      return { name: logicalId, isEnabled: found ? found.State !== 'DISABLED' : null };
    }),
  );
}

export function eventSources({ lambda }: Clients, deployment: Deployment): Promise<Status['eventSources'][number][]> {
  return Promise.all(
    resourcesOf(deployment, 'AWS::Lambda::EventSourceMapping').map(async ({ logicalId, physicalId }) => {
      const found = await orNull(lambda.send(new GetEventSourceMappingCommand({ UUID: physicalId })));
      return { name: logicalId, isEnabled: found ? /^(Enabl|Creat|Updat)/.test(found.State ?? '') : null };
    }),
  );
}

/** The account's trails that are to bring events of this Region. */
export async function trails({ cloudTrail }: Clients): Promise<Status['trails']> {
  const found = await orNull(cloudTrail.send(new DescribeTrailsCommand({})));
  if (!found) return null;
  return Promise.all(
    (found.trailList ?? []).map(async ({ Name = '', TrailARN }) => {
      const status = await orNull(cloudTrail.send(new GetTrailStatusCommand({ Name: TrailARN ?? Name })));
      return { name: Name, isLogging: status?.IsLogging === true };
    }),
  );
}

/** Names of the stack's alarms that are raised. */
export async function alarmsNow({ cloudWatch }: Clients, deployment: Deployment): Promise<string[] | null> {
  const names = resourcesOf(deployment, 'AWS::CloudWatch::Alarm').map(({ physicalId }) => physicalId);
  const raised: string[] = [];
  // DescribeAlarms takes a hundred names.
  for (let from = 0; from < names.length; from += 100) {
    const AlarmNames = names.slice(from, from + 100);
    const page = await orNull(
      cloudWatch.send(new DescribeAlarmsCommand({ AlarmNames, StateValue: 'ALARM', MaxRecords: 100 })),
    );
    if (!page) return null;
    // What it is filtered by not every answer heeds.
    for (const { AlarmName = '', StateValue } of page.MetricAlarms ?? []) {
      if (StateValue === 'ALARM' && AlarmNames.includes(AlarmName)) raised.push(AlarmName);
    }
  }
  return raised;
}

export async function subscriptions({ sns }: Clients, TopicArn: string): Promise<Status['subscriptions']> {
  let [confirmed, pending] = [0, 0];
  let NextToken: string | undefined;
  do {
    const page = await orNull(sns.send(new ListSubscriptionsByTopicCommand({ TopicArn, NextToken })));
    if (!page) return null;
    for (const { SubscriptionArn = '' } of page.Subscriptions ?? []) {
      if (SubscriptionArn.startsWith('arn:')) confirmed++;
      else if (SubscriptionArn === 'PendingConfirmation') pending++;
    }
    NextToken = page.NextToken;
  } while (NextToken);
  return { confirmed, pending };
}

/** Roles that the stack's functions run under. */
const FUNCTION_ROLE = /^(?:RerunRunTask|\w+Handler)Role/;
/** Of more families than these only a drill says whether they can be launched. */
const MOST_FAMILIES = 20;

/** What the roles of the functions lack: the stack's key, and of the one that launches the right to pass the tasks' roles. */
export async function roleProblems(
  clients: Clients,
  deployment: Deployment,
  settings: Settings | undefined,
): Promise<Problem[]> {
  const roles = resourcesOf(deployment, 'AWS::IAM::Role').filter(({ logicalId }) => FUNCTION_ROLE.test(logicalId));
  const [key] = resourcesOf(deployment, 'AWS::KMS::Key');
  const partition = (deployment.outputs.get('RerunStateMachine') ?? 'arn:aws').split(':')[1];
  const { region, account } = deployment;
  const roleArn = (name: string) => `arn:${partition}:iam::${account}:role/${name}`;
  const keyArn = key && `arn:${partition}:kms:${region}:${account}:key/${key.physicalId}`;
  const ofKey = roles.map(async ({ physicalId }) => {
    const denied =
      keyArn === undefined ? [] : await deniedResources(clients, roleArn(physicalId), 'kms:Decrypt', [keyArn]);
    return denied.map(() =>
      problem(
        'key',
        `${physicalId} may not kms:Decrypt with the stack's key`,
        'Deploy the stack again, which restores its grants',
      ),
    );
  });
  const launching = roles.find(({ logicalId }) => logicalId.startsWith('RerunRunTaskRole'));
  const passed = launching && settings ? await rolesOfFamilies(clients, settings.families) : [];
  const denied = launching ? await deniedResources(clients, roleArn(launching.physicalId), 'iam:PassRole', passed) : [];
  const ofPassing = denied.map((arn) =>
    problem(
      'role',
      `${launching?.physicalId} may not pass ${arn}, a role of a listed family`,
      'List it in passRoleArns and deploy',
    ),
  );
  return [...(await Promise.all(ofKey)).flat(), ...ofPassing];
}

/** Resources that a role may not do something to, by its own policies; none where that cannot be asked. */
async function deniedResources(
  { iam }: Clients,
  PolicySourceArn: string,
  action: string,
  ResourceArns: readonly string[],
): Promise<string[]> {
  if (ResourceArns.length === 0) return [];
  const input = {
    PolicySourceArn,
    ActionNames: [action],
    ResourceArns: [...ResourceArns],
    ...(action === 'iam:PassRole' && {
      ContextEntries: [
        {
          ContextKeyName: 'iam:PassedToService',
          ContextKeyType: 'string' as const,
          ContextKeyValues: ['ecs-tasks.amazonaws.com'],
        },
      ],
    }),
  };
  const found = await orNull(iam.send(new SimulatePrincipalPolicyCommand(input)));
  return (found?.EvaluationResults ?? [])
    .filter(({ EvalDecision }) => EvalDecision !== 'allowed')
    .map(({ EvalResourceName }) => EvalResourceName ?? ResourceArns.join(', '));
}

/** Roles that the latest revisions of families name. */
async function rolesOfFamilies({ ecs }: Clients, families: readonly string[]): Promise<string[]> {
  const named = families.filter((family) => !family.endsWith('*')).slice(0, MOST_FAMILIES);
  const all = await Promise.all(
    named.map(async (taskDefinition) => {
      const found = await orNull(ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition })));
      const { taskRoleArn, executionRoleArn } = found?.taskDefinition ?? {};
      return [taskRoleArn, executionRoleArn].filter((arn) => arn !== undefined);
    }),
  );
  return [...new Set(all.flat())];
}
