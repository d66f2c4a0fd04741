import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { buildCommand } from '@stricli/core';
import { BadInputError, type OpsContext } from '../context.ts';
import { checkPaths } from '../records/paths.ts';
import { ReadingTally, readRecords } from '../records/read-records.ts';
import { Messages } from '../terminal/messages.ts';
import { Facts } from './facts.ts';
import { figuresOf } from './figures.ts';
import { probeLines } from './print.ts';
import { rewind, type Scenario } from './rewind.ts';

interface Flags {
  readonly records?: readonly string[];
  readonly rewind?: string;
  readonly json: boolean;
}

const DESCRIPTION = `Before anything is deployed: what throttling and full capacity took, and what this stack would have brought back, by the
code that the stack decides with, with everything listed. It reads and changes nothing.

Exit code: 0 done, 2 bad usage or input.`;

export const probeCommand = buildCommand<Flags, [], OpsContext>({
  docs: {
    brief: 'Say what throttling took, and what this stack would have brought back',
    fullDescription: DESCRIPTION,
  },
  parameters: {
    flags: {
      records: {
        kind: 'parsed',
        parse: (value: string) => value,
        variadic: true,
        optional: true,
        placeholder: 'PATH',
        brief: "Files or folders of a trail's records and of task events",
      },
      rewind: {
        kind: 'parsed',
        parse: (value: string) => value,
        optional: true,
        placeholder: 'OUT.json',
        brief: 'Write the worst storm as a scenario of the lab, with all names replaced',
      },
      json: { kind: 'boolean', default: false, withNegated: false, brief: 'One JSON document' },
    },
  },
  func: probe,
});

async function probe(this: OpsContext, { records = [], rewind: out, json }: Flags): Promise<void> {
  const { cwd, terminal } = this;
  if (records.length === 0) throw new BadInputError('found no --records, expected files or folders of a trail.');
  await checkPaths(records, cwd);
  const messages = new Messages(this);
  const facts = new Facts();
  const tally = new ReadingTally();
  const listener = {
    warn: (message: string) => messages.warn(message),
    progress: (message: string) => messages.progress(message),
    foreign: (record: Readonly<Record<string, unknown>>) => facts.foreign(record),
  };
  for await (const { event } of readRecords(records, cwd, tally, listener)) facts.event(event);
  messages.clear();
  const { files, records: read, duplicates, skipped, foreign } = tally;
  if (read + foreign === 0) {
    throw new BadInputError(
      `found no record in ${files} files, expected records of a trail as docs/ops.md lists them.`,
    );
  }
  const figures = figuresOf(facts);
  if (json) this.process.stdout.write(`${JSON.stringify(figures)}\n`);
  else for (const line of probeLines(figures, terminal)) this.process.stdout.write(`${line}\n`);
  if (out !== undefined) {
    writeFileSync(resolve(cwd, out), `${JSON.stringify(rewound(facts), undefined, 2)}\n`);
    messages.warn(`${out}: the worst storm; play it with: npm run --silent lab -- ${out} --html replay.html`);
  }
  messages.warn(`records ${read}, of others ${foreign}, files ${files}, duplicates ${duplicates}, skipped ${skipped}`);
}

/** The storm in which most attempts were throttled. */
function rewound(facts: Facts): Scenario {
  const all = [...facts.traffic.values()].flatMap(({ traffic }) =>
    traffic.storms().map((storm) => ({ traffic, storm })),
  );
  const [worst] = all.toSorted((a, b) => b.storm.throttled - a.storm.throttled);
  if (!worst)
    throw new BadInputError('found no throttled RunTask call in these records, expected a storm to write down.');
  return rewind(facts, worst.traffic, worst.storm);
}
