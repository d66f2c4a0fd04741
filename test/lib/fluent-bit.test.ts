import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type CloudWatchPlugin, outputOptions } from '../../lib/firelens/output-options.ts';
import { generatedByFireLens } from '../support/firelens-config.ts';

const options = (plugin: CloudWatchPlugin) =>
  outputOptions({ plugin, containerName: 'app', logGroupName: 'report', region: 'us-east-1' });

/** Of any output: https://docs.fluentbit.io/manual/administration/scheduling-and-retries */
const OF_ANY_OUTPUT = ['name', 'retry_limit'];
/** What each plugin reads, from its source: Fluent Bit does not start with an option that a plugin in C does not know. */
const KNOWN: Readonly<Record<CloudWatchPlugin, readonly string[]>> = {
  // config_map in plugins/out_cloudwatch_logs/cloudwatch_logs.c of Fluent Bit 1.9 and later
  cloudwatch_logs: [
    ...[
      'region',
      'log_group_name',
      'log_stream_name',
      'log_stream_prefix',
      'log_group_template',
      'log_stream_template',
    ],
    ...['log_key', 'extra_user_agent', 'log_format', 'role_arn', 'auto_create_group', 'auto_retry_requests'],
    ...['log_retention_days', 'endpoint', 'sts_endpoint', 'external_id', 'metric_namespace', 'metric_dimensions'],
  ],
  // the table in the README of amazon-cloudwatch-logs-for-fluent-bit
  cloudwatch: [
    ...['region', 'log_group_name', 'log_stream_name', 'default_log_group_name', 'default_log_stream_name'],
    ...['log_stream_prefix', 'log_key', 'log_format', 'role_arn', 'auto_create_group', 'auto_create_stream'],
    ...['new_log_group_tags', 'log_retention_days', 'endpoint', 'sts_endpoint', 'credentials_endpoint'],
  ],
};

describe('the options of a log driver', () => {
  test.each(['cloudwatch_logs', 'cloudwatch'] as const)('are all known to the plugin %s', (plugin) => {
    const known = [...OF_ANY_OUTPUT, ...KNOWN[plugin]];
    for (const option of Object.keys(options(plugin))) expect(known).toContain(option.toLowerCase());
  });

  test('name the same stream with either plugin, once the variables have their values', () => {
    const tag = 'app-firelens-4444';
    const byPrefix = `${options('cloudwatch_logs').log_stream_prefix}${tag}`;
    const byVariable = options('cloudwatch').log_stream_name?.replace('$(ecs_task_id)', '4444');
    expect(byVariable).toBe(byPrefix);
  });
});

/** No registry of packages that the tests install from has it: where it is wanted, FLUENT_BIT names the binary. */
const binary = process.env.FLUENT_BIT ?? 'fluent-bit';
const installed = spawnSync(binary, ['--version']).status === 0;
if (!installed) {
  console.warn(
    `SKIPPED: no Fluent Bit to check the generated configuration with (${binary}). Install it, or name it in FLUENT_BIT.`,
  );
}

describe.skipIf(!installed)('a real Fluent Bit', () => {
  const dryRun = (configuration: string) => {
    const folder = mkdtempSync(join(tmpdir(), 'fluent-bit-'));
    const file = join(folder, 'fluent-bit.conf');
    writeFileSync(file, configuration);
    const { status } = spawnSync(binary, ['--dry-run', '--config', file]);
    rmSync(folder, { recursive: true });
    return status;
  };

  test('accepts the configuration that ECS makes of the options', () => {
    expect(dryRun(generatedByFireLens('app', options('cloudwatch_logs')))).toBe(0);
  });

  test('would have refused an option that is misspelt', () => {
    expect(dryRun(generatedByFireLens('app', { ...options('cloudwatch_logs'), log_stream_prefx: 'app-' }))).not.toBe(0);
  });
});
