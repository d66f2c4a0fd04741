/**
 * A report for each file that arrives, whose rule targets the hand-over queue instead of ECS:
 * `npx cdk synth --app "node examples/hand-over-rule.ts"`. The rule's ARN has to be in `callers`, with `"handsOver": true`:
 * then the queue's policy lets it in, as a rule has no role at a queue.
 */
import { App, CfnOutput, CfnParameter, Duration, Stack } from 'aws-cdk-lib';
import { EventField, Rule, RuleTargetInput } from 'aws-cdk-lib/aws-events';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';

export const app = new App();
export const stack = new Stack(app, 'HandOverRuleExample');

const queueArn = new CfnParameter(stack, 'HandOverQueueArn', {
  description: 'Queue whose URL is the output HandOverQueueUrl of the remediation',
}).valueAsString;

/** What the rule would have sent to ECS, in the API's own spelling. A client token is derived from the key. */
const request = {
  cluster: 'batch',
  taskDefinition: 'report',
  launchType: 'FARGATE',
  networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-0aaa'], securityGroups: ['sg-0aaa'] } },
  overrides: {
    containerOverrides: [
      { name: 'app', environment: [{ name: 'FILE', value: EventField.fromPath('$.detail.object.key') }] },
    ],
  },
};

const notSent = new Queue(stack, 'NotSent', {
  encryption: QueueEncryption.SQS_MANAGED,
  enforceSSL: true,
  retentionPeriod: Duration.days(14),
});
const rule = new Rule(stack, 'FileArrived', {
  description: 'Runs a report for each file',
  eventPattern: { source: ['aws.s3'], detailType: ['Object Created'], detail: { bucket: { name: ['reports'] } } },
});
rule.addTarget({
  bind: () => ({
    arn: queueArn,
    // The rule's ARN says whose job it is, the event's id which: an event that is delivered twice keeps its id.
    input: RuleTargetInput.fromObject({ request, key: `<aws.events.rule-arn>/${EventField.eventId}` }),
    deadLetterConfig: { arn: notSent.queueArn },
    retryPolicy: { maximumEventAgeInSeconds: Duration.hours(24).toSeconds() },
  }),
});
notSent.grantSendMessages(
  new ServicePrincipal('events.amazonaws.com', { conditions: { ArnEquals: { 'aws:SourceArn': rule.ruleArn } } }),
);
new CfnOutput(stack, 'CallerArn', { description: 'To be listed in callers', value: rule.ruleArn });
