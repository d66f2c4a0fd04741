import { describe, expect, test } from 'vitest';
import { type LogRouter, logStreamScope } from '../../../lib/firelens/log-stream-scope.ts';

type Kind = ReturnType<typeof logStreamScope>['kind'];
type Row = readonly [what: string, options: Record<string, unknown>, kind: Kind, router?: LogRouter];

const STABLE = { image: '111122223333.dkr.ecr.us-east-1.amazonaws.com/aws-for-fluent-bit:stable' };
const INIT = { image: 'public.ecr.aws/aws-observability/aws-for-fluent-bit:init-3.4.2' };
const OWN = { image: '111122223333.dkr.ecr.us-east-1.amazonaws.com/router:7' };
const TOKEN = { Ref: 'Name' };
/** How Fluent Bit's configuration writes a variable of the router's environment. */
const variable = (name: string) => `$\{${name}}`;

const C: readonly Row[] = [
  ['a static name', { log_stream_name: 'app' }, 'shared'],
  ['a prefix', { log_stream_prefix: 'app-' }, 'perTask'],
  ['a prefix that is a token', { log_stream_prefix: TOKEN }, 'perTask'],
  ['a name that is a token', { log_stream_name: TOKEN }, 'unknown'],
  ['neither', {}, 'rejected'],
  ['both', { log_stream_name: 'app', log_stream_prefix: 'app-' }, 'rejected'],
  ['the variable of the plugin in Go', { log_stream_name: 'app-$(ecs_task_id)' }, 'shared'],
  [
    'the task id, on an image that does not set it',
    { log_stream_name: `app-${variable('ECS_TASK_ID')}` },
    'shared',
    STABLE,
  ],
  ['the task id, on an init image', { log_stream_name: `app-${variable('ECS_TASK_ID')}` }, 'perTask', INIT],
  ['the task id, on an own image', { log_stream_name: `app-${variable('ECS_TASK_ID')}` }, 'unknown', OWN],
  ['the task id, on an image that is a token', { log_stream_name: `app-${variable('ECS_TASK_ID')}` }, 'unknown'],
  ['another variable', { log_stream_name: variable('HOSTNAME') }, 'unknown'],
  ['a template of the tag', { log_stream_template: 'app-$TAG', log_stream_name: 'app' }, 'perTask'],
  ['a template of all of the tag', { log_stream_template: '$TAG[0]', log_stream_name: 'app' }, 'perTask'],
  ['a template of a part of the tag', { log_stream_template: '$TAG[1]', log_stream_name: 'app' }, 'unknown'],
  ['a template of the container', { log_stream_template: '$container_id', log_stream_name: 'app' }, 'perTask'],
  ['a template of the task’s ARN', { log_stream_template: '$ecs_task_arn', log_stream_name: 'app' }, 'rejected'],
  ['a template of the lines', { log_stream_template: '$level', log_stream_name: 'app' }, 'unknown'],
  ['a template without a variable', { log_stream_template: 'app', log_stream_prefix: 'app-' }, 'shared'],
  ['a template that is a token', { log_stream_template: TOKEN, log_stream_prefix: 'app-' }, 'unknown'],
  ['a template alone', { log_stream_template: 'app-$TAG' }, 'rejected'],
  ['a template in Go’s syntax', { log_stream_template: '$(ecs_task_id)', log_stream_name: 'app' }, 'shared'],
  ['the same over a prefix', { log_stream_template: '$(ecs_task_id)', log_stream_prefix: 'app-' }, 'perTask'],
  ['keys in another case', { Log_Stream_Prefix: 'app-' }, 'perTask'],
  ['a prefix beside a file', { log_stream_prefix: 'app-' }, 'perTask', { configFileType: 'file' }],
];

const GO: readonly Row[] = [
  ['a static name', { log_stream_name: 'app' }, 'shared'],
  ['a prefix', { log_stream_prefix: 'app-' }, 'perTask'],
  ['neither', {}, 'rejected'],
  ['both', { log_stream_name: 'app', log_stream_prefix: 'app-' }, 'rejected'],
  ['the task id', { log_stream_name: 'app-$(ecs_task_id)' }, 'perTask'],
  ['the task’s ARN', { log_stream_name: 'app-$(ecs_task_arn)' }, 'perTask'],
  ['the tag', { log_stream_name: '$(tag)' }, 'perTask'],
  ['all of the tag', { log_stream_name: '$(tag[0])' }, 'perTask'],
  ['a part of the tag that there is not', { log_stream_name: '$(tag[1])' }, 'unknown'],
  ['an id of the router', { log_stream_name: 'app-$(uuid)' }, 'perTask'],
  ['the cluster', { log_stream_name: '$(ecs_cluster)' }, 'unknown'],
  ['a field of the lines', { log_stream_name: "$(kubernetes['pod_name'])" }, 'unknown'],
  ['the variable of init images', { log_stream_name: variable('ECS_TASK_ID') }, 'perTask', INIT],
  ['the same, on another image', { log_stream_name: variable('ECS_TASK_ID') }, 'shared', STABLE],
  ['the option of the plugin in C', { log_stream_template: '$TAG' }, 'rejected'],
];

const ELSEWHERE: readonly Row[] = [
  ['Firehose', { Name: 'kinesis_firehose', delivery_stream: 'logs' }, 'notCloudWatch'],
  ['a plugin that is a token', { Name: TOKEN }, 'unknown'],
  ['a file', {}, 'unknown', { configFileType: 'file' }],
  ['an object in S3', {}, 'unknown', { configFileType: 's3' }],
  ['no plugin at all', {}, 'unknown'],
  ['Fluentd', { '@type': 'cloudwatch_logs', log_stream_name: 'app' }, 'unknown'],
];

describe.each(Object.entries({ cloudwatch_logs: C, cloudwatch: GO }))('with the plugin %s', (plugin, rows) => {
  for (const [what, options, kind, router] of rows) {
    test(`${what}: ${kind}`, () => {
      expect(logStreamScope({ Name: plugin, ...options }, router).kind).toBe(kind);
    });
  }
});

describe('with something else', () => {
  for (const [what, options, kind, router] of ELSEWHERE) {
    test(`${what}: ${kind}`, () => {
      expect(logStreamScope(options, router).kind).toBe(kind);
    });
  }
});

describe('people are told', () => {
  test('what shares a stream, and what to write instead', () => {
    expect(logStreamScope({ Name: 'cloudwatch_logs', log_stream_name: 'app' })).toEqual({
      kind: 'shared',
      reason: 'log_stream_name "app" is the same for all tasks',
      fix: 'Replace log_stream_name by log_stream_prefix, to which the tag "{container}-firelens-{task id}" is appended; PerTaskFireLens does it.',
    });
  });

  test('of the fix that keeps the plugin in Go', () => {
    expect(logStreamScope({ Name: 'cloudwatch', log_stream_name: 'app' })).toMatchObject({
      fix: expect.stringContaining('$(ecs_task_id)'),
    });
  });

  test.each(['s3', 'file'])('that a configuration from %s is not read', (configFileType) => {
    expect(logStreamScope({}, { configFileType })).toEqual({
      kind: 'unknown',
      reason: `the outputs are in a configuration file (config-file-type ${configFileType}), which is not read at synth`,
    });
  });

  test('what Fluent Bit found and expects where it does not start', () => {
    expect(logStreamScope({ Name: 'cloudwatch_logs' })).toMatchObject({
      reason: 'expected one of log_stream_name and log_stream_prefix, found neither: Fluent Bit does not start',
    });
  });
});
