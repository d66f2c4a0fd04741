/**
 * How AWS says that a call or a start was throttled, or found no room: the one table of names and texts. Verdicts, saved
 * queries, Athena and the lab's ECS all read it. A row says where the text stands, what it means and where it was seen.
 * "ECS agent" is the source of https://github.com/aws/amazon-ecs-agent.
 */

/** `throttle`: too fast. `capacity`: no room for now. `transient`: the service failed. `none`: a mistake, or another cause. */
export type TextClass = 'throttle' | 'capacity' | 'transient' | 'none';

/** Where a text stands: in an error of the API, in `failures[]`, or in the reasons of a stopped task and its containers. */
export type Place = 'errorName' | 'errorMessage' | 'failureReason' | 'stoppedReason' | 'containerReason';

/**
 * What there is too little of: the account's quota of Fargate vCPUs, AWS's own capacity for Fargate, instances of a cluster,
 * addresses of subnets, or places among a cluster's tasks in PROVISIONING.
 */
export const SHORTAGES = ['fargate', 'fargateCapacity', 'instances', 'addresses', 'provisioning'] as const;
export type Shortage = (typeof SHORTAGES)[number];

export interface TextRow {
  readonly where: readonly Place[];
  /** A name to the letter where an error's name is meant, else the source of a regular expression: from the text's first letter on. */
  readonly pattern: string;
  readonly class: Exclude<TextClass, 'none'>;
  readonly source: string;
}

export interface CapacityRow extends TextRow {
  readonly class: 'capacity';
  readonly short: Shortage;
}

const START: readonly Place[] = ['stoppedReason', 'containerReason'];
/** A service's own error names stand alone in an API error, and behind a known beginning in the reason of a failed start. */
const ANYWHERE: readonly Place[] = ['errorName', 'errorMessage', ...START];
const NAME: readonly Place[] = ['errorName'];

const SDK = 'https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html';
const COMMON = 'https://docs.aws.amazon.com/AmazonECS/latest/APIReference/CommonErrors.html';
const FAILURES = 'https://docs.aws.amazon.com/AmazonECS/latest/developerguide/api_failures_messages.html';
const STOPPED = 'https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html';
const PULL = 'https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_cannot_pull_image.html';

const throttle = (where: readonly Place[], pattern: string, source: string): TextRow => ({
  where,
  pattern,
  class: 'throttle',
  source,
});
const transient = (pattern: string, source: string): TextRow => ({ where: NAME, pattern, class: 'transient', source });
const capacity = (short: Shortage, where: readonly Place[], pattern: string, source: string): CapacityRow => ({
  where,
  pattern,
  class: 'capacity',
  short,
  source,
});

/** Error names that need no message. */
export const ERROR_NAMES: readonly TextRow[] = [
  throttle(ANYWHERE, 'ThrottlingException', 'ECS RunTask, not among its modeled errors; SSM, CloudWatch Logs, ECR'),
  throttle(ANYWHERE, 'Throttling', 'EC2, behind ECS: dagster#33439'),
  throttle(ANYWHERE, 'ThrottledException', SDK),
  throttle(ANYWHERE, 'ThrottleException', 'ECR, ECS agent'),
  throttle(ANYWHERE, 'RequestThrottled', SDK),
  throttle(ANYWHERE, 'RequestThrottledException', SDK),
  throttle(ANYWHERE, 'RequestLimitExceeded', 'EC2, behind ECS: construct-hub#415, dask-cloudprovider#56'),
  throttle(ANYWHERE, 'EC2ThrottledException', SDK),
  throttle(ANYWHERE, 'TooManyRequestsException', SDK),
  throttle(ANYWHERE, 'SlowDown', 'S3: environment files, image layers'),
  throttle(ANYWHERE, 'KMSThrottlingException', 'KMS, behind Secrets Manager and SSM'),
  throttle(ANYWHERE, 'KmsThrottlingException', 'Step Functions, behind a customer-managed key'),
  throttle(ANYWHERE, 'ProvisionedThroughputExceededException', 'DynamoDB'),
  transient('ServerException', 'ECS: answered with HTTP 500 and 503'),
  transient('InternalFailure', COMMON),
  transient('InternalError', SDK),
  transient('InternalServerError', SDK),
  transient('InternalServerException', SDK),
  transient('ServiceUnavailable', COMMON),
  transient('ServiceUnavailableException', SDK),
];

/** Error names that throttles, want of room and mistakes share: the message decides. */
export const SHARED_ERROR_NAMES: readonly string[] = [
  'InvalidParameterException',
  'ClientException',
  // Of a limit of resources as well; a throttle only says that a rate was exceeded.
  'LimitExceededException',
];

