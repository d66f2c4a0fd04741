/**
 * Two clusters whose nightly reports and imports are brought back, in an app of one's own. People are told in Slack:
 * `npx cdk synth --app "node examples/construct.ts"`.
 */
import { App, Duration, Stack } from 'aws-cdk-lib';
import { SlackChannelConfiguration } from 'aws-cdk-lib/aws-chatbot';
import { Cluster } from 'aws-cdk-lib/aws-ecs';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EcsThrottleRemediation } from '../lib/index.ts';

export const app = new App();
export const stack = new Stack(app, 'Batch');

const nightly = new Cluster(stack, 'Nightly');
const imports = Cluster.fromClusterArn(stack, 'Imports', `arn:aws:ecs:eu-west-1:111122223333:cluster/imports`);
const starter = new Role(stack, 'Starter', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
const taskRole = new Role(stack, 'TaskRole', { assumedBy: new ServicePrincipal('ecs-tasks.amazonaws.com') });
const people = new Topic(stack, 'People');
new SlackChannelConfiguration(stack, 'Slack', {
  slackChannelConfigurationName: 'batch-on-call',
  slackWorkspaceId: 'T0EXAMPLE',
  slackChannelId: 'C0EXAMPLE',
  notificationTopics: [people],
});

export const remediation = new EcsThrottleRemediation(stack, 'Remediation', {
  mode: 'rerun',
  clusters: [nightly, imports],
  families: ['nightly-*', 'import'],
  callers: [{ caller: starter, handsOver: true }],
  passRoles: [taskRole],
  deadline: Duration.minutes(30),
  cloudTrail: 'existing',
  notifications: { topic: people },
});
remediation.grantHandOver(starter);
