import { withAws } from '../aws/command.ts';
import { findDeployment } from '../aws/deployment.ts';
import { BadInputError, EXIT, type OpsContext } from '../context.ts';
import { historyRecords } from '../probe/history.ts';
import { checkPaths } from '../records/paths.ts';
import { ReadingTally, readRecords } from '../records/read-records.ts';
import { Messages } from '../terminal/messages.ts';
import { audit } from './audit.ts';
import { Evidence } from './evidence.ts';
import type { AuditFlags } from './flags.ts';
import { logLines } from './log-lines.ts';
import { auditLines } from './print.ts';

const DAY_MS = 86_400_000;
/** The event history goes back so far. */
const HISTORY_DAYS = 90;
/** A call's record, and the lines about it, may be a little older than what is asked for. */
const BEFORE_MS = 3_600_000;

export default async function run(this: OpsContext, flags: AuditFlags): Promise<void> {
  const { records = [], logs = [], policy } = flags;
  const names = [...new Set([...records, ...logs])];
  if (names.length > 0 && !policy) await auditFiles(this, names, flags);
  else await auditAccount(this, flags);
}

async function auditFiles(
  context: OpsContext,
  names: readonly string[],
  { since = 0, json }: AuditFlags,
): Promise<void> {
  const { cwd } = context;
  await checkPaths(names, cwd);
  const messages = new Messages(context);
  const evidence = new Evidence();
  const tally = new ReadingTally();
  const listener = {
    warn: (message: string) => messages.warn(message),
    progress: (message: string) => messages.progress(message),
    // A trail holds everybody's.
    foreign: () => {},
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
  const found = concluded(context, evidence, since);
  context.process.stdout.write(
    json ? `${JSON.stringify(found.json)}\n` : found.lines.map((line) => `${line}\n`).join(''),
  );
  messages.warn(
    `records ${read}, of others ${foreign}, log lines ${lines}, files ${files}, duplicates ${duplicates}, skipped ${skipped}`,
  );
  if (found.needsPerson) context.process.exitCode = EXIT.needsPerson;
}

/** By what the account itself keeps: the event history and the log groups of the functions. */
function auditAccount(context: OpsContext, flags: AuditFlags): Promise<void> {
  return withAws(context, 'audit', flags, async (clients, messages) => {
    const { since = Date.now() - DAY_MS, stack } = flags;
    const deployment = await findDeployment(clients, stack);
    const evidence = new Evidence();
    for await (const line of logLines(clients, deployment, since - BEFORE_MS, messages)) evidence.line(line);
    const days = Math.min(HISTORY_DAYS, (Date.now() - since + BEFORE_MS) / DAY_MS);
    for await (const { event } of historyRecords(clients, days, context, messages)) evidence.event(event);
    return concluded(context, evidence, since);
  });
}

function concluded({ terminal }: OpsContext, evidence: Evidence, since: number) {
  const result = audit(evidence, since);
  const { figures, verdicts } = result;
  return {
    lines: [...auditLines(result, terminal)],
    json: { ...figures, verdicts },
    needsPerson: figures.ranTwice + figures.lost > 0,
  };
}
