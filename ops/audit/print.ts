import type { Terminal } from '../context.ts';
import { type Column, counted, printable, shareWidth, tableRow, wrapped } from '../terminal/table.ts';
import type { Audit } from './audit.ts';
import type { AuditKind, AuditVerdict } from './judge.ts';

const SHOWN = 20;

const NOT_PROVABLE: Readonly<Record<string, string>> = {
  late: 'too young: its record or its end may still be on the way',
  underway: 'the stack was at it when what was read ends',
  noTaskEvent: 'accepted, but no task event says whether it ran: give the events of tasks, too',
  noVerdict: 'no log line of the stack speaks of it: give the logs of all its functions, of the whole time',
  noMessage: 'a bare record of a caller that hands over: a later attempt may have got through',
};

/** The audit for people: what came of how many, and each that ran twice or is lost. */
export function* auditLines({ figures, verdicts }: Audit, terminal: Terminal): Generator<string> {
  const { calls, ranOnce, ranTwice, lost, refused, ignored, notProvable, cameLate, bareAttempts, from, until } =
    figures;
  yield `${counted(calls, 'call')} that throttling or want of room took, ${from ?? '-'} to ${until ?? '-'}`;
  yield row('ran once', ranOnce);
  yield row('ran twice', ranTwice);
  yield row('lost', lost);
  yield* reasons('refused', refused);
  yield* reasons('ignored', ignored);
  yield* reasons('not provable', notProvable, NOT_PROVABLE);
  if (cameLate > 0) yield row('of these late', cameLate, 'the stack heard of them after five minutes or more');
  if (bareAttempts.count > 0) {
    yield '';
    yield `${counted(bareAttempts.count, 'rejected attempt')} whose records hold no request, and that no message names (three to five make one call)`;
    yield* reasons('refused', bareAttempts.refused);
    yield* reasons('ignored', bareAttempts.ignored);
    yield* reasons('not provable', bareAttempts.notProvable, NOT_PROVABLE);
  }
  const findings = verdicts.filter(({ verdict }) => verdict === 'ranTwice' || verdict === 'lost');
  if (findings.length === 0) return;
  yield '';
  yield* table(findings.slice(0, SHOWN), terminal);
  if (findings.length > SHOWN)
    yield* wrapped(`${findings.length - SHOWN} more: --json lists all.`, terminal.columns, 0);
}

const row = (name: string, count: number, meaning = '') =>
  `  ${name.padEnd(14)}${`${count}`.padStart(7)}  ${meaning}`.trimEnd();

function* reasons(
  name: string,
  counts: Readonly<Record<string, number>>,
  meanings: Readonly<Record<string, string>> = {},
): Generator<string> {
  for (const [reason, count] of Object.entries(counts)) {
    yield row(name, count, meanings[reason] ? `${reason}: ${meanings[reason]}` : reason);
  }
}

const NAMES: Partial<Record<AuditKind, string>> = { ranTwice: 'ran twice', lost: 'lost' };

function* table(findings: readonly AuditVerdict[], terminal: Terminal): Generator<string> {
  const width = shareWidth(terminal.columns, [9, 20, 9], 3, 12);
  const columns: Column[] = [
    { header: 'verdict', width: 9, colour: () => 'red' },
    { header: 'time', width: 20 },
    { header: 'ran', width: 9 },
    { header: 'family', width },
    { header: 'caller', width, keepsEnd: true },
    { header: 'found by', width, keepsEnd: true },
  ];
  yield tableRow(
    columns,
    columns.map(({ header }) => header),
    { ...terminal, hasColour: false },
  );
  for (const { verdict, time, ran, tasks, family, caller, executions, taskArns, eventIds, messageIds } of findings) {
    const foundBy = executions[0] ?? taskArns[0] ?? eventIds[0] ?? messageIds[0] ?? '-';
    const cells = [
      NAMES[verdict] ?? verdict,
      time?.replace(/\.\d+Z$/, 'Z') ?? '-',
      `${ran} of ${tasks ?? '?'}`,
      family ?? '-',
      caller ?? '-',
      foundBy,
    ];
    yield tableRow(columns, cells.map(printable), terminal);
  }
}
