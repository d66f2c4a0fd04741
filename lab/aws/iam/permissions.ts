import { AwsError, type Principal } from '../../kernel/aws-service.ts';
import type { Json, JsonObject } from '../../kernel/json.ts';
import type { Account } from '../../scenario/account.ts';
import { isRuleArn } from '../../scenario/scenario.ts';
import { type Policies, queueArn } from '../../stack/policies.ts';
import { requestedItems } from '../dynamodb/requested-items.ts';
import { Catalog } from '../ecs/catalog.ts';
import { iamResource, Principals } from './fake-iam.ts';
import { Iam, type Identity, type Need } from './iam.ts';
import { principalParts } from './principal-id.ts';

/** What each service answers to those who lack its own permission, or one for the key that its data are under. */
const DENIALS: Readonly<Record<string, { access: [string, number]; key: [string, number] }>> = {
  // Codes and statuses of the SDK's schemas. SQS's AccessDenied is among the errors common to its actions:
  // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonErrors.html
  sqs: { access: ['AccessDenied', 403], key: ['KmsAccessDenied', 400] },
  sns: { access: ['AuthorizationErrorException', 403], key: ['KMSAccessDeniedException', 400] },
  states: { access: ['AccessDeniedException', 400], key: ['KmsAccessDeniedException', 400] },
  cloudtrail: { access: ['AccessDeniedException', 403], key: ['AccessDeniedException', 403] },
  // IAM has no keys. https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html
  iam: { access: ['AccessDenied', 403], key: ['AccessDenied', 403] },
};
// ECS's schema says 403, but it was seen with 400: https://github.com/pulumi/docs/issues/2860
const DENIAL = { access: ['AccessDeniedException', 400], key: ['AccessDeniedException', 400] } as const;
const EVENTS = 'events.amazonaws.com';

const [READ, WRITE] = [['kms:Decrypt'], ['kms:GenerateDataKey', 'kms:Decrypt']];

/**
 * What a caller does with the key under which a resource is stored. Writers to queues and topics decrypt too, to check
 * the key that they were given; whoever reads or writes a table decrypts the table's key.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
 * https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html https://github.com/aws/aws-cdk/issues/10010
 */
const keyActions = (action: string): readonly string[] =>
  action === 'sqs:SendMessage' || action === 'sns:Publish'
    ? WRITE
    : action === 'sqs:ReceiveMessage' || action.startsWith('dynamodb:')
      ? READ
      : [];

/** Which permissions each call of ours needs, and whether the template's policies give them. */
export class Permissions {
  readonly #policies: Policies;
  readonly #iam: Iam;
  readonly #account: Account;
  readonly #catalog: Catalog;
  readonly #stateMachineOf: (taskToken: string) => string | undefined;
  readonly #principals: Principals;

  constructor(
    policies: Policies,
    account: Account,
    stateMachineOf: (taskToken: string) => string | undefined,
    principals = new Principals(account.id, []),
  ) {
    this.#policies = policies;
    this.#iam = new Iam(policies);
    this.#account = account;
    this.#catalog = new Catalog(account);
    this.#stateMachineOf = stateMachineOf;
    this.#principals = principals;
  }

