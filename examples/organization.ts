/**
 * Many accounts and Regions from one pipeline, notices in one topic for each Region, and one dashboard for all:
 * `npx cdk synth --app "node examples/organization.ts"`. docs/construct.md walks through it.
 */
import { App, Stack, Stage } from 'aws-cdk-lib';
import { Dashboard, GraphWidget } from 'aws-cdk-lib/aws-cloudwatch';
import { AccountPrincipal, ManagedPolicy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { CodePipeline, CodePipelineSource, ShellStep } from 'aws-cdk-lib/pipelines';
import { EcsThrottleRemediation } from '../lib/index.ts';

const MONITORING = '999988887777';
const TOPIC_NAME = 'ecs-throttle-remediation';
const ACCOUNTS = [
  { account: '111122223333', regions: ['eu-west-1', 'us-east-1'], starter: 'report-starter' },
  { account: '444455556666', regions: ['eu-west-1'], starter: 'import-starter' },
];

export const app = new App();
const home = new Stack(app, 'Pipeline', { env: { account: MONITORING, region: 'eu-west-1' } });

/** What the monitoring account has: a topic in each Region, since alarms publish to topics of their own Region alone. */
function notices(): Stage {
  const stage = new Stage(home, 'Notices');
  const accounts = ACCOUNTS.map(({ account }) => account);
  for (const region of new Set(ACCOUNTS.flatMap(({ regions }) => regions))) {
    const stack = new Stack(stage, `Notices-${region}`, { env: { account: MONITORING, region } });
    const topic = new Topic(stack, 'Topic', { topicName: TOPIC_NAME, enforceSSL: true });
    const publish = { actions: ['sns:Publish'], resources: [topic.topicArn] };
    topic.addToResourcePolicy(
      new PolicyStatement({ ...publish, principals: accounts.map((account) => new AccountPrincipal(account)) }),
    );
    topic.addToResourcePolicy(
      new PolicyStatement({
        ...publish,
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        conditions: { StringEquals: { 'aws:SourceAccount': accounts } },
      }),
    );
  }
  return stage;
}

/** What one account has: the remediation in each of its Regions, and the role by which CloudWatch shares its metrics. */
function remediations({ account, regions, starter }: (typeof ACCOUNTS)[number]) {
  const stage = new Stage(home, `Account-${account}`);
  const sharing = new Stack(stage, 'Sharing', { env: { account, region: regions[0] ?? '' } });
  new Role(sharing, 'Role', {
    roleName: 'CloudWatch-CrossAccountSharingRole',
    assumedBy: new AccountPrincipal(MONITORING),
    managedPolicies: [ManagedPolicy.fromAwsManagedPolicyName('CloudWatchReadOnlyAccess')],
  });
  const there = regions.map((region) => {
    const stack = new Stack(stage, `Remediation-${region}`, { env: { account, region } });
    const remediation = new EcsThrottleRemediation(stack, 'Remediation', {
      mode: 'observe',
      clusters: ['batch'],
      families: ['nightly-*'],
      callers: [{ caller: `arn:aws:iam::${account}:role/${starter}`, handsOver: true }],
      cloudTrail: 'existing',
      notifications: {
        topic: Topic.fromTopicArn(stack, 'Notices', `arn:aws:sns:${region}:${MONITORING}:${TOPIC_NAME}`),
      },
    });
    return { account, region, remediation };
  });
  return { stage, there };
}

const accounts = ACCOUNTS.map(remediations);

/** What was brought back and what was not, everywhere. */
function overview(): Stage {
  const stage = new Stage(home, 'Overview');
  const stack = new Stack(stage, 'Dashboard', { env: { account: MONITORING, region: 'eu-west-1' } });
  const graphs = accounts
    .flatMap(({ there }) => there)
    .map(
      ({ account, region, remediation }) =>
        new GraphWidget({
          title: `${account} ${region}`,
          left: [
            remediation.metricBroughtBack({ account, region }),
            remediation.metricNotBroughtBack({ account, region }),
          ],
        }),
    );
  new Dashboard(stack, 'Dashboard', { dashboardName: 'ecs-throttle-remediation' }).addWidgets(...graphs);
  return stage;
}

const pipeline = new CodePipeline(home, 'Pipeline', {
  crossAccountKeys: true,
  synth: new ShellStep('Synth', {
    input: CodePipelineSource.connection('example/platform', 'main', {
      connectionArn: `arn:aws:codeconnections:eu-west-1:${MONITORING}:connection/example`,
    }),
    commands: ['npm ci', 'npx cdk synth'],
  }),
});
pipeline.addStage(notices());
const wave = pipeline.addWave('Accounts');
for (const { stage } of accounts) wave.addStage(stage);
pipeline.addStage(overview());
