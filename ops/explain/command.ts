import { buildCommand } from '@stricli/core';
import { BadInputError, EXIT, type OpsContext } from '../context.ts';
import { checkPaths } from '../records/paths.ts';
import { ReadingTally, readRecords } from '../records/read-records.ts';
import { Messages } from '../terminal/messages.ts';
import { explain } from './explain.ts';
import { Listing } from './listing.ts';
import { judgeByFile, judgeEverything } from './settings.ts';

interface Flags {
  readonly config?: string;
  readonly json: boolean;
}

const DESCRIPTION = `The verdict on each record, offline, by the code that the stack decides with, and why.

FILE is an EventBridge event, a file of a trail ({"Records":[...]}, also .json.gz), what LookupEvents or DescribeTasks
answered, an event of ECS, a JSON array or lines of any of these, or a folder of such files. What is none of them is
named and skipped; of a record that is there twice, one counts.

Records are judged as if they had just come. Exit code: 0 done, 1 a call was refused and a person has to decide, 2 bad
usage or input.`;

const text = (value: string): string => value;

export const explainCommand = buildCommand<Flags, string[], OpsContext>({
  docs: { brief: 'Say what becomes of each record in these files, and why', fullDescription: DESCRIPTION },
  parameters: {
    flags: {
      config: {
        kind: 'parsed',
        parse: text,
        optional: true,
        placeholder: 'FILE',
        brief: 'The object under ecsThrottleRemediation; without it everything is listed, and mode is rerun',
      },
      json: { kind: 'boolean', default: false, withNegated: false, brief: 'One line of JSON for each record' },
    },
    positional: {
      kind: 'array',
      minimum: 1,
      parameter: { parse: text, placeholder: 'FILE', brief: 'File or folder of records' },
    },
  },
  func: explainFiles,
});

async function explainFiles(this: OpsContext, { config, json }: Flags, ...names: string[]): Promise<void> {
  const { cwd, terminal } = this;
  const judgeOf = config === undefined ? judgeEverything : judgeByFile(config, cwd);
  await checkPaths(names, cwd);
  const messages = new Messages(this);
  const print = (line: string) => {
    messages.clear();
    this.process.stdout.write(`${line}\n`);
  };
  const listing = new Listing(terminal);
  const tally = new ReadingTally();
  let refused = 0;
  for await (const { file, event } of readRecords(names, cwd, tally, messages)) {
    const explanation = explain(event, judgeOf);
    if (explanation.kind === 'refuse') refused++;
    if (json) print(JSON.stringify({ file, ...explanation }));
    else for (const line of listing.row(file, explanation)) print(line);
  }
  if (!json) for (const line of listing.meanings()) print(line);
  const { files, records, duplicates, skipped, foreign } = tally;
  messages.warn(`records ${records}, files ${files}, duplicates ${duplicates}, skipped ${skipped}`);
  if (records + foreign === 0 && skipped > 0) {
    throw new BadInputError(
      'found no record in what was named, expected events, records of CloudTrail or tasks as docs/ops.md lists them. Export them anew, as JSON.',
    );
  }
  if (refused > 0) this.process.exitCode = EXIT.needsPerson;
}
