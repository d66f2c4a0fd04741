import { buildCommand } from '@stricli/core';
import { BadInputError, EXIT, type OpsContext } from '../context.ts';
import { instant } from '../flags.ts';
import { checkPaths } from '../records/paths.ts';
import { ReadingTally, readRecords } from '../records/read-records.ts';
import { Messages } from '../terminal/messages.ts';
import { audit } from './audit.ts';
import { Evidence } from './evidence.ts';
import { auditLines } from './print.ts';

interface Flags {
  readonly since?: number;
  readonly records?: readonly string[];
  readonly logs?: readonly string[];
  readonly json: boolean;
}

const DESCRIPTION = `Proof after the fact: what became of each call that throttling or full capacity took. It reads CloudTrail's records, the
events of tasks and the log lines of the stack's functions, and uses nothing of the code that it judges.

Of each call: ran once, ran twice, lost, refused with the reason, ignored where the stack was not asked to bring it back, or not
provable with what is missing. What came late is said to be late, not lost.

Exit code: 0 done, 1 a call ran twice or is lost, 2 bad usage or input.`;

const path = (value: string): string => value;

export const auditCommand = buildCommand<Flags, [], OpsContext>({
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
      json: { kind: 'boolean', default: false, withNegated: false, brief: 'One JSON document, with every call' },
    },
  },
  func: auditFiles,
});

async function auditFiles(this: OpsContext, { since = 0, records = [], logs = [], json }: Flags): Promise<void> {
  const { cwd, terminal } = this;
  const names = [...new Set([...records, ...logs])];
  if (names.length === 0) {
    throw new BadInputError(
      'found neither --records nor --logs, expected files of records, task events and log lines: docs/ops.md says how to export them.',
    );
  }
  await checkPaths(names, cwd);
  const messages = new Messages(this);
  const evidence = new Evidence();
  const tally = new ReadingTally();
  const listener = {
    warn: (message: string) => messages.warn(message),
    progress: (message: string) => messages.progress(message),
    line: (line: Readonly<Record<string, unknown>>) => evidence.line(line),
  };
  for await (const { event } of readRecords(names, cwd, tally, listener)) evidence.event(event);
  messages.clear();
  const { files, records: read, lines, duplicates, skipped, foreign } = tally;
  if (read + lines + foreign === 0) {
    throw new BadInputError(
      `found no record in ${files} files, expected CloudTrail's records, events of tasks and log lines as docs/ops.md lists them.`,
    );
  }
  const result = audit(evidence, since);
  if (json) {
    const { figures, verdicts } = result;
    this.process.stdout.write(`${JSON.stringify({ ...figures, verdicts })}\n`);
  } else for (const line of auditLines(result, terminal)) this.process.stdout.write(`${line}\n`);
  messages.warn(`records ${read}, log lines ${lines}, files ${files}, duplicates ${duplicates}, skipped ${skipped}`);
  const { ranTwice, lost } = result.figures;
  if (ranTwice + lost > 0) this.process.exitCode = EXIT.needsPerson;
}