/** Want of room. */
export const CAPACITY_TEXTS: readonly CapacityRow[] = [
  capacity(
    'fargateCapacity',
    ['failureReason', 'errorMessage', ...START],
    'Capacity is unavailable at this time',
    FAILURES,
  ),
  // vCPUs, tasks, spot tasks; the apostrophe is one of two.
  capacity(
    'fargate',
    ['failureReason', 'errorMessage', ...START],
    "You['’]ve reached the limit on the number of ",
    'copilot-cli#2685, #3064; wellcomecollection/platform#3875',
  ),
  // 500 tasks in PROVISIONING in a cluster with managed scaling.
  capacity('provisioning', ['errorMessage'], 'Tasks provisioning capacity limit exceeded', 'aws-sdk-ruby#3047'),
  capacity('instances', ['failureReason', ...START], 'RESOURCE:', `${FAILURES}; as a reason to stop: prefect#22410`),
  // The container agent is not connected.
  capacity('instances', ['failureReason', ...START], 'AGENT(?![\\w-])', FAILURES),
];

/** An address that a task got none of, as a service's own words say it behind a known beginning. */
export const NO_ADDRESS: CapacityRow = capacity('addresses', START, 'InsufficientFreeAddressesInSubnet\\b', 'EC2');

/** Whole texts of a start that throttling prevented: they hold no names. */
export const THROTTLED_STARTS: readonly TextRow[] = [
  // EC2 throttled while the interface was made.
  throttle(START, 'Timeout waiting for network interface provisioning', STOPPED),
  throttle(START, 'Rate limit exceeded while preparing network interface', STOPPED),
  throttle(START, 'Network interface provision complete error timeout', STOPPED),
  throttle(START, 'Timeout waiting for EphemeralStorage provisioning', STOPPED),
];

/** What a service says behind a known beginning, beside the names of ERROR_NAMES. */
export const CAUSES: readonly TextRow[] = [
  throttle(START, 'Rate (?:limit )?exceeded\\b', 'most services; ECR'),
  throttle(START, 'Request limit exceeded\\b', 'EC2'),
  throttle(START, 'You have exceeded the rate at which you may call KMS', 'KMS'),
  throttle(START, 'Please reduce your request rate', 'S3'),
  throttle(START, '503 Slow Down\\b', 'S3, where ECR keeps its layers'),
  throttle(START, 'toomanyrequests(?::?$|: )', `${PULL}; ECR in capitals`),
  throttle(START, '(?:429(?![\\w.:/-])|Too Many Requests\\b)', 'Docker Hub: prefect#12003; Quay in capitals'),
  throttle(START, 'You have reached your [\\w ]*pull rate limit', 'Docker Hub'),
  // Where a registry or a proxy before it does not answer in JSON.
  throttle(START, 'error parsing HTTP 429 response body', 'Docker'),
  NO_ADDRESS,
];

/** The beginning of a reason that also mistakes begin with: what follows it decides. */
export interface Beginning {
  readonly where: readonly Place[];
  /** From the text's first letter on; written by the service, up to the names that the text embeds. */
  readonly pattern: string;
  readonly source: string;
  /** A whole text: `{name}` is of a user's choice and has no spaces, `{text}` is of any characters, `{cause}` decides. */
  readonly examples: readonly string[];
}

