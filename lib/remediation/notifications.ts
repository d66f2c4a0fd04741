import { Duration, Lazy, Stack } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { type ITopic, Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Choice, Condition, JitterType, Succeed, TaskInput, Wait, WaitTime } from 'aws-cdk-lib/aws-stepfunctions';
import {
  DynamoAttributeValue,
  DynamoGetItem,
  DynamoProjectionExpression,
  SnsPublish,
} from 'aws-cdk-lib/aws-stepfunctions-tasks';
import { Construct } from 'constructs';
import { FILLED_IN, ITEM_KINDS } from '../../lambda/core/contract.ts';
import { OBSERVED } from '../../lambda/core/notices/notice.ts';
import type { Configuration } from '../config/schema.ts';
import { grantUse } from '../foundation/encryption.ts';
import type { HandlerFunction } from '../foundation/handler-function.ts';
import { acknowledge } from '../foundation/nag.ts';
import { RUNBOOK } from '../foundation/runbook.ts';
import { Workflow } from '../foundation/workflow.ts';
import { each, grantItems } from './item-grants.ts';

/** The part of the hour's last message about observed calls: how many would have been re-run. */
const SUMMARY = [
  "' The records of ' & $item.hadParameters.N & ' held the request, of ' & $item.hadClientToken.N",
  "' a client token, of ' & $item.hadEnvironment.N & ' all environment values; ' & $item.wasBare.N & ' held nothing of it. '",
  "$item.wouldRerun.N & ' of the calls would have been re-run.'",
].join(' & ');

export interface NotificationsProps {
  readonly configuration: Configuration;
  readonly encryptionKey: IKey | undefined;
  /** Where notices are counted. */
  readonly table: ITable;
  /** Absent: the configured topic, or one of its own. */
  readonly topic: ITopic | undefined;
}

/**
 * Tells people of calls that were not brought back: of the first of its kind at once, of the rest in one message when
 * the hour is over; where the first alone tells nothing, of all of them then. One execution of the digest workflow is one such group.
 */
export class Notifications extends Construct {
  readonly topic: ITopic;
  readonly digest: Workflow;
  readonly #table: ITable;
  #leadsTo: Readonly<Record<keyof typeof FILLED_IN, string>>;

