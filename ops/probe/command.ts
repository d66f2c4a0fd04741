import { buildCommand } from '@stricli/core';
import { accessFlags } from '../aws/flags.ts';
import type { OpsContext } from '../context.ts';
import type { ProbeFlags } from './flags.ts';

const DESCRIPTION = `Before anything is deployed: what throttling and full capacity took, and what this stack would have brought back, by the
code that the stack decides with, with everything listed. It reads CloudTrail's event history of this account and Region, or with
--records the files of a trail, and changes nothing.

Exit code: 0 done, 2 bad usage or input.`;

/** The event history goes back so far. */
const MOST_DAYS = 90;

function daysOf(text: string): number {
  const days = Number(text);
  if (!Number.isInteger(days) || days < 1 || days > MOST_DAYS)
    throw new SyntaxError(`found ${text}, expected a whole number of days from 1 to ${MOST_DAYS}`);
  return days;
}

export const probeCommand = buildCommand<ProbeFlags, [], OpsContext>({
  docs: {
    brief: 'Say what throttling took, and what this stack would have brought back',
    fullDescription: DESCRIPTION,
  },
  parameters: {
    flags: {
      ...accessFlags,
      days: {
        kind: 'parsed',
        parse: daysOf,
        default: '7',
        placeholder: 'N',
        brief: 'How far the event history is read',
      },
      records: {
        kind: 'parsed',
        parse: (value: string) => value,
        variadic: true,
        optional: true,
        placeholder: 'PATH',
        brief: "Files or folders of a trail's records and of task events, in place of the event history",
      },
      rewind: {
        kind: 'parsed',
        parse: (value: string) => value,
        optional: true,
        placeholder: 'OUT.json',
        brief: 'Write the worst storm as a scenario of the lab, with all names replaced',
      },
      html: {
        kind: 'parsed',
        parse: (value: string) => value,
        optional: true,
        placeholder: 'FILE',
        brief: 'Write a page with charts; with --rewind the storm is played again, for one as it would have been',
      },
    },
  },
  loader: async () => (await import('./run.ts')).default,
});
