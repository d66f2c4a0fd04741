/**
 * A nightly report on Fargate whose log lines survive that hundreds of its tasks start at once:
 * `npx cdk synth --app "node examples/firelens.ts"`.
 */
import { App, Aspects, Stack } from 'aws-cdk-lib';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { ContainerImage, FargateTaskDefinition } from 'aws-cdk-lib/aws-ecs';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { LogDeliveryAlarms, PerTaskFireLens, StaticLogStreamCheck } from '../lib/index.ts';

export const app = new App();
export const stack = new Stack(app, 'FireLensExample');

const encryptionKey = new Key(stack, 'Key', { enableKeyRotation: true });
const taskDefinition = new FargateTaskDefinition(stack, 'Report', { family: 'report', cpu: 256, memoryLimitMiB: 512 });
const fireLens = new PerTaskFireLens(stack, 'Logs', {
  taskDefinition,
  encryptionKey,
  retention: RetentionDays.TWO_WEEKS,
});
taskDefinition.addContainer('app', {
  image: ContainerImage.fromRegistry('public.ecr.aws/docker/library/busybox:stable'),
  command: ['echo', 'the report is done'],
  // Only what the container wrote, without the fields that ECS and Docker add.
  logging: fireLens.logDriver({ log_key: 'log' }),
});

const people = new Topic(stack, 'People', { enforceSSL: true });
people.grantPublish(
  new ServicePrincipal('cloudwatch.amazonaws.com', {
    conditions: { StringEquals: { 'aws:SourceAccount': stack.account } },
  }),
);
new LogDeliveryAlarms(stack, 'LogDelivery', {
  routerLogGroups: { report: fireLens.routerLogGroup },
  alarmActions: [new SnsAction(people)],
});

// What Fargate launches for long, in its large Regions, of an account without a raised quota.
Aspects.of(app).add(new StaticLogStreamCheck({ tasksPerSecond: 20 }));
