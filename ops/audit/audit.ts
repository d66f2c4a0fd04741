import { callsIn } from './calls.ts';
import type { Evidence } from './evidence.ts';
import { type AuditKind, type AuditVerdict, Judge } from './judge.ts';

type ByReason = Record<string, number>;

/** What became of every call, in figures. What cannot be known is null. */
export interface AuditFigures {
  readonly from: string | null;
  readonly until: string | null;
  /** Calls that throttling or want of room took, as far as records or messages tell calls apart. */
  readonly calls: number;
  readonly ranOnce: number;
  readonly ranTwice: number;
  readonly lost: number;
  readonly refused: ByReason;
  readonly ignored: ByReason;
  readonly notProvable: ByReason;
  /** Of these calls, those that the stack heard of more than five minutes after they were made: late is not lost. */
  readonly cameLate: number;
  /** Rejected attempts whose records hold no request and that no message names: three to five make one call. */
  readonly bareAttempts: {
    readonly count: number;
    readonly refused: ByReason;
    readonly ignored: ByReason;
    readonly notProvable: ByReason;
  };
  /** Roles under which the stack launches. */
  readonly launchedBy: readonly string[];
}

export interface Audit {
  readonly figures: AuditFigures;
  readonly verdicts: readonly AuditVerdict[];
}

/** Says of each call that throttling or want of room took since then what became of it. */
export function audit(evidence: Evidence, sinceMs: number): Audit {
  const { calls, own } = callsIn(evidence);
  const judge = new Judge(evidence);
  const verdicts = calls
    .flatMap((call) => judge.judge(call) ?? [])
    .filter(({ time }) => time === null || Date.parse(time) >= sinceMs)
    .toSorted((a, b) => (a.time ?? '').localeCompare(b.time ?? ''));
  const ofCalls = verdicts.filter(({ isAttempt }) => !isAttempt);
  const attempts = verdicts.filter(({ isAttempt }) => isAttempt);
  const figures = {
    from: verdicts.find(({ time }) => time !== null)?.time ?? null,
    until: evidence.until > 0 ? new Date(evidence.until).toISOString() : null,
    calls: ofCalls.length,
    ranOnce: countOf(ofCalls, 'ranOnce'),
    ranTwice: countOf(ofCalls, 'ranTwice'),
    lost: countOf(ofCalls, 'lost'),
    refused: byReason(ofCalls, 'refused'),
    ignored: byReason(ofCalls, 'ignored'),
    notProvable: byReason(ofCalls, 'notProvable'),
    cameLate: ofCalls.filter(({ cameLate }) => cameLate).length,
    bareAttempts: {
      count: attempts.length,
      refused: byReason(attempts, 'refused'),
      ignored: byReason(attempts, 'ignored'),
      notProvable: byReason(attempts, 'notProvable'),
    },
    launchedBy: [...own],
  };
  return { figures, verdicts };
}

const countOf = (verdicts: readonly AuditVerdict[], kind: AuditKind) =>
  verdicts.filter(({ verdict }) => verdict === kind).length;

function byReason(verdicts: readonly AuditVerdict[], kind: AuditKind): ByReason {
  const counts: ByReason = {};
  for (const { verdict, reason } of verdicts) {
    if (verdict === kind) counts[`${reason}`] = (counts[`${reason}`] ?? 0) + 1;
  }
  return Object.fromEntries(Object.entries(counts).toSorted(([, a], [, b]) => b - a));
}
