import type { Statement } from '../support/statements.ts';

/** Why statements are needed and how they are scoped: rows of the table in docs/security.md. */
export interface Review {
  /** Exactly these actions. */
  readonly actions: readonly string[];
  /** Exactly these condition keys. */
  readonly given?: readonly string[];
  readonly sid?: string;
  /** Where the actions alone do not tell: what the holder's name begins with. */
  readonly who?: string;
  readonly why: string;
  /** Why it is right that an action or a resource holds a `*`. */
  readonly wildcard?: string;
}

const TLS = ['aws:SecureTransport'];
const ITEMS = ['dynamodb:LeadingKeys'];
const READ = ['dynamodb:BatchGetItem', 'dynamodb:GetItem'];
const READ_AND_WRITE = [...READ, 'dynamodb:PutItem', 'dynamodb:UpdateItem'];
const TABLE_AND_QUEUES = [
  'kms:Decrypt',
  'kms:Encrypt',
  'kms:GenerateDataKey',
  'kms:GenerateDataKeyWithoutPlaintext',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
];

const LOG_DELIVERY = [
  'logs:CreateLogDelivery',
  'logs:DeleteLogDelivery',
  'logs:DescribeLogGroups',
  'logs:DescribeResourcePolicies',
  'logs:GetLogDelivery',
  'logs:ListLogDeliveries',
  'logs:PutResourcePolicy',
  'logs:UpdateLogDelivery',
];

