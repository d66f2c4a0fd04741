import { type App, Stack } from 'aws-cdk-lib';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import { ContainerImage, Ec2TaskDefinition, FargateTaskDefinition } from 'aws-cdk-lib/aws-ecs';
import { Key } from 'aws-cdk-lib/aws-kms';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { describe, expect, test } from 'vitest';
import { PerTaskFireLens } from '../../../lib/index.ts';
import { firelens as example } from '../../support/examples.ts';
import { logging, look } from '../../support/firelens.ts';
import { findingsIn } from '../../support/nag.ts';
import { type Json, plainApp } from '../../support/stacks.ts';

const byDefault = look(logging());
const inGo = look(logging({ fireLens: { plugin: 'cloudwatch' } }));

describe('FireLens for a task definition', () => {
  test('sends each container’s lines to streams that are named after its tag, in a group that exists', () => {
    for (const name of ['app', 'proxy']) {
      expect(byDefault.container(name).LogConfiguration).toEqual({
        LogDriver: 'awsfirelens',
        Options: {
          Name: 'cloudwatch_logs',
          region: { Ref: 'AWS::Region' },
          log_group_name: { Ref: byDefault.idOf('FireLensLogGroup') },
          log_stream_prefix: 'ecs/',
          auto_create_group: 'false',
          retry_limit: '5',
        },
      });
    }
  });

  test('with the plugin in Go, names the task and the container', () => {
    for (const name of ['app', 'proxy']) {
      const { Options } = inGo.container(name).LogConfiguration;
      expect(Options).toMatchObject({ Name: 'cloudwatch', log_stream_name: `ecs/${name}-firelens-$(ecs_task_id)` });
      expect(Options).not.toHaveProperty('log_stream_prefix');
    }
  });

  test('takes more options for one container', () => {
    const { container } = look(logging({ options: { log_key: 'log', 'exclude-pattern': 'DEBUG' } }));
    expect(container('app').LogConfiguration.Options).toMatchObject({ log_key: 'log', 'exclude-pattern': 'DEBUG' });
    expect(container('proxy').LogConfiguration.Options).not.toHaveProperty('log_key');
  });

  test('has one router, essential, with the configuration that gives it a grace period', () => {
    expect(byDefault.container('log-router')).toMatchObject({
      Essential: true,
      FirelensConfiguration: {
        Type: 'fluentbit',
        Options: {
          'config-file-type': 'file',
          'config-file-value': '/fluent-bit/configs/output-metrics-healthcheck.conf',
        },
      },
    });
  });

  test('lets the router stop for longer than its grace period of 30 s, and with the app for no longer than 120 s', () => {
    const { StopTimeout } = byDefault.container('log-router');
    expect(StopTimeout).toBeGreaterThan(30);
    expect(StopTimeout + 30).toBeLessThanOrEqual(120);
  });

  test('asks the router whether it answers, not whether CloudWatch Logs does', () => {
    expect(byDefault.container('log-router').HealthCheck.Command).toEqual([
      'CMD-SHELL',
      'curl -f -s http://127.0.0.1:2020/api/v1/uptime || exit 1',
    ]);
  });

  test('keeps the router’s own lines in a group of their own, without waiting for CloudWatch Logs', () => {
    expect(byDefault.container('log-router').LogConfiguration).toMatchObject({
      LogDriver: 'awslogs',
      Options: { 'awslogs-group': { Ref: byDefault.idOf('FireLensRouterLogGroup') }, mode: 'non-blocking' },
    });
  });

  test('lets the task write to its log group, and to nothing else', () => {
    expect(byDefault.statements('TaskTaskRole')).toEqual([
      {
        Effect: 'Allow',
        Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        Resource: { 'Fn::GetAtt': [byDefault.idOf('FireLensLogGroup'), 'Arn'] },
      },
    ]);
  });

  test('with the plugin in Go, lets it look at the group’s streams too', () => {
    expect(inGo.statements('TaskTaskRole')).toEqual([
      {
        Effect: 'Allow',
        Action: ['logs:CreateLogStream', 'logs:PutLogEvents', 'logs:DescribeLogStreams'],
        Resource: { 'Fn::GetAtt': [inGo.idOf('FireLensLogGroup'), 'Arn'] },
      },
    ]);
  });

  test('lets ECS pull the router’s image from AWS’s repository in this Region', () => {
    const [token, pull, ...others] = byDefault.statements('FireLensPullRouterImage');
    expect(others).toEqual([]);
    expect(token).toMatchObject({ Action: 'ecr:GetAuthorizationToken', Resource: '*' });
    expect(pull.Resource['Fn::Join'][1].at(-1)).toBe(':*:repository/aws-for-fluent-bit');
    byDefault.template.hasParameter('*', { Default: '/aws/service/aws-for-fluent-bit/stable' });
  });

  test('takes an image of yours, and grants nothing for AWS’s then', () => {
    const own = look(logging({ fireLens: { image: ContainerImage.fromRegistry('router:7') } }));
    expect(own.container('log-router').Image).toBe('router:7');
    expect(own.statements('FireLensPullRouterImage')).toEqual([]);
  });

  test('keeps lines for a month, or as long as you say', () => {
    byDefault.template.allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: 30 });
    const { template } = look(logging({ fireLens: { retention: RetentionDays.ONE_DAY } }));
    template.allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: 1 });
  });

  test('encrypts both groups with a key that is given, which CloudWatch Logs may use for this account’s groups', () => {
    const { properties, idOf } = look(logging({ withKey: true }));
    for (const { KmsKeyId } of properties('AWS::Logs::LogGroup')) {
      expect(KmsKeyId).toEqual({ 'Fn::GetAtt': [idOf('Key'), 'Arn'] });
    }
    const [{ KeyPolicy }] = properties('AWS::KMS::Key');
    const ofServices = KeyPolicy.Statement.filter(({ Principal }: Json) => Principal.Service);
    expect(ofServices).toHaveLength(1);
    expect(Object.keys(ofServices[0].Condition.ArnLike)).toEqual(['kms:EncryptionContext:aws:logs:arn']);
  });

  test('says what the policy of a key from elsewhere has to allow', () => {
    const stack = new Stack(plainApp(), 'Stack');
    const taskDefinition = new FargateTaskDefinition(stack, 'Task');
    const encryptionKey = Key.fromKeyArn(stack, 'Key', 'arn:aws:kms:us-east-1:111122223333:key/1');
    new PerTaskFireLens(stack, 'FireLens', { taskDefinition, encryptionKey });
    Annotations.fromStack(stack).hasWarning('*', Match.stringLikeRegexp('its policy has to let logs\\..* use it'));
  });

  test('works for tasks on EC2', () => {
    const stack = new Stack(plainApp(), 'Stack');
    const taskDefinition = new Ec2TaskDefinition(stack, 'Task');
    const fireLens = new PerTaskFireLens(stack, 'FireLens', { taskDefinition });
    taskDefinition.addContainer('app', {
      image: ContainerImage.fromRegistry('app'),
      memoryReservationMiB: 64,
      logging: fireLens.logDriver(),
    });
    expect(look({ stack }).container('log-router').MemoryReservation).toBeGreaterThan(0);
  });
});

describe('the example', () => {
  test('synthesizes, and the check has nothing to say of it', () => {
    expect(example.app.synth().stacks.map(({ stackName }) => stackName)).toEqual(['FireLensExample']);
    Annotations.fromStack(example.stack).hasNoWarning('*', Match.anyValue());
    Annotations.fromStack(example.stack).hasNoInfo('*', Match.anyValue());
  });
});

describe('cdk-nag (AwsSolutions, Serverless) finds nothing that is not acknowledged', () => {
  test.each<[string, () => Stack]>([
    ['by default', () => logging().stack],
    ['with the plugin in Go', () => logging({ fireLens: { plugin: 'cloudwatch' } }).stack],
    ['in a known place', () => logging({ stack: { env: { account: '111122223333', region: 'eu-west-1' } } }).stack],
    ['in the example', () => example.stack],
  ])('%s', (_, stackOf) => {
    expect(findingsIn(stackOf().node.root as App)).toEqual([]);
  });
});
