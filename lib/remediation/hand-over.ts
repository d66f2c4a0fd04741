import { CfnOutput, type Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import {
  AccountRootPrincipal,
  AnyPrincipal,
  type CfnRole,
  Effect,
  ManagedPolicy,
  PolicyStatement,
  Role,
  ServicePrincipal,
} from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { OUTPUTS } from '../../lambda/core/contract.ts';
import { ANY, type CallerEntry } from '../../lambda/core/opt-in/opt-in.ts';
import { isRuleArn } from '../../lambda/core/opt-in/senders.ts';
import type { Configuration } from '../config/schema.ts';
import { grantUse } from '../foundation/encryption.ts';
import { withLongestTexts } from '../foundation/longest-text.ts';
import { deadLetterQueue, encryptedQueue } from '../foundation/queues.ts';
import { closeWhenStackGoes, denyAll } from './closing-queue.ts';

export interface HandOverProps {
  readonly configuration: Configuration;
  readonly encryptionKey: IKey | undefined;
  /** How long a batch of messages may be worked at. */
  readonly visibilityTimeout: Duration;
}

/** How often a message is tried before it goes to the dead-letter queue: more than half a day of outage. */
const MAX_RECEIVES = 160;

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-policies.html */
const MAX_POLICY_BYTES = 8192;

/**
 * The door for calls whose record is not enough: a queue that listed callers hand them over to. What was sent is durable,
 * and sending to a queue that is closed or gone fails loudly.
 */
export class HandOver extends Construct {
  readonly queue: Queue;
  readonly deadLetterQueue: Queue;
  /** What a caller's role needs. */
  readonly callerPolicy: ManagedPolicy;
  /** Moves dead letters back: beside the callers, nobody else may send to the queue. */
  readonly redriveRole: Role;
  /** Closes the queue when the stack goes. */
  readonly closing: Construct;
  readonly #encryptionKey: IKey | undefined;

  constructor(scope: Construct, id: string, props: HandOverProps) {
    super(scope, id);
    const { configuration, encryptionKey, visibilityTimeout } = props;
    this.#encryptionKey = encryptionKey;
    this.deadLetterQueue = deadLetterQueue(this);
    this.queue = encryptedQueue(this, 'Queue', {
      encryptionKey,
      visibilityTimeout,
      deadLetterQueue: { queue: this.deadLetterQueue, maxReceiveCount: MAX_RECEIVES },
    });
    // What was handed over outlives the stack. A deployment that failed at once leaves nothing behind.
    for (const queue of [this.queue, this.deadLetterQueue]) {
      queue.applyRemovalPolicy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE);
    }
    this.redriveRole = this.#createRedriveRole(encryptionKey);
    for (const statement of this.#statements(configuration)) this.queue.addToResourcePolicy(statement);
    this.closing = closeWhenStackGoes(this, this.queue, props);
    this.#checkPolicySize();
    this.callerPolicy = this.#createCallerPolicy();
    this.#output(OUTPUTS.handOverQueueUrl, 'Where callers hand throttled calls over', this.queue.queueUrl);
    this.#output(OUTPUTS.handOverDeadLetterQueue, 'What of it could not be read', this.deadLetterQueue.queueUrl);
    this.#output(OUTPUTS.handOverPolicy, 'What their roles need for it', this.callerPolicy.managedPolicyArn);
    this.#output(OUTPUTS.handOverRedriveRole, 'Moves dead letters back', this.redriveRole.roleArn);
  }

  /** By unique id, as SQS names the senders of messages. */
  get redriveRoleId(): string {
    return (this.redriveRole.node.defaultChild as CfnRole).attrRoleId;
  }

  /** Who may send. IAM grants it; this keeps out everybody whom IAM would let in without being listed. */
  #statements({ mode, callers }: Configuration): PolicyStatement[] {
    // While only observing nothing is re-run: no caller is to believe that a call is taken.
    if (mode === 'observe') return [denyAll(this.queue)];
    const entries: readonly CallerEntry[] = callers;
    const senders = entries.filter(({ handsOver }) => handsOver).map(({ arn }) => arn);
    const rules = senders.filter(isRuleArn);
    const principals = [...senders.filter((arn) => !isRuleArn(arn)), this.redriveRole.roleArn];
    const resources = [this.queue.queueArn];
    const actions = ['sqs:SendMessage'];
    const onlyListed = new PolicyStatement({
      sid: 'OnlyListedCallers',
      effect: Effect.DENY,
      principals: [new AnyPrincipal()],
      actions,
      resources,
      // What a request lacks is not equal to anything: a rule has no principal's ARN, a role no source's.
      conditions: {
        StringNotEquals: { 'aws:PrincipalArn': principals },
        ...(rules.length > 0 && { ArnNotEquals: { 'aws:SourceArn': rules } }),
      },
    });
    const ofRules = new PolicyStatement({
      sid: 'ListedRules',
      principals: [new ServicePrincipal('events.amazonaws.com')],
      actions,
      resources,
      conditions: { ArnEquals: { 'aws:SourceArn': rules } },
    });
    return [...(senders.includes(ANY) ? [] : [onlyListed]), ...(rules.length > 0 ? [ofRules] : [])];
  }

  /** SQS refuses a longer policy, and it cannot be split. */
  #checkPolicySize(): void {
    const policy = this.queue.node.findChild('Policy') as unknown as { readonly document: unknown };
    const text = JSON.stringify(withLongestTexts(this, policy.document));
    if (Buffer.byteLength(text) <= MAX_POLICY_BYTES) return;
    throw new Error(
      `callers: found entries with "handsOver" that make a queue policy of ${Buffer.byteLength(text)} bytes, expected at most ` +
        `${MAX_POLICY_BYTES}. List a role that several of them share, or one that they assume to hand calls over.`,
    );
  }

  #createCallerPolicy(): ManagedPolicy {
    return new ManagedPolicy(this, 'CallerPolicy', {
      description: 'Lets a caller hand throttled RunTask calls over',
      statements: this.callerStatements(),
    });
  }

  /** What a caller needs to hand calls over. */
  callerStatements(): PolicyStatement[] {
    const send = new PolicyStatement({ actions: ['sqs:SendMessage'], resources: [this.queue.queueArn] });
    if (!this.#encryptionKey) return [send];
    const { region, urlSuffix } = Stack.of(this);
    const encrypt = new PolicyStatement({
      actions: ['kms:GenerateDataKey', 'kms:Decrypt'],
      resources: [this.#encryptionKey.keyArn],
      conditions: { StringEquals: { 'kms:ViaService': `sqs.${region}.${urlSuffix}` } },
    });
    return [send, encrypt];
  }

  /** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-dead-letter-queue-redrive.html */
  #createRedriveRole(encryptionKey: IKey | undefined): Role {
    const role = new Role(this, 'RedriveRole', {
      description: 'Moves dead letters of the hand-over queue back',
      assumedBy: new AccountRootPrincipal(),
    });
    this.deadLetterQueue.grant(
      role,
      'sqs:StartMessageMoveTask',
      'sqs:ReceiveMessage',
      'sqs:DeleteMessage',
      'sqs:GetQueueAttributes',
      'sqs:ListMessageMoveTasks',
    );
    this.queue.grant(role, 'sqs:SendMessage');
    grantUse(encryptionKey, role);
    return role;
  }

  #output(id: string, description: string, value: string): void {
    new CfnOutput(this, id, { description, value }).overrideLogicalId(id);
  }
}