export const REVIEWED: readonly Review[] = [
  // Launching
  {
    actions: ['ecs:RunTask'],
    given: ['ecs:cluster'],
    why: 'Makes the call again. Listed families, on listed clusters; absent in observe mode.',
    wildcard: 'Each deployment of a family makes a revision.',
  },
  {
    sid: 'NoExecuteCommand',
    actions: ['ecs:RunTask'],
    given: ['ecs:enable-execute-command'],
    why: 'No task in which somebody can open a shell, whatever the handler lets through; absent with `allowExecuteCommand`.',
    wildcard: 'It denies.',
  },
  {
    sid: 'NoVolumes',
    actions: ['ecs:RunTask'],
    given: ['ecs:enable-ebs-volumes'],
    why: 'No EBS volume, which cannot do without a role: where `allowedRoleOverrides` holds none.',
    wildcard: 'It denies.',
  },
  {
    sid: 'OnListedClusters',
    actions: ['ecs:RunTask'],
    given: ['ecs:cluster'],
    why: 'Where the clusters are too many to stand beside the families: said once, it binds all of these to them. Those that allow then name no cluster.',
    wildcard: 'A Deny: whatever else allows a launch, not elsewhere.',
  },
  {
    sid: 'RunBesideDeny',
    actions: ['ecs:RunTask'],
    why: 'The same launches, only ever beside that Deny.',
    wildcard: 'Each deployment of a family makes a revision.',
  },
  {
    actions: ['ecs:TagResource'],
    given: ['ecs:CreateAction'],
    why: 'Tags that the call itself asks for. Only while RunTask creates the task.',
    wildcard: 'A task has no id before it runs; its cluster is listed.',
  },
  {
    sid: 'PassToTasks',
    actions: ['iam:PassRole'],
    given: ['iam:PassedToService'],
    why: 'Task and execution roles: those of the listed definitions, and those that a request may put in their place.',
  },
  {
    sid: 'PassToVolumes',
    actions: ['iam:PassRole'],
    given: ['iam:PassedToService'],
    why: 'Volume roles: a request alone can name one, so only allowed overrides.',
  },
  // Looking
  {
    actions: ['cloudtrail:LookupEvents'],
    why: 'Finds rejected calls, and proves that late ones were not accepted. Reads who called what; no environment values.',
    wildcard: 'The event history has no resource to name.',
  },
  {
    actions: ['ecs:ListTasks'],
    given: ['ecs:cluster'],
    why: 'Finds stopped tasks of listed clusters.',
    wildcard: 'Its resource is a container instance, of which Fargate has none: the condition names the cluster.',
  },
  {
    actions: ['ecs:DescribeTasks'],
    given: ['ecs:cluster'],
    why: 'Reads why tasks of listed clusters stopped.',
    wildcard: 'Which tasks died is what it looks for; their cluster is listed.',
  },
  {
    actions: ['cloudtrail:LookupEvents', 'ecs:ListClusters'],
    why: 'The same, where `clusters` holds `*`: which clusters there are, besides.',
    wildcard: 'Nor has the list of clusters.',
  },
  // Working together
  {
    who: 'SweepRule',
    actions: ['states:StartExecution'],
    why: 'The two rules of the sweep start it, and nothing else.',
  },
  {
    actions: ['states:StartExecution'],
    why: 'Starts re-runs and notices: these two state machines, by name.',
  },
  { actions: ['states:SendTaskSuccess'], why: 'Gives a parked execution its permit.' },
  {
    actions: ['lambda:InvokeFunction'],
    why: 'A workflow runs its own handler.',
    wildcard: 'Versions of that one function.',
  },
  { who: 'RerunStateMachine', actions: ['sqs:SendMessage'], why: 'Parks an execution at the rate limiter.' },
  { who: 'IntakeHandler', actions: ['sqs:SendMessage'], why: 'Puts what it cannot read aside.' },
  {
    actions: ['iam:GetRole', 'iam:GetUser'],
    why: 'SQS names senders by unique id: which of the listed callers has it. Those alone, by ARN.',
  },
  {
    actions: [
      'sqs:ChangeMessageVisibility',
      'sqs:DeleteMessage',
      'sqs:GetQueueAttributes',
      'sqs:GetQueueUrl',
      'sqs:ReceiveMessage',
    ],
    why: 'Lambda takes messages for the function from its own queue.',
  },
  {
    who: 'events',
    actions: ['sqs:SendMessage'],
    given: ['aws:SourceArn'],
    why: 'Our rules deliver. Each is named, so that no other rule can feed a forged record.',
  },
  { actions: ['sns:Publish'], who: 'NotificationsDigest', why: 'Tells people.' },
  {
    who: 'cloudwatch',
    actions: ['sns:Publish'],
    given: ['aws:SourceAccount'],
    why: 'Alarms of this account tell people. Whoever may make alarms can send these people mail.',
  },
  // State
  { who: 'NotificationsDigest', actions: ['dynamodb:GetItem'], why: 'Reads how many notices there were.' },
  {
    who: 'RateLimiter',
    actions: READ,
    given: ITEMS,
    why: 'Reads traffic, pause, and what is done already.',
  },
  {
    actions: ['dynamodb:PutItem'],
    given: ITEMS,
    why: 'Reserves permits. Who gets hold of the function can hold or hurry all re-runs, and launch nothing.',
  },
  { actions: ['dynamodb:UpdateItem'], given: ITEMS, why: 'Counts notices.' },
  {
    who: 'Rerun',
    actions: READ,
    given: ITEMS,
    why: 'Reads what it writes, the pause, and what proves that a late call was not accepted; it can change neither of these two.',
  },
  {
    who: 'Intake',
    actions: READ_AND_WRITE,
    given: ITEMS,
    why: 'Launch records, acceptances, names of calls, traffic. Who gets hold of the function can have listed families started again for listed callers; it has no key of tokens.',
  },
  {
    who: 'Sweep',
    actions: READ_AND_WRITE,
    given: ITEMS,
    why: 'The same without traffic, and leases, and how far the history was read.',
  },
  {
    who: 'Rerun',
    actions: ['dynamodb:PutItem', 'dynamodb:UpdateItem'],
    given: ITEMS,
    why: 'Launch records of what it starts, spend counts, the key of tokens. Who gets hold of the function can run the listed families, with any command.',
  },
  {
    who: 'Rerun',
    actions: ['dynamodb:BatchWriteItem'],
    given: ITEMS,
    why: 'Launch records of what it starts, and that ECS accepted it, at once. Who gets hold of the function can delete these, too.',
  },
  { actions: ['dynamodb:DeleteItem'], given: ITEMS, why: 'Gives the lease of a sweep back.' },
  // Logs
  { actions: ['logs:CreateLogStream', 'logs:PutLogEvents'], why: 'A function writes to its own log group.' },
  {
    actions: LOG_DELIVERY,
    why: 'Step Functions sets the delivery of its log up. The widest statement here: it manages deliveries, reads no log.',
    wildcard: 'Log delivery has no resources to name.',
  },
  // The key
  {
    actions: ['kms:*'],
    why: 'Leaves the key to the account’s IAM policies: without it nobody could ever change the key.',
    wildcard: 'The default key policy of AWS.',
  },
  {
    who: 'events',
    actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
    given: ['kms:EncryptionContext:aws:sqs:arn'],
    why: 'Rules write to encrypted queues of this account. (AWS does not promise `aws:SourceArn` here.)',
  },
  {
    who: 'cloudwatch',
    actions: ['kms:Decrypt', 'kms:GenerateDataKey*'],
    given: ['aws:SourceAccount'],
    why: 'Alarms of this account publish to the encrypted topic.',
    wildcard: 'The text that SNS documents.',
  },
  {
    actions: ['kms:Decrypt', 'kms:Describe*', 'kms:Encrypt', 'kms:GenerateDataKey*', 'kms:ReEncrypt*'],
    given: ['kms:EncryptionContext:aws:logs:arn'],
    why: 'CloudWatch Logs stores log groups of this account.',
    wildcard: 'The text that CloudWatch Logs documents.',
  },
  {
    who: 'delivery.logs',
    actions: ['kms:Decrypt'],
    given: ['kms:EncryptionContext:SourceArn'],
    why: 'Log delivery reads what the state machines of this account encrypted for it.',
  },
  {
    actions: ['kms:GenerateDataKey'],
    given: ['kms:EncryptionContext:SourceArn'],
    why: 'A state machine encrypts its log entries for the delivery.',
  },
  {
    actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
    given: ['kms:EncryptionContext:aws:states:stateMachineArn'],
    why: 'A state machine encrypts its own executions; each its own alone.',
  },
  { actions: TABLE_AND_QUEUES, why: 'A function’s environment, the table’s items, messages.' },
  {
    actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
    given: [],
    why: 'The topic and the table; the sweep’s executions.',
  },
  {
    actions: ['kms:Decrypt', 'kms:GenerateDataKey*'],
    why: 'Parks executions in an encrypted queue.',
    wildcard: 'Data keys of this one key; the text of the CDK.',
  },
  // Incident reports
  {
    actions: ['states:ListExecutions'],
    why: 'Sees whether re-runs and sweeps are underway, and whether another report is due. Names and times, no inputs.',
  },
  {
    actions: ['states:DescribeExecution'],
    why: 'Reads until when the report before told. Its own executions hold an alarm’s event and numbers.',
    wildcard: 'Each report is an execution.',
  },
  { actions: ['cloudwatch:DescribeAlarms'], why: 'Sees whether the alarms that begin an incident are at rest.' },
  {
    actions: ['logs:StartQuery'],
    why: 'Counts what the functions logged, and which calls of ECS the records of a trail tell of: names, identities, reasons.',
    wildcard: 'The log streams of the trail’s group: IAM names a group so.',
  },
  {
    actions: ['logs:GetQueryResults'],
    why: 'Reads the answers to its queries, whose ids are known to whoever asked.',
    wildcard: 'A query has no ARN to name.',
  },
  {
    who: 'IncidentsStateMachine',
    actions: ['sns:Publish'],
    why: 'Tells people of an incident when it is over.',
  },
  // The hand-over queue
  {
    sid: 'OnlyListedCallers',
    actions: ['sqs:SendMessage'],
    given: ['aws:PrincipalArn', 'aws:SourceArn'],
    why: 'Nobody hands over but listed callers and rules, whatever IAM grants, and the role that moves dead letters back.',
  },
  {
    sid: 'OnlyListedCallers',
    actions: ['sqs:SendMessage'],
    given: ['aws:PrincipalArn'],
    why: 'The same, where no rule is listed. Absent where `*` hands over.',
  },
  {
    sid: 'Closed',
    actions: ['sqs:SendMessage'],
    why: 'In observe mode nobody is to believe that a call was taken.',
  },
  {
    sid: 'ListedRules',
    who: 'events',
    actions: ['sqs:SendMessage'],
    given: ['aws:SourceArn'],
    why: 'Listed rules send under no role. Each is named.',
  },
  {
    who: 'HandOverCallerPolicy',
    actions: ['sqs:SendMessage'],
    why: 'What callers attach to their roles; unlisted ones stay denied.',
  },
  {
    who: 'HandOverCallerPolicy',
    actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
    given: ['kms:ViaService'],
    why: 'They write to the encrypted queue: through SQS alone.',
  },
  {
    who: 'this account',
    actions: ['sts:AssumeRole'],
    why: 'People whose own IAM policy allows it move dead letters back. What they send counts as sent by whom the message names.',
  },
  {
    actions: [
      'sqs:DeleteMessage',
      'sqs:GetQueueAttributes',
      'sqs:ListMessageMoveTasks',
      'sqs:ReceiveMessage',
      'sqs:StartMessageMoveTask',
    ],
    why: 'Takes dead letters of this queue.',
  },
  { who: 'HandOverRedriveRole', actions: ['sqs:SendMessage'], why: 'Puts them back.' },
  {
    who: 'HandOverRedriveRole',
    actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
    why: 'Both queues are encrypted.',
  },
  {
    actions: ['sqs:SetQueueAttributes'],
    why: 'Closes this one queue when the stack goes: the queue stays.',
  },
  // Doors
  {
    actions: ['sqs:*'],
    given: TLS,
    why: 'No queue takes or gives anything in the clear.',
    wildcard: 'It denies.',
  },
  { who: 'everybody', actions: ['sns:Publish'], given: TLS, why: 'The topic takes nothing in the clear.' },
  { actions: ['s3:*'], given: TLS, why: 'Nor do the buckets.', wildcard: 'It denies.' },
  // With `cloudTrail: create`
  { actions: ['s3:GetBucketAcl'], why: 'CloudTrail checks the bucket, where `cloudTrail` is `create`.' },
  {
    actions: ['s3:PutObject'],
    given: ['s3:x-amz-acl'],
    why: 'CloudTrail writes files of this account’s trails, under the account’s own prefix.',
    wildcard: 'File names hold the time.',
  },
  {
    who: 'Trail',
    actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
    why: 'CloudTrail writes its records to the log group that the saved queries read.',
  },
  // Trust
  {
    who: 'cloudtrail',
    actions: ['sts:AssumeRole'],
    why: 'CloudTrail writes to that log group. AWS says that `aws:SourceArn` and `aws:SourceAccount` are not supported here. Whoever makes another trail write there needs `iam:PassRole` on the role.',
  },
  {
    who: 'lambda',
    actions: ['sts:AssumeRole'],
    given: ['aws:SourceAccount'],
    why: 'Lambda runs the handlers. AWS does not promise that it names the account. Who may use the role for another function is for `iam:PassRole` to say.',
  },
  {
    who: 'states',
    actions: ['sts:AssumeRole'],
    given: ['aws:SourceArn', 'aws:SourceAccount'],
    why: 'Step Functions runs the workflows, for state machines of this account.',
  },
  {
    who: 'events',
    actions: ['sts:AssumeRole'],
    given: ['aws:SourceArn', 'aws:SourceAccount'],
    why: 'EventBridge starts sweeps and incident reports, for rules of this account. Whoever makes another one needs `iam:PassRole` on the role.',
  },
];

/** The reviews that a statement has: it should be one. */
export function reviewsOf(statement: Statement, reviews = REVIEWED): Review[] {
  const fitting = reviews.filter(
    ({ actions, given = [], who = '', sid = statement.sid }) =>
      isSame(actions, statement.actions) &&
      isSame(given, statement.conditionKeys) &&
      statement.who.startsWith(who) &&
      statement.sid === sid,
  );
  // What is named goes before the rest: a statement by its Sid, then a holder.
  const bySid = fitting.filter(({ sid }) => sid !== undefined);
  if (bySid.length > 0) return bySid;
  const named = fitting.filter(({ who }) => who !== undefined);
  return named.length > 0 ? named : fitting;
}

export function hasWildcard({ actions, resources }: Statement): boolean {
  return [...actions, ...resources].some((text) => text.includes('*'));
}

const isSame = (a: readonly string[], b: readonly string[]) => a.toSorted().join() === b.toSorted().join();
