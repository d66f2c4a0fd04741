import type { Clients } from '../../ops/aws/clients.ts';

/** What AWS answers, by the name of the command; what is not there is not asked. */
export type Answers = Readonly<Record<string, unknown>>;

interface Asked {
  readonly name: string;
  readonly input: Readonly<Record<string, unknown>>;
}

const ACCOUNT = '111122223333';
const place = `us-east-1:${ACCOUNT}`;
const MACHINE = `arn:aws:states:${place}:stateMachine`;

const resource = (LogicalResourceId: string, ResourceType: string, PhysicalResourceId = LogicalResourceId) => ({
  LogicalResourceId,
  ResourceType,
  PhysicalResourceId,
});
const outputs = {
  RerunStateMachine: `${MACHINE}:Rerun`,
  SweepStateMachine: `${MACHINE}:Sweep`,
  IntakeQueue: 'https://sqs/Intake',
  NotificationTopic: `arn:aws:sns:${place}:Topic`,
  HandOverQueueUrl: 'https://sqs/HandOver',
};

export const STACK = {
  StackName: 'EcsThrottleRemediation',
  StackId: `arn:aws:cloudformation:${place}:stack/EcsThrottleRemediation/1`,
  StackStatus: 'CREATE_COMPLETE',
  Tags: [{ Key: 'ecs-throttle-remediation', Value: 'stack' }],
  Outputs: Object.entries(outputs).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue })),
};

const SETTINGS = {
  mode: 'rerun',
  clusters: ['batch'],
  families: ['report'],
  callers: [{ arn: `arn:aws:iam::${ACCOUNT}:role/cron`, handsOver: true }],
};

export const templateWith = (settings: object) => ({
  TemplateBody: JSON.stringify({
    Resources: { Handler: { Metadata: { 'ecs-throttle-remediation:settings': { ...SETTINGS, ...settings } } } },
  }),
});

/** An account in which everything is as it should be. */
export const HEALTHY: Answers = {
  DescribeStacksCommand: { Stacks: [{ StackName: 'Other', Outputs: [] }, STACK] },
  ListStackResourcesCommand: {
    StackResourceSummaries: [
      resource('StateTable', 'AWS::DynamoDB::Table'),
      resource('IntakeRunTaskCalled', 'AWS::Events::Rule'),
      resource('IntakeEventSource', 'AWS::Lambda::EventSourceMapping', 'uuid-1'),
      resource('IntakeQueue1234ABCD', 'AWS::SQS::Queue'),
      resource('IntakeDeadLetterQueue1234ABCD', 'AWS::SQS::Queue'),
      resource('AlarmsGaveUp', 'AWS::CloudWatch::Alarm'),
      resource('Key', 'AWS::KMS::Key'),
      resource('RerunRunTaskRole', 'AWS::IAM::Role'),
      resource('IntakeHandlerLogs', 'AWS::Logs::LogGroup'),
    ],
  },
  GetTemplateCommand: templateWith({}),
  DescribeRuleCommand: { State: 'ENABLED' },
  GetEventSourceMappingCommand: { State: 'Enabled' },
  DescribeTrailsCommand: { trailList: [{ Name: 'trail', TrailARN: 'arn:trail' }] },
  GetTrailStatusCommand: { IsLogging: true },
  DescribeAlarmsCommand: { MetricAlarms: [{ AlarmName: 'AlarmsGaveUp', StateValue: 'OK' }] },
  ListSubscriptionsByTopicCommand: { Subscriptions: [{ SubscriptionArn: 'arn:aws:sns:subscription' }] },
  SimulatePrincipalPolicyCommand: { EvaluationResults: [{ EvalActionName: 'kms:Decrypt', EvalDecision: 'allowed' }] },
  GetQueueAttributesCommand: { Attributes: { ApproximateNumberOfMessages: '0' } },
  GetItemCommand: {},
  ListExecutionsCommand: { executions: [] },
};

/** Clients of an account that answers so, and what it was asked. */
export function accountOf(answers: Answers) {
  const asked: Asked[] = [];
  const send = async (command: { readonly input: Asked['input'] }) => {
    const { name } = command.constructor;
    asked.push({ name, input: command.input });
    if (!(name in answers)) throw Object.assign(new Error(`no answer to ${name}`), { name: 'AccessDeniedException' });
    const answer = answers[name];
    const given = typeof answer === 'function' ? answer(command.input) : answer;
    if (given instanceof Error) throw given;
    return given;
  };
  const clients = new Proxy({} as Clients, { get: (_, name) => (name === 'then' ? undefined : { send }) });
  return { asked, account: { clients: async () => clients } };
}