  constructor(scope: Construct, id: string, props: NotificationsProps) {
    super(scope, id);
    const { configuration, encryptionKey, table } = props;
    this.#table = table;
    const { topicArn, runbookUrl } = configuration.notifications;
    this.#leadsTo = { runbook: runbookUrl ?? RUNBOOK, sweepStateMachineArn: '', logGroups: '' };
    // One that is there already is its owner's to subscribe to, to encrypt and to open to CloudWatch.
    this.topic = props.topic ?? (topicArn ? Topic.fromTopicArn(this, 'Topic', topicArn) : this.#createTopic(props));

    this.digest = new Workflow(this, 'Digest', {
      configuration,
      encryptionKey,
      comment: 'Tells people of one kind of call that was not brought back, or only observed',
      start: this.#definition(),
    });
    grantUse(encryptionKey, this.digest);
  }

  #createTopic({ configuration, encryptionKey }: NotificationsProps): Topic {
    const topic = new Topic(this, 'Topic', {
      displayName: 'ECS throttle remediation',
      enforceSSL: true,
      ...(encryptionKey && { masterKey: encryptionKey }),
    });
    // The policy that enforces encryption in transit replaces the default one, which admits the account's own alarms.
    topic.addToResourcePolicy(
      new PolicyStatement({
        sid: 'AlarmsPublish',
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [topic.topicArn],
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    );
    for (const email of configuration.notifications.emails) {
      const subscription = topic.addSubscription(new EmailSubscription(email));
      acknowledge(subscription, {
        'Serverless-SNSRedrivePolicy':
          'What mail cannot deliver stays in the input of its digest execution for 90 days.',
      });
    }
    return topic;
  }

  /** Environment variables that a handler needs to notify people. */
  get environment() {
    return { digestStateMachineArn: this.digest.stateMachineArn, tableName: this.#table.tableName };
  }

  /** Has mails lead to what is there only once the handlers are. Of log groups CloudFormation makes names that links hold as they are. */
  leadTo(handlers: readonly HandlerFunction[], sweepStateMachineArn: string): void {
    const logGroups = handlers.map(({ logGroup }) => `~'${logGroup.logGroupName}`).join('');
    this.#leadsTo = { ...this.#leadsTo, sweepStateMachineArn, logGroups };
  }

  /** A JSONata expression of a message, with everything put in that only the stack as a whole knows. */
  #filledIn(message: string): string {
    return (Object.keys(FILLED_IN) as (keyof typeof FILLED_IN)[]).reduce((text, name) => {
      const value = Lazy.string({ produce: () => this.#leadsTo[name] });
      return `$replace(${text}, '${FILLED_IN[name]}', "${value}")`;
    }, message);
  }

  /** Lets a handler notify people. */
  grantNotify(handler: LambdaFunction): void {
    this.digest.grantStartExecution(handler);
    grantItems(this.#table, handler, ['dynamodb:UpdateItem'], [each(ITEM_KINDS.notice)]);
  }

  #definition(): Choice {
    const retry = {
      errors: ['States.ALL'],
      interval: Duration.seconds(1),
      backoffRate: 2,
      maxDelay: Duration.minutes(5),
      maxAttempts: 15,
      jitterStrategy: JitterType.FULL,
    };
    const tellFirst = SnsPublish.jsonata(this, 'Tell of the first', {
      topic: this.topic,
      subject: '{% $states.input.subject %}',
      message: TaskInput.fromText(`{% ${this.#filledIn('$states.input.message')} %}`),
      outputs: '{% $states.input %}',
    });
    const wait = Wait.jsonata(this, 'Until the hour is over', {
      time: WaitTime.timestamp('{% $states.input.endsAt %}'),
      assign: { notice: '{% $states.input %}' },
    });
    const count = DynamoGetItem.jsonata(this, 'Count the rest', {
      table: this.#table,
      key: { id: DynamoAttributeValue.fromString("{% 'notice#' & $notice.id %}") },
      consistentRead: true,
      projectionExpression: ['notices', 'lastAt', ...OBSERVED].map((name) =>
        new DynamoProjectionExpression().withAttribute(name),
      ),
      outputs: {
        count: '{% $exists($states.result.Item.notices.N) ? $number($states.result.Item.notices.N) : 1 %}',
        last: "{% $exists($states.result.Item.lastAt.S) ? ' The last was counted at ' & $states.result.Item.lastAt.S & '.' : '' %}",
        summary: `{% ($item := $states.result.Item; $exists($item.wouldRerun) ? ${SUMMARY} : '') %}`,
      },
    });
    const more = Choice.jsonata(this, 'Were there more?');
    const tellRest = SnsPublish.jsonata(this, 'Tell of the rest', {
      topic: this.topic,
      subject: '{% $notice.subject %}',
      message: TaskInput.fromText(
        `{% 'In the hour until ' & $notice.endsAt & ' there were ' & $string($states.input.count) & ' ' & $notice.counted & '.' & $states.input.last & $states.input.summary & '\\n\\n' & ${this.#filledIn('$notice.message')} %}`,
      ),
    });
    const told = Succeed.jsonata(this, 'Told');
    for (const task of [tellFirst, count, tellRest]) task.addRetry(retry);
    tellFirst.next(wait).next(count).next(more);
    more
      .when(
        Condition.jsonata(
          "{% $states.input.count > 1 or $states.input.summary != '' or $notice.tells = 'afterTheHour' %}",
        ),
        tellRest,
      )
      .otherwise(told);
    tellRest.next(told);
    return Choice.jsonata(this, 'At once?')
      .when(Condition.jsonata("{% $states.input.tells = 'afterTheHour' %}"), wait)
      .otherwise(tellFirst);
  }
}