export const BEGINNINGS: readonly Beginning[] = [
  {
    where: START,
    pattern: 'Unexpected EC2 error while attempting to ',
    source: STOPPED,
    examples: [
      "Unexpected EC2 error while attempting to Create Network Interface with public IP assignment enabled in subnet '{name}': {cause}",
    ],
  },
  {
    where: START,
    pattern: 'CannotPull\\w*Error: ',
    source: PULL,
    examples: [
      'CannotPullContainerError: Error response from daemon: {cause}',
      'CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref {name}: {cause}',
      'CannotPullContainerError: ref pull has been retried 1 time(s): failed to copy: httpReadSeeker: failed open: unexpected status code https://images.example/v2/{name}/manifests/latest: {cause}',
      "CannotPullContainerError: The task can't pull the image '{text}'. {cause}",
    ],
  },
  {
    where: START,
    pattern: 'ResourceInitializationError: ',
    source: 'https://docs.aws.amazon.com/AmazonECS/latest/developerguide/resource-initialization-error.html',
    examples: [
      'ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve ecr registry auth: service call has been retried 3 time(s): {cause}',
      'ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret {text} from secrets manager: {cause}',
      'ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: {cause}',
    ],
  },
  {
    where: START,
    pattern: '[Ff]etching secret data from SSM Parameter Store in [\\w-]+: ',
    source: 'ECS agent, ssmsecret.go: EC2 launch type',
    examples: ['Fetching secret data from SSM Parameter Store in us-east-1: {cause}'],
  },
  {
    where: START,
    pattern: '[Ff]etching secret data from AWS Secrets Manager in region [\\w-]+: (?:secret \\S+: )?',
    source: 'ECS agent, asmsecret.go: EC2 launch type',
    examples: [
      'Fetching secret data from AWS Secrets Manager in region us-east-1: secret arn:aws:secretsmanager:us-east-1:111122223333:secret:{name}: {cause}',
    ],
  },
  {
    where: START,
    pattern: '[Aa]sm fetching secret from the service for \\S+: ',
    source: 'ECS agent, asm.go: credentials of a registry, EC2 launch type',
    examples: [
      'Asm fetching secret from the service for arn:aws:secretsmanager:us-east-1:111122223333:secret:{name}: {cause}',
    ],
  },
  {
    where: START,
    pattern: '[Uu]nable to (?=download env file with key )',
    source: 'ECS agent, envfile.go: EC2 launch type',
    examples: ['Unable to download env file with key {text} from bucket {name}, error: {cause}'],
  },
  {
    where: START,
    // The words before the logging driver's own are Docker's. Commands, which users choose, stand in quotes there.
    pattern:
      '(?:Cannot(?:Start|Create)ContainerError: )?(?:[\\w ]+: ){0,4}failed to create Cloudwatch log (?:stream|group): ',
    source: "Docker's awslogs driver, EC2 launch type: moby#42088, moby#48522",
    examples: [
      'CannotStartContainerError: Error response from daemon: failed to initialize logging driver: failed to create Cloudwatch log stream: {cause}',
      'CannotStartContainerError: Error response from daemon: failed to create task for container: failed to initialize logging driver: failed to create Cloudwatch log group: {cause}',
    ],
  },
  {
    where: START,
    pattern: '(?=toomanyrequests: )',
    source: 'registries, without the agent’s words',
    examples: ['{cause}'],
  },
];

/** Names of any characters in a reason, by the words of the service around them. */
export const NAME_SLOTS: readonly { readonly before: string; readonly after: string }[] = [
  { before: 'failed to fetch secret ', after: ' from secrets manager: ' },
  { before: 'download env file with key ', after: ' from bucket \\S+?(?:, error)?: ' },
  { before: "pull the image '", after: "'\\. " },
];

/**
 * A throttle that ECS passes on as the text of a bad parameter; `{subnets}` and `{securityGroups}` are lists of the call's
 * own. The lab's ECS answers with these.
 */
export const WRAPPED_EXAMPLES: readonly string[] = [
  // https://github.com/dagster-io/dagster/issues/33439
  'Error retrieving subnet information for [{subnets}]: Rate exceeded (ErrorCode: Throttling)',
  // https://github.com/dask/dask-cloudprovider/issues/56
  'Error retrieving security group information for [{securityGroups}]: Request limit exceeded. (ErrorCode: RequestLimitExceeded)',
  // EC2's wording since 2020, with and without its tail.
  'Error retrieving subnet information for [{subnets}]: Request limit exceeded. Account 111122223333 has been throttled on ec2:DescribeSubnets because it exceeded its request rate limit. (ErrorCode: RequestLimitExceeded)',
  'Error retrieving subnet information for [{subnets}]: Request limit exceeded. Account 111122223333 has been throttled on ec2:DescribeSubnets because it exceeded its request rate limit.',
];

const throttleNames = ERROR_NAMES.filter((row) => row.class === 'throttle').map(({ pattern }) => pattern);
/** Beginnings of the service's own; a caller's names stand in the brackets, or further on. */
const WRAPPING =
  '(?:(?:Error|Failed|Failure|Unable|Unexpected|Could not|Cannot)[^:\\[\\]]*(?:\\[[^\\[\\]]*\\][^:\\[\\]]*)?: |[\\w.-]+: )';
const RATE_WORDS = '(?:Rate exceeded|Request limit exceeded)\\.?(?: Account [^()\\[\\]]*)?';
/** One more tail in parentheses, as such exceptions have, or what the cut of the text left of it. */
const REST = '(?: \\([^()]*\\)| \\(\\w*:? ?\\w*)?\\.?';

/**
 * The message of a wrapped throttle, from its first letter to its last: what stands between them may quote names that the
 * caller chose. In wrapbox#32 `com.amazonaws.services.ec2.model.AmazonEC2Exception: Request limit exceeded` stands before.
 * Query engines read it too: it holds nothing that only some of them know.
 */
export const WRAPPED_THROTTLE: TextRow = {
  where: ['errorMessage'],
  pattern: `^(?:${WRAPPING}{0,3}${RATE_WORDS}${REST}|(?:${WRAPPING}{1,3}[^:\\[\\]]*|\\w*) ?\\(ErrorCode: (?:${throttleNames.join('|')})\\)\\.?)$`,
  class: 'throttle',
  source: 'dagster#33439, construct-hub#415, dask-cloudprovider#56, wrapbox#32',
};
