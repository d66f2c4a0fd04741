import { DescribeTrailsCommand, GetTrailStatusCommand } from '@aws-sdk/client-cloudtrail';
import { DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { DescribeRuleCommand } from '@aws-sdk/client-eventbridge';
import { SimulatePrincipalPolicyCommand } from '@aws-sdk/client-iam';
import { GetEventSourceMappingCommand } from '@aws-sdk/client-lambda';
import { ListSubscriptionsByTopicCommand } from '@aws-sdk/client-sns';
import type { Clients } from '../aws/clients.ts';
import { type Deployment, resourcesOf } from '../aws/deployment.ts';
import { type Problem, problem, type Status } from './status.ts';

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

/** Whether the role that launches may use the stack's key; whether it may pass roles only a drill shows. */
export async function passableRoles({ iam }: Clients, deployment: Deployment): Promise<Problem[]> {
  const role = resourcesOf(deployment, 'AWS::IAM::Role', 'RerunRunTaskRole')[0];
  const key = resourcesOf(deployment, 'AWS::KMS::Key')[0];
  const partition = (deployment.outputs.get('RerunStateMachine') ?? 'arn:aws').split(':')[1];
  if (!role || !key) return [];
  const keyArn = `arn:${partition}:kms:${deployment.region}:${deployment.account}:key/${key.physicalId}`;
  const found = await orNull(
    iam.send(
      new SimulatePrincipalPolicyCommand({
        PolicySourceArn: `arn:${partition}:iam::${deployment.account}:role/${role.physicalId}`,
        ActionNames: ['kms:Decrypt'],
        ResourceArns: [keyArn],
      }),
    ),
  );
  const denied = (found?.EvaluationResults ?? []).filter(({ EvalDecision }) => EvalDecision !== 'allowed');
  return denied.map(({ EvalActionName }) =>
    problem(
      'key',
      `${role.physicalId} may not ${EvalActionName} with the stack's key`,
      'Deploy the stack again, which restores its grants',
    ),
  );
}
