import { type App, Duration, Stack, Token } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { GraphWidget } from 'aws-cdk-lib/aws-cloudwatch';
import { Cluster } from 'aws-cdk-lib/aws-ecs';
import { Rule } from 'aws-cdk-lib/aws-events';
import { Role, ServicePrincipal, User } from 'aws-cdk-lib/aws-iam';
import { Architecture, Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { describe, expect, test } from 'vitest';
import { readSettings } from '../../lambda/core/settings.ts';
import { isKnownAtDeployment } from '../../lib/config/deployment-text.ts';
import { readConfiguration } from '../../lib/config/read-config.ts';
import type { Configuration } from '../../lib/config/schema.ts';
import { configurationOf } from '../../lib/construct-props.ts';
import { HANDLER_METADATA_KEY, SETTINGS_METADATA_KEY } from '../../lib/foundation/handler-function.ts';
import { EcsThrottleRemediation, type EcsThrottleRemediationProps } from '../../lib/index.ts';
import { ThrottleRemediationStack } from '../../lib/throttle-remediation-stack.ts';
import { construct as example, organization } from '../support/examples.ts';
import { type Json, testApp } from '../support/stacks.ts';

const ROLE = 'arn:aws:iam::111122223333:role/starter';
const LISTED = { mode: 'rerun', clusters: ['batch'], families: ['report'], cloudTrail: 'existing' } as const;
const ENV = { account: '111122223333', region: 'us-east-1' };

const appStack = (env?: typeof ENV) => new Stack(testApp(), 'SomeApp', { stackName: 'SomeApp', ...(env && { env }) });

function construct(props: Partial<EcsThrottleRemediationProps> = {}, stack = appStack()) {
  return new EcsThrottleRemediation(stack, 'Remediation', { ...LISTED, callers: [ROLE], ...props });
}

/** Resources without what is made of a construct's own id, without hashes, and without code, which is not bundled here. */
function withoutNames(stack: Stack, prefix = ''): Json {
  const { Resources } = Template.fromStack(stack).toJSON();
  const text = JSON.stringify(Resources, (key, value) => (['aws:cdk:path', 'Code'].includes(key) ? undefined : value));
  return JSON.parse(
    text
      .replaceAll(`SomeApp${prefix}`, 'SomeApp')
      .replaceAll(`"${prefix}`, '"')
      .replaceAll(/[0-9A-F]{8,}(?![0-9a-z])/g, (hashes) => hashes.slice(0, hashes.length % 8)),
  );
}

describe('the construct', () => {
  test('deploys what the stack of cdk.json deploys, but for names', () => {
    const [read] = readConfiguration({ ...LISTED, callers: [ROLE] });
    const stack = new ThrottleRemediationStack(testApp(), 'SomeApp', {
      configuration: read?.configuration as Configuration,
      stackName: 'SomeApp',
      env: ENV,
    });
    const own = construct({}, appStack(ENV));
    const [ours, theirs] = [withoutNames(Stack.of(own), 'Remediation'), withoutNames(stack)];
    expect(Object.keys(ours).toSorted()).toEqual(Object.keys(theirs).toSorted());
    expect(ours).toEqual(theirs);
  });

  test('turns each of its props into its key of the configuration', () => {
    const stack = appStack();
    const role = (id: string) => new Role(stack, id, { assumedBy: new ServicePrincipal('ecs-tasks.amazonaws.com') });
    const all: Required<EcsThrottleRemediationProps> = {
      mode: 'rerun',
      clusters: [new Cluster(stack, 'Cluster'), 'batch-*'],
      families: ['report'],
      callers: [ROLE, new User(stack, 'User'), { caller: role('Starter'), handsOver: true }, new Rule(stack, 'Rule')],
      passRoles: [role('Task')],
      allowedRoleOverrides: [role('Override')],
      allowExecuteCommand: true,
      allowWithoutClientToken: true,
      grace: Duration.minutes(1),
      maxAttempts: 3,
      maxGenerations: 1,
      deadline: Duration.minutes(20),
      maxTasksPerHour: 50,
      sweepEvery: Duration.hours(1),
      capacity: { rerun: false, deadline: Duration.hours(5) },
      rate: { maxPerSecond: 20 },
      cloudTrail: { logGroup: new LogGroup(stack, 'Trail'), bucket: new Bucket(stack, 'Bucket'), keyPrefix: 'trail' },
      investigation: { athena: false },
      monitoring: { dashboard: false },
      notifications: { topic: new Topic(stack, 'Topic'), runbookUrl: 'https://wiki.example.com/runbook' },
      architecture: Architecture.X86_64,
      encryption: 'awsOwned',
      retention: RetentionDays.ONE_WEEK,
    };
    const configuration = configurationOf(stack, 'Remediation', all);
    const [defaults] = readConfiguration({ cloudTrail: 'none' });
    const same = Object.entries(defaults?.configuration ?? {}).filter(
      ([key, value]) => JSON.stringify(configuration[key as keyof Configuration]) === JSON.stringify(value),
    );
    // The library acknowledges warnings of constructs itself.
    expect(same.map(([key]) => key)).toEqual(['acknowledgedWarnings']);
    expect(configuration).toMatchObject({ graceSeconds: 60, deadlineSeconds: 1200, sweep: { everyMinutes: 60 } });
    expect(configuration.callers.map(({ arn, ...marks }) => [isKnownAtDeployment(arn), marks])).toEqual([
      [false, {}],
      [true, {}],
      [true, { handsOver: true }],
      [true, { handsOver: true }],
    ]);
  });

  test('names the props that cannot be used, all at once', () => {
    const bad = () => construct({ deadline: Duration.hours(2), families: ['report:3'], passRoles: ['task'] });
    expect(bad).toThrow(
      /^Props that cannot be used:\n(.*\n)*- Remediation\.deadline: found 7200, expected a number, at most 3300/m,
    );
    expect(bad).toThrow(/- Remediation\.families\[0\]: found "report:3", .*"report"/);
    expect(bad).toThrow(/- Remediation\.passRoles\[0\]: found "task", expected the ARN of an IAM role/);
  });

  test('refuses what belongs to another account than its stack', () => {
    const foreign = 'arn:aws:iam::999999999999:role/starter';
    expect(() => construct({ callers: [foreign] }, appStack(ENV))).toThrow(
      `- Remediation.callers[0]: found "${foreign}", expected an ARN of account 111122223333`,
    );
  });

  test('warns as the stack does', () => {
    const own = construct({ families: ['*'] });
    Annotations.fromStack(Stack.of(own)).hasWarning('*', Match.stringLikeRegexp('families holds "\\*"'));
  });

  test('shows what other constructs need', () => {
    const own = construct();
    const stack = Stack.of(own);
    own.dashboard?.addWidgets(
      new GraphWidget({ left: [own.metricBroughtBack(), own.metricNotBroughtBack(), own.metricWaitSeconds()] }),
    );
    own.metricNotBroughtBack({ period: Duration.hours(1) });
    for (const resource of [own.topic.topicArn, own.rerunStateMachine.stateMachineArn, own.handOverQueue.queueUrl]) {
      expect(Token.isUnresolved(resource)).toBe(true);
    }
    const [{ Properties }] = Object.values<Json>(
      Template.fromStack(stack).findResources('AWS::CloudWatch::Dashboard'),
    ) as [Json];
    const body = JSON.stringify(Properties.DashboardBody);
    for (const label of ['Brought back', 'Not brought back', 'Seconds from call to task'])
      expect(body).toContain(label);
  });
});

describe('what only the deployment knows', () => {
  const stack = example.stack;
  const handlers = Object.values<Json>(Template.fromStack(stack).findResources('AWS::Lambda::Function')).filter(
    ({ Metadata }) => Metadata?.[HANDLER_METADATA_KEY],
  );

  test('reaches the handlers: the settings’ file names its place in a variable', () => {
    expect(handlers).toHaveLength(5);
    for (const { Metadata, Properties } of handlers) {
      const [, parts] = Properties.Environment.Variables.SETTINGS_VALUES['Fn::Join'];
      const values = parts.map((part: Json) =>
        typeof part === 'string' ? part : (part.Ref ?? part['Fn::GetAtt'].join('.')),
      );
      const settings = readSettings(JSON.stringify(Metadata[SETTINGS_METADATA_KEY]), values.join(''));
      expect(settings.clusters).toEqual([expect.stringMatching(/^Nightly/), 'imports']);
      expect(settings.callers).toEqual([{ arn: expect.stringMatching(/^Starter.*Arn$/), handsOver: true }]);
    }
  });

  test('is told from other texts as the library tells it', () => {
    const role = new Role(appStack(), 'Role', { assumedBy: new ServicePrincipal('ecs-tasks.amazonaws.com') });
    for (const text of [role.roleArn, `x${role.roleName}`, 'plain', '{0}', '${Tok']) {
      expect(isKnownAtDeployment(text)).toBe(Token.isUnresolved(text));
    }
  });

  test('has room for ten callers; of more, synth says what to write instead', () => {
    const withCallers = (count: number) => {
      const stack = appStack();
      const callers = Array.from(
        { length: count },
        (_, index) => new Role(stack, `Caller${index}`, { assumedBy: new ServicePrincipal('lambda.amazonaws.com') }),
      );
      construct({ callers }, stack);
      return stack.node.root as App;
    };
    expect(() => withCallers(10).synth()).not.toThrow();
    expect(() => withCallers(11).synth()).toThrow(
      /the environment \(write ARNs and names of roles, rules and clusters as texts\)/,
    );
  });

  test('stands nowhere where all is known', () => {
    const known = Template.fromStack(Stack.of(construct({}, appStack(ENV)))).findResources('AWS::Lambda::Function');
    expect(JSON.stringify(known)).not.toContain('SETTINGS_VALUES');
  });
});

describe('granting to hand over', () => {
  const starter = (stack: Stack) =>
    new Role(stack, 'Starter', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });

  test('lets a listed caller, or the function that acts under its role, send and encrypt', () => {
    const stack = appStack();
    const role = starter(stack);
    const own = construct({ callers: [{ caller: role, handsOver: true }] }, stack);
    own.grantHandOver(
      new LambdaFunction(stack, 'Launcher', {
        role,
        runtime: Runtime.NODEJS_24_X,
        handler: 'index.handler',
        code: Code.fromInline('exports.handler = () => {};'),
      }),
    );
    Template.fromStack(stack).hasResourceProperties('AWS::IAM::Policy', {
      Roles: [{ Ref: Match.stringLikeRegexp('^Starter') }],
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({ Action: 'sqs:SendMessage' }),
          Match.objectLike({ Action: ['kms:Decrypt', 'kms:GenerateDataKey'], Condition: Match.anyValue() }),
        ]),
      },
    });
  });

  test('refuses whom the queue would refuse, and says what to add', () => {
    const stack = appStack();
    const role = starter(stack);
    const own = construct({ callers: [role] }, stack);
    expect(() => own.grantHandOver(role)).toThrow(
      /expected one of callers\. Add \{ caller: …, handsOver: true \} there/,
    );
    expect(() => own.grantHandOver(new ServicePrincipal('events.amazonaws.com'))).toThrow(/neither a role nor a user/);
  });
});

