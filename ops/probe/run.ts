import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Finding, withAws } from '../aws/command.ts';
import { BadInputError, type OpsContext } from '../context.ts';
import { probePage } from '../html/probe-page.ts';
import { checkPaths } from '../records/paths.ts';
import { ReadingTally, readRecords } from '../records/read-records.ts';
import { Messages } from '../terminal/messages.ts';
import { Facts } from './facts.ts';
import { figuresOf } from './figures.ts';
import type { ProbeFlags } from './flags.ts';
import { historyRecords } from './history.ts';
import { probeLines } from './print.ts';
import { replayed } from './replay.ts';
import { rewind } from './rewind.ts';
import type { Storm, Traffic } from './traffic.ts';

export default async function probe(this: OpsContext, flags: ProbeFlags): Promise<void> {
  const { records = [], json, policy, days } = flags;
  if (records.length === 0 || policy) {
    await withAws(this, 'probe', flags, async (clients, messages) => {
      const facts = new Facts();
      for await (const { event } of historyRecords(clients, days, this, messages)) facts.event(event);
      messages.clear();
      return concluded(this, facts, messages, flags);
    });
    return;
  }
  await checkPaths(records, this.cwd);
  const messages = new Messages(this);
  const facts = new Facts();
  const tally = new ReadingTally();
  const listener = {
    warn: (message: string) => messages.warn(message),
    progress: (message: string) => messages.progress(message),
    foreign: (record: Readonly<Record<string, unknown>>) => facts.foreign(record),
    line: (line: Readonly<Record<string, unknown>>) => facts.calls.line(line),
  };
  for await (const { event } of readRecords(records, this.cwd, tally, listener)) facts.event(event);
  messages.clear();
  const { files, records: read, duplicates, skipped, foreign } = tally;
  if (read + foreign === 0) {
    throw new BadInputError(
      `found no record in ${files} files, expected records of a trail as docs/ops.md lists them.`,
    );
  }
  const { lines, json: figures } = await concluded(this, facts, messages, flags);
  this.process.stdout.write(json ? `${JSON.stringify(figures)}\n` : lines.map((line) => `${line}\n`).join(''));
  messages.warn(`records ${read}, of others ${foreign}, files ${files}, duplicates ${duplicates}, skipped ${skipped}`);
}

async function concluded(
  { cwd, terminal }: OpsContext,
  facts: Facts,
  messages: Messages,
  { rewind: out, html }: ProbeFlags,
): Promise<Finding> {
  const figures = figuresOf(facts);
  const worst = worstStorm(facts);
  if (out !== undefined) {
    if (!worst)
      throw new BadInputError('found no throttled RunTask call in these records, expected a storm to write down.');
    writeFileSync(resolve(cwd, out), `${JSON.stringify(rewind(facts, worst.traffic, worst.storm), undefined, 2)}\n`);
    messages.warn(`${out}: the worst storm; play it with: npm run --silent lab -- ${out} --html replay.html`);
  }
  if (html !== undefined) {
    const replay = out === undefined ? undefined : await replayed(resolve(cwd, out), messages);
    messages.clear();
    writeFileSync(resolve(cwd, html), probePage(figures, worst?.traffic.around(worst.storm), replay));
    messages.warn(`${html}: the report`);
  }
  return { lines: [...probeLines(figures, terminal)], json: figures };
}

/** The storm in which most attempts were throttled. */
function worstStorm(facts: Facts): { readonly traffic: Traffic; readonly storm: Storm } | undefined {
  const all = [...facts.traffic.values()].flatMap(({ traffic }) =>
    traffic.storms().map((storm) => ({ traffic, storm })),
  );
  return all.toSorted((a, b) => b.storm.throttled - a.storm.throttled)[0];
}
