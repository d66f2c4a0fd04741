import { buildCommand } from '@stricli/core';
import { awsFlags, yesFlag } from '../aws/flags.ts';
import type { OpsContext } from '../context.ts';
import type { DrillFlags } from './flags.ts';

const DESCRIPTION = `Hands one task over, of a family that is listed and that you call harmless, and follows it to its start: permissions, key, event
path, rate limiter, launch and trail of this very account. It says which of them fails.

The queue takes calls from listed callers only: run it as one, or name a listed role to assume with --role-arn. The task gets the launch type
and network of the last accepted call of its family that the event history shows, and no overrides.

Exit code: 0 all of it works, 1 something fails, 2 bad usage or input.`;

const optional = (placeholder: string, brief: string) =>
  ({ kind: 'parsed', parse: (text: string) => text, optional: true, placeholder, brief }) as const;

export const drillCommand = buildCommand<DrillFlags, [], OpsContext>({
  docs: { brief: 'Hand one harmless task over and follow it to its start', fullDescription: DESCRIPTION },
  parameters: {
    flags: {
      ...awsFlags,
      ...yesFlag,
      family: optional('FAMILY', 'Task definition family to start one task of'),
      cluster: optional('CLUSTER', 'Where; default: the only cluster that is listed'),
      roleArn: optional('ARN', 'A listed role that hands over, to assume'),
    },
  },
  loader: async () => (await import('./run.ts')).default,
});
