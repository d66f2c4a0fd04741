import { buildCommand } from '@stricli/core';
import { awsFlags } from '../aws/flags.ts';
import type { OpsContext } from '../context.ts';
import { instant } from '../flags.ts';
import type { AuditFlags } from './flags.ts';

const DESCRIPTION = `Proof after the fact: what became of each call that throttling or full capacity took. It reads CloudTrail's records, the
events of tasks and the log lines of the stack's functions, and uses nothing of the code that it judges.

Of each call: ran once, ran twice, lost, refused with the reason, ignored where the stack was not asked to bring it back, or not
provable with what is missing. What came late is said to be late, not lost.

Without files it reads the event history and the functions' log groups, by default of the last day. Then no event says whether a task
ran: one that ECS accepted counts as one.

Exit code: 0 done, 1 a call ran twice or is lost, 2 bad usage or input.`;

const path = (value: string): string => value;

export const auditCommand = buildCommand<AuditFlags, [], OpsContext>({
  docs: {
    brief: 'Prove what became of each call that was taken: ran once, twice, lost, refused',
    fullDescription: DESCRIPTION,
  },
  parameters: {
    flags: {
      since: { kind: 'parsed', parse: instant, optional: true, placeholder: 'TIME', brief: 'Calls made since then' },
      records: {
        kind: 'parsed',
        parse: path,
        variadic: true,
        optional: true,
        placeholder: 'PATH',
        brief: "Files or folders of a trail's records and of task events",
      },
      logs: {
        kind: 'parsed',
        parse: path,
        variadic: true,
        optional: true,
        placeholder: 'PATH',
        brief: "Files or folders of log lines of the stack's functions",
      },
      ...awsFlags,
      json: { kind: 'boolean', default: false, withNegated: false, brief: 'One JSON document, with every call' },
    },
  },
  loader: async () => (await import('./run.ts')).default,
});
