import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type CloudWatchPlugin, outputOptions } from '../../../lib/firelens/output-options.ts';
import { generatedByFireLens } from '../../support/firelens-config.ts';

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

/** Neither npm nor Debian has it to install: where it is wanted, FLUENT_BIT names the binary. */
const binary = process.env.FLUENT_BIT ?? 'fluent-bit';
const installed = spawnSync(binary, ['--version']).status === 0;
if (!installed) {
  console.warn(
    `SKIPPED: no Fluent Bit to check the generated configuration with (${binary}). Install it, or name it in FLUENT_BIT.`,
  );
}

/** What Fluent Bit says until it creates a log stream, or ends by itself; nothing answers it. */
async function hear(own: Readonly<Record<string, string>>): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'fluent-bit-'));
  const file = join(folder, 'fluent-bit.conf');
  const generated = generatedByFireLens('app', { ...own, endpoint: '127.0.0.1' }, join(folder, 'fluent.sock'));
  writeFileSync(file, `${generated}\n[INPUT]\n    Name dummy\n    Tag app-firelens-4444\n    Samples 1\n`);
  const credentials = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };
  const router = spawn(binary, ['--config', file], { env: { ...process.env, ...credentials } });
  let heard = '';
  for (const output of [router.stdout, router.stderr]) {
    output.on('data', (chunk) => {
      heard += chunk;
      if (/Creating log stream .+\n/.test(heard)) router.kill('SIGKILL');
    });
  }
  await once(router, 'close');
  rmSync(folder, { recursive: true });
  return heard;
}

// Really started: a dry run does not look at the options of plugins, not in all versions.
describe.skipIf(!installed)('a real Fluent Bit', () => {
  test('names the stream after the container and the task', async () => {
    expect(await hear(options('cloudwatch_logs'))).toContain(
      'Creating log stream ecs/app-firelens-4444 in log group report\n',
    );
  });

  test('takes the variable of the plugin in Go for a name, in the one in C', async () => {
    const { log_stream_prefix, ...others } = options('cloudwatch_logs');
    expect(await hear({ ...others, log_stream_name: 'app-$(ecs_task_id)' })).toContain(
      'Creating log stream app-$(ecs_task_id) in log group report\n',
    );
  });

  test.each<[string, Record<string, string | undefined>]>([
    ['an option that is misspelt', { log_stream_prefx: 'app-' }],
    ['neither a name nor a prefix', { log_stream_prefix: undefined }],
    ['both', { log_stream_name: 'app' }],
  ])('does not start with %s', async (_, others) => {
    const changed = Object.entries({ ...options('cloudwatch_logs'), ...others });
    const given = changed.flatMap(([key, value]) => (value === undefined ? [] : [[key, value]]));
    // It ends by itself; not always is it heard why.
    expect(await hear(Object.fromEntries(given))).not.toContain('Creating log stream');
  });
});
