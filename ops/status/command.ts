import { buildCommand } from '@stricli/core';
import { type AwsFlags, awsFlags } from '../aws/flags.ts';
import type { OpsContext } from '../context.ts';

const DESCRIPTION = `Whether the stack is able to bring calls back now: mode, pause, rules, event sources, trail, what waits, rate and bucket, last
results, alarms, subscriptions. It reads and changes nothing.

Exit code: 0 able, 1 something keeps it from bringing calls back or needs a person, 2 bad usage or input.`;

export const statusCommand = buildCommand<AwsFlags, [], OpsContext>({
  docs: { brief: 'Say whether the stack is able to bring calls back now', fullDescription: DESCRIPTION },
  parameters: { flags: awsFlags },
  loader: async () => (await import('./run.ts')).default,
});
