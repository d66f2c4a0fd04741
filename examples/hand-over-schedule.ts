/**
 * A nightly report whose schedule targets the hand-over queue instead of ECS, so that it is launched once whatever
 * throttles: `npx cdk synth --app "node examples/hand-over-schedule.ts"`. The role has to be in `callers`, with
 * `"handsOver": true`.
 */
import { App, CfnOutput, CfnParameter, Duration, Stack, TimeZone } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { ContextAttribute, Schedule, ScheduleExpression, ScheduleTargetInput } from 'aws-cdk-lib/aws-scheduler';
import { SqsSendMessage } from 'aws-cdk-lib/aws-scheduler-targets';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';

export const app = new App();
export const stack = new Stack(app, 'HandOverScheduleExample');

const parameter = (id: string, description: string) => new CfnParameter(stack, id, { description }).valueAsString;
const queue = Queue.fromQueueAttributes(stack, 'HandOverQueue', {
  queueArn: parameter('HandOverQueueArn', 'Queue whose URL is the output HandOverQueueUrl of the remediation'),
  keyArn: parameter('HandOverKeyArn', 'Key that the queue is encrypted with'),
});

const role = new Role(stack, 'Role', {
  description: 'Sends the nightly report to the hand-over queue',
  assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
    conditions: { StringEquals: { 'aws:SourceAccount': stack.account } },
  }),
});
new CfnOutput(stack, 'CallerArn', { description: 'To be listed in callers', value: role.roleArn });

/** What the schedule would have sent to ECS, in the API's own spelling. A client token is derived from the key. */
const request = {
  cluster: 'batch',
  taskDefinition: 'report',
  launchType: 'FARGATE',
  networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-0aaa'], securityGroups: ['sg-0aaa'] } },
};

new Schedule(stack, 'Nightly', {
  schedule: ScheduleExpression.cron({ hour: '3', minute: '0', timeZone: TimeZone.ETC_UTC }),
  target: new SqsSendMessage(queue, {
    // Names the run: Scheduler may deliver it twice, and delivers it again where SQS did not answer.
    input: ScheduleTargetInput.fromObject({
      request,
      key: `${ContextAttribute.scheduleArn}/${ContextAttribute.scheduledTime}`,
    }),
    role,
    retryAttempts: 185,
    maxEventAge: Duration.hours(24),
    deadLetterQueue: new Queue(stack, 'NotSent', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    }),
  }),
});