describe('the example of the construct', () => {
  test('synthesizes, and tells people in Slack through one topic', () => {
    const template = Template.fromStack(example.stack);
    template.resourceCountIs('AWS::SNS::Topic', 1);
    template.hasResourceProperties('AWS::Chatbot::SlackChannelConfiguration', {
      SnsTopicArns: [{ Ref: Match.stringLikeRegexp('^People') }],
    });
    const alarms = Object.values<Json>(template.findResources('AWS::CloudWatch::Alarm'));
    expect(alarms.some(({ Properties }) => JSON.stringify(Properties.AlarmActions ?? '').includes('People'))).toBe(
      true,
    );
    expect(example.app.synth().stacks.map(({ stackName }) => stackName)).toEqual(['Batch']);
  });
});

describe('the example of an organization', () => {
  test('puts the stack into each account and Region, with one topic for each Region and one dashboard for all', () => {
    const assembly = organization.app.synth();
    const templates = assembly.stacksRecursively.map(({ environment: { account, region }, template }) => {
      const has = (type: string) => Object.values<Json>(template.Resources).filter(({ Type }) => Type === type);
      return { place: `${account} ${region}`, has };
    });
    const placesWith = (type: string) =>
      templates.flatMap(({ place, has }) => (has(type).length > 0 ? [place] : [])).toSorted();
    expect(placesWith('AWS::DynamoDB::Table')).toEqual([
      '111122223333 eu-west-1',
      '111122223333 us-east-1',
      '444455556666 eu-west-1',
    ]);
    // The stacks themselves have none.
    expect(placesWith('AWS::SNS::Topic')).toEqual(['999988887777 eu-west-1', '999988887777 us-east-1']);
    const overview = templates.flatMap(({ has }) => has('AWS::CloudWatch::Dashboard')).at(-1);
    for (const account of ['111122223333', '444455556666']) expect(JSON.stringify(overview)).toContain(account);
  });
});
