import { Aspects, Stack } from 'aws-cdk-lib';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import { CfnTaskDefinition, ContainerImage, FargateTaskDefinition, FireLensLogDriver } from 'aws-cdk-lib/aws-ecs';
import { describe, test } from 'vitest';
import { StaticLogStreamCheck, type StaticLogStreamCheckProps } from '../../../lib/index.ts';
import { logging } from '../../support/firelens.ts';
import { plainApp } from '../../support/stacks.ts';

const image = ContainerImage.fromRegistry('app');
const INIT_ROUTER = 'public.ecr.aws/aws-observability/aws-for-fluent-bit:init-3.4.2';

/** How Fluent Bit's configuration writes a variable of the router's environment. */
const variable = (name: string) => `$\{${name}}`;

/** What the check says of a task definition whose container `app` has these log options. */
function checked(options: Record<string, string>, props: StaticLogStreamCheckProps = {}): Annotations {
  const stack = new Stack(plainApp(), 'Stack');
  const taskDefinition = new FargateTaskDefinition(stack, 'Task');
  taskDefinition.addContainer('app', { image, logging: new FireLensLogDriver({ options }) });
  Aspects.of(stack).add(new StaticLogStreamCheck(props));
  return Annotations.fromStack(stack);
}

/** The same of one that is written on the lower level, with a router of this image. */
function checkedRaw(options: Record<string, string>, router: string): Annotations {
  const stack = new Stack(plainApp(), 'Stack');
  new CfnTaskDefinition(stack, 'Raw', {
    containerDefinitions: [
      { name: 'router', image: router, firelensConfiguration: { type: 'fluentbit' } },
      { name: 'app', image: 'app', logConfiguration: { logDriver: 'awsfirelens', options } },
    ],
  });
  Aspects.of(stack).add(new StaticLogStreamCheck());
  return Annotations.fromStack(stack);
}

describe('the check of log streams', () => {
  const anything = Match.anyValue();

  test('warns of a stream that all tasks share, with the fix', () => {
    checked({ Name: 'cloudwatch_logs', log_stream_name: 'app' }).hasWarning(
      '/Stack/Task/Resource',
      Match.stringLikeRegexp(
        'Container app of all tasks: log_stream_name "app" .* Replace log_stream_name by log_stream_prefix',
      ),
    );
  });

  test('warns of options with which Fluent Bit does not start', () => {
    checked({ Name: 'cloudwatch_logs' }).hasWarning('*', Match.stringLikeRegexp('Fluent Bit does not start'));
  });

  test('is content with a prefix', () => {
    checked({ Name: 'cloudwatch_logs', log_stream_prefix: 'app-' }).hasNoWarning('*', anything);
  });

  test('says of what it cannot tell that it cannot', () => {
    const annotations = checked({ Name: 'cloudwatch_logs', log_stream_name: variable('HOSTNAME') });
    annotations.hasNoWarning('*', anything);
    annotations.hasInfo('*', Match.stringLikeRegexp("not checked, .* depends on the router's environment"));
  });

  test('looks at task definitions of the lower level, and at the router’s image', () => {
    const options = { Name: 'cloudwatch_logs', log_stream_name: variable('ECS_TASK_ID') };
    checkedRaw(options, INIT_ROUTER).hasNoWarning('*', anything);
    checkedRaw(options, 'x/aws-for-fluent-bit:3.4.2').hasWarning('/Stack/Raw', Match.stringLikeRegexp('init-'));
  });

  test.each([
    ['within the quota', { tasksPerSecond: 16 }, false],
    ['beyond it', { tasksPerSecond: 20 }, true],
    ['within a quota that was raised', { tasksPerSecond: 20, createLogStreamPerSecond: 60 }, false],
    ['at a rate that is not declared', {}, false],
  ])('counts a stream for each container, the router’s too, for launches %s', (_, props, warns) => {
    const { stack } = logging();
    Aspects.of(stack).add(new StaticLogStreamCheck(props));
    const annotations = Annotations.fromStack(stack);
    if (warns) {
      annotations.hasWarning(
        '*',
        Match.stringLikeRegexp(
          '20 tasks per second with 3 log streams each create 60 a second; .* Launch at most 16 tasks',
        ),
      );
    } else annotations.hasNoWarning('*', anything);
  });

  test('counts no streams that all tasks share', () => {
    const annotations = checked({ Name: 'cloudwatch_logs', log_stream_name: 'app' }, { tasksPerSecond: 49 });
    annotations.hasNoWarning('*', Match.stringLikeRegexp('a second;'));
  });
});
