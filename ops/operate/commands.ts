import { buildCommand } from '@stricli/core';
import { awsFlags, yesFlag } from '../aws/flags.ts';
import type { OpsContext } from '../context.ts';
import { instant } from '../flags.ts';
import type { OperateFlags, RedriveFlags, SweepFlags } from './flags.ts';

const flags = { ...awsFlags, ...yesFlag };
const since = {
  kind: 'parsed',
  parse: instant,
  optional: true,
  placeholder: 'TIME',
  brief: '2026-01-15T03:00:00Z, or 90m, 12h, 7d ago',
} as const;

export const pauseCommand = buildCommand<OperateFlags, [], OpsContext>({
  docs: { brief: 'Hold all re-runs from now on; what waits is not lost' },
  parameters: { flags },
  loader: async () => (await import('./pause.ts')).pause,
});

export const resumeCommand = buildCommand<OperateFlags, [], OpsContext>({
  docs: { brief: 'End the pause' },
  parameters: { flags },
  loader: async () => (await import('./pause.ts')).resume,
});

export const sweepCommand = buildCommand<SweepFlags, [], OpsContext>({
  docs: {
    brief: 'Look for lost calls in a cluster, and bring them back',
    fullDescription: `Starts the sweep workflow for a cluster, its name or ARN, or for all listed ones (*). Without --since it goes back an hour.`,
  },
  parameters: {
    flags: {
      ...flags,
      cluster: {
        kind: 'parsed',
        parse: (text: string) => text,
        optional: true,
        placeholder: 'CLUSTER',
        brief: 'Name or ARN of the cluster, or *',
      },
      since,
    },
  },
  loader: async () => (await import('./sweep.ts')).default,
});

export const redriveCommand = buildCommand<RedriveFlags, [], OpsContext>({
  docs: {
    brief: 'Let re-runs that failed go on',
    fullDescription: `Redrives executions of the re-run workflow that failed, timed out or were stopped, by default those of the last 24 hours. None can
launch a call twice: each goes on under its own name and token, or ends as tooLate.`,
  },
  parameters: {
    flags: {
      ...flags,
      since,
      reason: {
        kind: 'parsed',
        parse: (text: string) => text,
        optional: true,
        placeholder: 'REASON',
        brief: 'Only those that ended for this reason',
      },
    },
  },
  loader: async () => (await import('./redrive.ts')).default,
});
