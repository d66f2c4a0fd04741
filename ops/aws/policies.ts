/** The least that a command has to be allowed; resources are narrowed to the stack's where it is known which they are. */
export interface Statement {
  readonly Effect: 'Allow';
  readonly Action: readonly string[];
  readonly Resource: string | readonly string[];
}

const allow = (Action: readonly string[], Resource: Statement['Resource'] = '*'): Statement => ({
  Effect: 'Allow',
  Action,
  Resource,
});

const FIND = allow(['cloudformation:DescribeStacks', 'cloudformation:ListStackResources']);
const SETTINGS = allow(['cloudformation:GetTemplate'], 'arn:*:cloudformation:*:*:stack/STACK/*');
const TABLE = 'arn:*:dynamodb:*:*:table/STACK-*';
const MACHINES = 'arn:*:states:*:*:stateMachine:*';
const EXECUTIONS = 'arn:*:states:*:*:execution:*:*';
/** Of a stack whose data are encrypted with its own key. */
const KEY = allow(['kms:Decrypt'], 'arn:*:kms:*:*:key/KEY-OF-THE-STACK');

/** By command. `STACK` and `KEY-OF-THE-STACK` stand for names that only the account knows. */
export const POLICIES: Readonly<Record<string, readonly Statement[]>> = {
  probe: [allow(['cloudtrail:LookupEvents'])],
  status: [
    FIND,
    SETTINGS,
    allow([
      'cloudtrail:DescribeTrails',
      'cloudtrail:GetTrailStatus',
      'cloudwatch:DescribeAlarms',
      'events:DescribeRule',
      'iam:SimulatePrincipalPolicy',
      'lambda:GetEventSourceMapping',
      'sns:ListSubscriptionsByTopic',
      'sqs:GetQueueAttributes',
    ]),
    allow(['dynamodb:GetItem'], TABLE),
    allow(['states:ListExecutions'], MACHINES),
    KEY,
  ],
  pause: [FIND, allow(['dynamodb:GetItem', 'dynamodb:PutItem'], TABLE), KEY],
  resume: [FIND, allow(['dynamodb:GetItem', 'dynamodb:DeleteItem'], TABLE), KEY],
  sweep: [FIND, allow(['states:StartExecution'], MACHINES), allow(['states:DescribeExecution'], EXECUTIONS), KEY],
  redrive: [
    FIND,
    allow(['states:ListExecutions'], MACHINES),
    allow(['states:DescribeExecution', 'states:RedriveExecution'], EXECUTIONS),
    KEY,
  ],
  drill: [
    FIND,
    SETTINGS,
    allow([
      'cloudtrail:LookupEvents',
      'cloudtrail:DescribeTrails',
      'cloudtrail:GetTrailStatus',
      'ecs:DescribeTasks',
      'logs:FilterLogEvents',
      'sqs:GetQueueAttributes',
    ]),
    allow(['dynamodb:GetItem'], TABLE),
    allow(['states:DescribeExecution', 'states:GetExecutionHistory'], EXECUTIONS),
    allow(['sts:AssumeRole'], 'ARN-OF-A-ROLE-THAT-HANDS-OVER'),
    KEY,
  ],
};

export const policyText = (command: string): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: POLICIES[command] ?? [] }, undefined, 2);
