import type { Terminal } from '../context.ts';
import { type Column, counted, indented, printable, shareWidth, tableRow } from '../terminal/table.ts';
import type { ByReason } from './caller-rows.ts';
import type { ProbeFigures } from './figures.ts';

const SHOWN = 15;

/** What was lost and what would have come back, for people. */
export function* probeLines(figures: ProbeFigures, terminal: Terminal): Generator<string> {
  const { from, until, calls, rejectedAttempts, throttled, noRoom, failedStarts, wouldRerun } = figures;
  const { columns } = terminal;
  yield `${from ?? '-'} to ${until ?? '-'}`;
  yield row('RunTask calls', calls);
  yield row('rejected attempts', rejectedAttempts);
  yield row('calls throttled', throttled);
  yield row('calls without room', noRoom);
  yield row('failed starts', failedStarts);
  yield row('would be re-run', wouldRerun);
  yield* reasons('refused', figures.refused);
  yield* reasons('ignored', figures.ignored);
  if (calls === null) {
    yield* indented('unknown: records without a request or token do not tell which attempts are of one call.', columns);
  }
  yield* callerTable(figures, terminal);
  yield* handOver(figures, columns);
  yield* bucket(figures, columns);
  const downstream = figures.downstream ?? [];
  if (downstream.length > 0) yield '\nThrottled calls that ECS itself made to other services';
  for (const { call, throttled: count, ask } of downstream) {
    yield* indented(`${count} ${printable(call)}: ${ask}`, columns);
  }
  yield '\nSettled here, of what nobody could verify without an account';
  for (const [fact, { settled, answer, seen }] of Object.entries(figures.untested)) {
    const words = fact.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`).replace('  ', ' ');
    yield* indented(
      `${words}: ${settled ? `${answer} (${counted(seen, 'record')})` : 'these records do not decide it'}`,
      columns,
    );
  }
  yield '\nFor cdk.json, under context.ecsThrottleRemediation (it only observes; set mode to rerun when it says what you want)';
  yield JSON.stringify(figures.suggestedConfiguration, undefined, 2);
}

const row = (name: string, count: number | null) =>
  `  ${name.padEnd(20)}${(count ?? 'unknown').toString().padStart(8)}`;

function* reasons(name: string, counts: ByReason): Generator<string> {
  for (const [reason, count] of Object.entries(counts)) yield `${row(name, count)}  ${reason}`;
}

function* callerTable({ byCaller }: ProbeFigures, terminal: Terminal): Generator<string> {
  if (byCaller.length === 0) return;
  const width = shareWidth(terminal.columns - 2, [8, 9, 9, 8, 8], 2, 12);
  const columns: Column[] = [
    { header: 'caller', width, keepsEnd: true },
    { header: 'family', width },
    { header: 'calls', width: 8 },
    { header: 'attempts', width: 9 },
    { header: 'throttled', width: 9 },
    { header: 'no room', width: 8 },
    { header: 're-run', width: 8 },
  ];
  yield '';
  yield `  ${tableRow(
    columns,
    columns.map(({ header }) => header),
    { ...terminal, hasColour: false },
  )}`;
  for (const { caller, family, calls, rejectedAttempts, throttled, noRoom, wouldRerun } of byCaller.slice(0, SHOWN)) {
    const cells = [caller, family ?? '-', calls, rejectedAttempts, throttled, noRoom, wouldRerun];
    yield `  ${tableRow(
      columns,
      cells.map((cell) => printable(`${cell ?? '?'}`)),
      terminal,
    )}`;
  }
  if (byCaller.length > SHOWN) yield `  ${byCaller.length - SHOWN} more: --json lists all.`;
}

function* handOver({ handOver: rows }: ProbeFigures, columns: number): Generator<string> {
  if (rows.length === 0) return;
  yield '\nWhose calls come back only if it hands them over (docs/hand-over.md)';
  for (const { caller, rejectedAttempts, reason, usualRequest } of rows.slice(0, SHOWN)) {
    const usual = usualRequest
      ? `, makes one usual request: ${usualRequest.family} on ${usualRequest.cluster} (${Math.round(usualRequest.share * 100)} %)`
      : '';
    yield* indented(
      `${printable(caller)}: ${counted(rejectedAttempts, 'rejected attempt')}, ${reason}${printable(usual)}`,
      columns,
    );
  }
}

function* bucket({ bucket: found, quota, usedBy, storms, slow }: ProbeFigures, columns: number): Generator<string> {
  if (storms.length === 0) return;
  const [worst] = storms;
  yield '';
  yield* indented(
    `${counted(storms.length, 'storm')}; the worst from ${worst?.from} to ${worst?.until}: ${counted(worst?.throttledAttempts ?? 0, 'throttled attempt')}`,
    columns,
  );
  yield* indented(
    found
      ? `RunTask's bucket, as a storm shows it: ${found.refillPerSecond} ${found.unit} a second, ${found.burst} at once at least`
      : "RunTask's bucket: no storm was long and steady enough to show it",
    columns,
  );
  if (quota) {
    yield* indented(
      `Nobody would have been throttled at ${quota.refillPerSecond} a second and ${quota.burst} at once: quotas ${quota.codes.sustained} (sustained) and ${quota.codes.burst} (burst) of Amazon ECS. Retries count in it, so less may do.`,
      columns,
    );
  }
  if (slow) {
    yield* indented(
      `Or with ${printable(slow.caller)} slowed to ${slow.toPerSecond} a second in the worst storm`,
      columns,
    );
  }
  for (const { caller, requests, share } of usedBy.slice(0, 5)) {
    yield* indented(
      `${Math.round(share * 100)} % of the requests meanwhile (${requests}): ${printable(caller)}`,
      columns,
    );
  }
}