  /** Throws as the service does when the role, or the role behind a session, may not make the call. */
  require(principalArn: string, service: string, operation: string, input: JsonObject): void {
    const who = { role: principalParts(principalArn).arn };
    const denials = DENIALS[service] ?? DENIAL;
    for (const need of this.#needs(service, operation, input)) {
      if (!this.#iam.allows(who, need)) throw denial(principalArn, need, denials.access);
      for (const [identity, keyNeed] of this.#keyNeeds(who, need)) {
        if (!this.#iam.allows(identity, keyNeed)) throw denial(principalArn, keyNeed, denials.key);
      }
    }
  }

  /** Whether a role, or an AWS service, has all of the permissions, and those for the key that the resource is under. */
  has(who: Identity, ...needs: readonly Need[]): boolean {
    return needs.every(
      (need) =>
        this.#iam.allows(who, need) &&
        this.#keyNeeds(who, need).every(([identity, keyNeed]) => this.#iam.allows(identity, keyNeed)),
    );
  }

  /**
   * Throws as SQS does where a queue's policy keeps a caller out. A role or user is taken to have the permission from its
   * own policies, which are not in the template; an AWS service has none but what the queue's policy gives.
   */
  requireOfCaller({ arn }: Principal, need: Need): void {
    const isAdmitted = isRuleArn(arn)
      ? this.has(
          { service: EVENTS },
          { ...need, context: { 'aws:SourceArn': arn, 'aws:SourceAccount': this.#account.id } },
        )
      : !this.#iam.denies({ role: principalParts(arn).arn }, need);
    if (!isAdmitted) throw denial(arn, need, (DENIALS.sqs ?? DENIAL).access);
  }

  /**
   * A state machine's data are en- and decrypted by its own role, whoever starts it:
   * https://docs.aws.amazon.com/step-functions/latest/dg/encryption-at-rest.html
   */
  #keyNeeds(who: Identity, { action, resource, context }: Need): [Identity, Need][] {
    const key = this.#policies.keys.get(resource);
    if (key === undefined) return [];
    const role = this.#policies.executionRoles.get(resource);
    if (role !== undefined && action === 'states:StartExecution') {
      const own = { 'kms:EncryptionContext:aws:states:stateMachineArn': resource };
      return WRITE.map((keyAction) => [{ role }, { action: keyAction, resource: key, context: own }]);
    }
    // SQS names the queue. Whether a rule is named to the key too is unknown; to keys of topics it is not:
    // https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    const keyContext = action.startsWith('sqs:') ? { 'kms:EncryptionContext:aws:sqs:arn': resource } : context;
    return keyActions(action).map((keyAction) => [
      who,
      { action: keyAction, resource: key, ...(keyContext && { context: keyContext }) },
    ]);
  }

  #needs(service: string, operation: string, input: JsonObject): Need[] {
    const need = (action: string, resource: string): Need => ({ action, resource });
    const action = `${service}:${operation}`;
    switch (service) {
      case 'ecs':
        return this.#ecsNeeds(operation, input);
      case 'iam':
        return [need(action, iamResource(operation, input, this.#principals))];
      case 'sqs':
        // A batch takes the permission of its operation: there is none of its own.
        return [need(action.replace(/Batch$/, ''), queueArn(String(input.QueueUrl)))];
      case 'logs':
        if (operation !== 'StartQuery') return [need(action, '*')];
        return (input.logGroupNames as string[]).map((name) => need(action, this.#arn('logs', `log-group:${name}:*`)));
      case 'cloudwatch':
        return (input.AlarmNames as string[]).map((name) => need(action, this.#arn('cloudwatch', `alarm:${name}`)));
      case 'sns':
        return [need(action, String(input.TopicArn))];
      case 'dynamodb':
        return requestedItems(input).map(([table, items]) => ({
          ...need(action, this.#arn('dynamodb', `table/${table}`)),
          ...(idsOf(items).length > 0 && { context: { 'dynamodb:LeadingKeys': idsOf(items) } }),
        }));
      case 'states': {
        // Answers to tasks are judged by the state machine: https://github.com/aws/aws-cdk/pull/8486
        const stateMachine =
          input.stateMachineArn ?? input.executionArn ?? this.#stateMachineOf(String(input.taskToken));
        return stateMachine === undefined ? [] : [need(action, String(stateMachine))];
      }
      default:
        return [need(action, '*')];
    }
  }

  /** https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerservice.html */
  #ecsNeeds(operation: string, input: JsonObject): Need[] {
    const action = `ecs:${operation}`;
    const reference = typeof input.cluster === 'string' ? input.cluster : 'default';
    const name = reference.slice(reference.lastIndexOf('/') + 1);
    const cluster = reference.startsWith('arn:') ? reference : this.#arn('ecs', `cluster/${name}`);
    const context = { 'ecs:cluster': cluster };
    const task = (id: string) => (id.startsWith('arn:') ? id : this.#arn('ecs', `task/${name}/${id}`));
    switch (operation) {
      case 'RunTask':
        return this.#runTaskNeeds(input, name, context);
      case 'StopTask':
        return [{ action, resource: task(String(input.task)), context }];
      case 'DescribeTasks':
        return (input.tasks as string[]).map((id) => ({ action, resource: task(id), context }));
      case 'ListTasks':
        return [{ action, resource: this.#arn('ecs', `container-instance/${name}/*`), context }];
      default:
        return [{ action, resource: '*' }];
    }
  }

  #runTaskNeeds(input: JsonObject, clusterName: string, context: Record<string, string>): Need[] {
    const reference = String(input.taskDefinition);
    const definition = this.#catalog.taskDefinition(reference);
    const resource =
      definition?.arn ?? (reference.startsWith('arn:') ? reference : this.#arn('ecs', `task-definition/${reference}`));
    const { overrides, volumeConfigurations, tags, propagateTags, enableExecuteCommand } = input as {
      overrides?: { taskRoleArn?: string; executionRoleArn?: string } | null;
      volumeConfigurations?: { managedEBSVolume?: { roleArn?: string } }[] | null;
      tags?: unknown[] | null;
      propagateTags?: string | null;
      enableExecuteCommand?: boolean | null;
    };
    // Whether ECS leaves out the definition's role where it is overridden is unknown: here it does not.
    const taskRoles = [definition, overrides].flatMap((from) => [from?.taskRoleArn, from?.executionRoleArn]);
    const volumeRoles = (volumeConfigurations ?? []).map(({ managedEBSVolume }) => managedEBSVolume?.roleArn);
    // Whether ECS says "false" of what nobody asks for is unknown: here it says nothing.
    const asked: Record<string, string> = {
      ...(enableExecuteCommand != null && { 'ecs:enable-execute-command': String(enableExecuteCommand) }),
      ...(volumeRoles.length > 0 && { 'ecs:enable-ebs-volumes': 'true' }),
    };
    const pass = (roles: readonly (string | undefined)[], service: string): Need[] =>
      roles
        .filter((role) => role != null)
        .map((role) => ({ action: 'iam:PassRole', resource: role, context: { 'iam:PassedToService': service } }));
    // https://docs.aws.amazon.com/AmazonECS/latest/developerguide/supported-iam-actions-tagging.html
    const isTagged = (tags ?? []).length > 0 || propagateTags === 'TASK_DEFINITION';
    const newTask = this.#arn('ecs', `task/${clusterName}/${'0'.repeat(32)}`);
    return [
      { action: 'ecs:RunTask', resource, context: { ...context, ...asked } },
      ...pass(taskRoles, 'ecs-tasks.amazonaws.com'),
      ...pass(volumeRoles, 'ecs.amazonaws.com'),
      ...(isTagged
        ? [{ action: 'ecs:TagResource', resource: newTask, context: { 'ecs:CreateAction': 'RunTask' } }]
        : []),
    ];
  }

  #arn(service: string, resource: string): string {
    return `arn:aws:${service}:${this.#account.region}:${this.#account.id}:${resource}`;
  }
}

/** Which of these items: the tables of the lab have a partition key of strings, `id`. */
const idsOf = (items: readonly Json[]): string[] =>
  items.flatMap((item) => (item as { id?: { S?: string } } | null)?.id?.S ?? []);

function denial(principalArn: string, { action, resource }: Need, [code, status]: readonly [string, number]): AwsError {
  const message = `User: ${principalArn} is not authorized to perform: ${action} on resource: ${resource}`;
  return new AwsError(code, message, { status });
}
