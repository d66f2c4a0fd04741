import * as z from 'zod';

/**
 * The properties of each resource type that the lab knows, strict: a property that is not here might change what the
 * real service does, so it is refused rather than passed over. `z.unknown()` marks what has no bearing on a run.
 */
const inert = z.unknown().optional();
const numeric = z.coerce.number();

const texts = z.union([z.string().transform((text) => [text]), z.array(z.string())]);
const statement = z.strictObject({
  Sid: inert,
  Effect: z.enum(['Allow', 'Deny']),
  Principal: z
    .preprocess(
      (principal) => (principal === '*' ? { AWS: '*' } : principal),
      z.strictObject({ AWS: texts.optional(), Service: texts.optional() }),
    )
    .optional(),
  Action: texts,
  /** Absent in trust policies alone. */
  Resource: texts.default(['*']),
  Condition: z.record(z.string(), z.record(z.string(), texts)).default({}),
});
/** Strict too: a `NotAction` or `NotPrincipal` that went unread would turn a policy into its opposite. */
const policyDocument = z
  .strictObject({ Version: z.literal('2012-10-17'), Statement: z.array(statement) })
  .transform(({ Statement }) => Statement);
/** One statement of a policy; single values have become lists. */
export type Statement = z.output<typeof statement>;

const role = z.strictObject({
  AssumeRolePolicyDocument: policyDocument,
  ManagedPolicyArns: z.array(z.string()).default([]),
  Description: inert,
  Tags: inert,
});

const policy = z.strictObject({
  PolicyDocument: policyDocument,
  Roles: z.array(z.string()).default([]),
  PolicyName: inert,
  Description: inert,
  Path: inert,
});

const key = z.looseObject({ KeyPolicy: policyDocument });
const queuePolicy = z.strictObject({ Queues: z.array(z.string()), PolicyDocument: policyDocument });
const topicPolicy = z.strictObject({ Topics: z.array(z.string()), PolicyDocument: policyDocument });

const queue = z.strictObject({
  VisibilityTimeout: numeric.default(30),
  DelaySeconds: numeric.default(0),
  MessageRetentionPeriod: numeric.default(345_600),
  RedrivePolicy: z.strictObject({ deadLetterTargetArn: z.string(), maxReceiveCount: numeric }).optional(),
  KmsMasterKeyId: z.string().optional(),
  KmsDataKeyReusePeriodSeconds: inert,
  SqsManagedSseEnabled: inert,
});

const lambdaFunction = z.strictObject({
  Role: z.string(),
  Timeout: numeric.default(3),
  MemorySize: numeric.default(128),
  Environment: z.strictObject({ Variables: z.record(z.string(), z.string()) }).optional(),
  Architectures: inert,
  Code: inert,
  Description: inert,
  Handler: inert,
  KmsKeyArn: inert,
  LoggingConfig: z.looseObject({ LogGroup: z.string() }).optional(),
  Runtime: inert,
  Tags: inert,
});

const eventSourceMapping = z.strictObject({
  FunctionName: z.string(),
  EventSourceArn: z.string(),
  // More than ten messages would need a batching window: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
  BatchSize: numeric.pipe(z.int().min(1).max(10)),
  ScalingConfig: z.strictObject({ MaximumConcurrency: z.int().min(2).max(1000) }),
  FunctionResponseTypes: z.tuple([z.literal('ReportBatchItemFailures')]),
  Tags: inert,
});

const stateMachine = z.strictObject({
  DefinitionString: z.string(),
  RoleArn: z.string(),
  StateMachineName: inert,
  StateMachineType: z.literal('STANDARD'),
  EncryptionConfiguration: z.looseObject({ KmsKeyId: z.string().optional() }).optional(),
  LoggingConfiguration: inert,
  TracingConfiguration: inert,
  Tags: inert,
});

const table = z.strictObject({
  KeySchema: z.tuple([z.strictObject({ AttributeName: z.string(), KeyType: z.literal('HASH') })]),
  AttributeDefinitions: z.array(z.strictObject({ AttributeName: z.string(), AttributeType: z.enum(['S', 'N', 'B']) })),
  BillingMode: z.literal('PAY_PER_REQUEST'),
  TimeToLiveSpecification: inert,
  SSESpecification: z.looseObject({ KMSMasterKeyId: z.string().optional() }).optional(),
  PointInTimeRecoverySpecification: inert,
  Tags: inert,
});

const rule = z.strictObject({
  EventPattern: z.json().optional(),
  ScheduleExpression: z.string().optional(),
  State: z.literal('ENABLED'),
  Description: z.string().optional(),
  Targets: z.array(
    z.strictObject({
      Id: z.string(),
      Arn: z.string(),
      Input: z.string().optional(),
      RoleArn: z.string().optional(),
      DeadLetterConfig: z.strictObject({ Arn: z.string() }).optional(),
    }),
  ),
});

/** Strict only where the lab evaluates an alarm, which it does for those that a rule waits for. */
const alarm = z.looseObject({
  Namespace: z.string().optional(),
  MetricName: z.string().optional(),
  AlarmActions: z.array(z.string()).default([]),
  AlarmDescription: z.string().optional(),
  Dimensions: z.array(z.strictObject({ Name: z.string(), Value: z.string() })).default([]),
});

/** What the lab runs. */
export const RUNNING = {
  'AWS::SQS::Queue': queue,
  'AWS::Lambda::Function': lambdaFunction,
  'AWS::Lambda::EventSourceMapping': eventSourceMapping,
  'AWS::StepFunctions::StateMachine': stateMachine,
  'AWS::DynamoDB::Table': table,
  'AWS::SNS::Topic': z.looseObject({ KmsMasterKeyId: z.string().optional() }),
  'AWS::SNS::Subscription': z.looseObject({ TopicArn: z.string(), Protocol: z.string(), Endpoint: z.string() }),
  'AWS::Events::Rule': rule,
  'AWS::CloudWatch::Alarm': alarm,
  'AWS::IAM::Role': role,
  'AWS::IAM::Policy': policy,
  'AWS::IAM::ManagedPolicy': policy,
  'AWS::KMS::Key': key,
  'AWS::SNS::TopicPolicy': topicPolicy,
  'AWS::SQS::QueuePolicy': queuePolicy,
} as const;
export type RunningType = keyof typeof RUNNING;
export type Properties<Type extends RunningType> = z.output<(typeof RUNNING)[Type]>;

/** What has no bearing on a run: `docs/lab.md` says what is lost by it. */
export const INERT: ReadonlySet<string> = new Set([
  'AWS::Athena::NamedQuery',
  'AWS::Athena::WorkGroup',
  'AWS::CloudTrail::Trail',
  'AWS::CloudWatch::AnomalyDetector',
  'AWS::CloudWatch::CompositeAlarm',
  'AWS::CloudWatch::Dashboard',
  'AWS::Glue::Database',
  'AWS::Glue::Table',
  'AWS::Logs::LogGroup',
  'AWS::Logs::QueryDefinition',
  'AWS::S3::Bucket',
  'AWS::S3::BucketPolicy',
  'Custom::AWS',
]);

/**
 * The function, with what else is its own, by which the CDK makes single API calls while a stack is created or deleted: the
 * lab does neither. Its logical id is fixed: `AwsCustomResource.PROVIDER_FUNCTION_UUID` of aws-cdk-lib.
 */
export const isOfCustomResources = (logicalId: string): boolean =>
  logicalId.startsWith('AWS679f53fac002430cb0da5b7982bd2287');
