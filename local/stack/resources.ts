import * as z from 'zod';

/**
 * The properties of each resource type that the lab knows, strict: a property that is not here might change what the
 * real service does, so it is refused rather than passed over. `z.unknown()` marks what has no bearing on a run.
 */
const inert = z.unknown().optional();
const numeric = z.coerce.number();

const queue = z.strictObject({
  VisibilityTimeout: numeric.default(30),
  DelaySeconds: numeric.default(0),
  MessageRetentionPeriod: numeric.default(345_600),
  RedrivePolicy: z.strictObject({ deadLetterTargetArn: z.string(), maxReceiveCount: numeric }).optional(),
  KmsMasterKeyId: inert,
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
  LoggingConfig: inert,
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
  EncryptionConfiguration: inert,
  LoggingConfiguration: inert,
  TracingConfiguration: inert,
  Tags: inert,
});

const table = z.strictObject({
  KeySchema: z.array(z.strictObject({ AttributeName: z.string(), KeyType: z.enum(['HASH', 'RANGE']) })),
  AttributeDefinitions: z.array(z.strictObject({ AttributeName: z.string(), AttributeType: z.enum(['S', 'N', 'B']) })),
  BillingMode: z.literal('PAY_PER_REQUEST'),
  TimeToLiveSpecification: z.strictObject({ AttributeName: z.string(), Enabled: z.literal(true) }).optional(),
  SSESpecification: inert,
  PointInTimeRecoverySpecification: inert,
  Tags: inert,
});

const rule = z.strictObject({
  EventPattern: z.json().optional(),
  ScheduleExpression: z.string().optional(),
  State: z.literal('ENABLED'),
  Description: inert,
  Targets: z.array(
    z.strictObject({
      Id: z.string(),
      Arn: z.string(),
      Input: z.string().optional(),
      RoleArn: inert,
      DeadLetterConfig: z.strictObject({ Arn: z.string() }).optional(),
    }),
  ),
});

/** What the lab runs. */
export const RUNNING = {
  'AWS::SQS::Queue': queue,
  'AWS::Lambda::Function': lambdaFunction,
  'AWS::Lambda::EventSourceMapping': eventSourceMapping,
  'AWS::StepFunctions::StateMachine': stateMachine,
  'AWS::DynamoDB::Table': table,
  'AWS::SNS::Topic': z.looseObject({}),
  'AWS::Events::Rule': rule,
} as const;
export type RunningType = keyof typeof RUNNING;
export type Properties<Type extends RunningType> = z.output<(typeof RUNNING)[Type]>;

/** What has no bearing on a run: `docs/lab.md` says what is lost by it. */
export const INERT: ReadonlySet<string> = new Set([
  'AWS::CloudTrail::Trail',
  'AWS::IAM::Policy',
  'AWS::IAM::Role',
  'AWS::KMS::Key',
  'AWS::Logs::LogGroup',
  'AWS::S3::Bucket',
  'AWS::S3::BucketPolicy',
  'AWS::SNS::Subscription',
  'AWS::SNS::TopicPolicy',
  'AWS::SQS::QueuePolicy',
]);
