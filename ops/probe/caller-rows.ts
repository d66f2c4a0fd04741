import type { Verdict } from '../../lambda/core/verdict/verdict.ts';
import type { Loss } from './calls.ts';
import type { Facts, FailedStart } from './facts.ts';

export type ByReason = Record<string, number>;

/** What one caller lost of one family. What cannot be known is null. */
export interface CallerRow {
  readonly caller: string;
  readonly family: string | null;
  calls: number | null;
  rejectedAttempts: number;
  throttled: number | null;
  noRoom: number | null;
  failedStarts: number | null;
  wouldRerun: number;
}

/** What each caller lost, by family. */
export class CallerRows {
  readonly #rows = new Map<string, CallerRow>();
  readonly refused: ByReason = {};
  readonly ignored: ByReason = {};

  readonly #hasTaskEvents: boolean;

  constructor(facts: Facts) {
    this.#hasTaskEvents = facts.hasTaskEvents;
    for (const call of facts.calls.calls) {
      const row = this.#row(call.caller, call.family);
      row.calls = plus(row.calls, 1);
      row.rejectedAttempts += call.rejectedAttempts;
      // What a later attempt brought through is not lost. An answer that leaves a part out is no acceptance.
      if (!call.loss || call.isAccepted) continue;
      this.#lost(row, call.loss);
      this.#judge(row, call.verdict);
    }
    const { handedOver, throughLater, unknown } = facts.calls.attempts();
    for (const { caller, loss, attempts } of handedOver) {
      const row = this.#row(caller, null);
      row.calls = plus(row.calls, 1);
      row.rejectedAttempts += attempts.length;
      row.wouldRerun++;
      this.#lost(row, loss);
    }
    for (const { caller } of throughLater) this.#row(caller, null).rejectedAttempts++;
    for (const { caller, family, loss, verdict } of unknown) {
      const row = this.#row(caller, family);
      row.rejectedAttempts++;
      // Three to five attempts make one call, and nothing tells which.
      row.calls = null;
      if (loss === 'throttle') row.throttled = null;
      else row.noRoom = null;
      this.#judge(row, verdict);
    }
    for (const start of facts.failedStarts) this.#failedStart(facts, start);
  }

  get all(): CallerRow[] {
    return [...this.#rows.values()];
  }

  #failedStart({ calls }: Facts, { taskArn, family, verdict }: FailedStart): void {
    const launcher = calls.launcherOf(taskArn);
    // Without the record of its call nobody knows whose it is: one of the stack's own, a service's, or a call of before.
    if (!launcher) return;
    const row = this.#row(launcher.caller, family);
    row.failedStarts = plus(row.failedStarts, 1);
    if (launcher.isWatched && verdict.kind === 'rerun') count(this.ignored, 'launcherRetries');
    else this.#judge(row, verdict);
  }

  #lost(row: CallerRow, loss: Loss): void {
    if (loss === 'throttle') row.throttled = plus(row.throttled, 1);
    else row.noRoom = plus(row.noRoom, 1);
  }

  #judge(row: CallerRow, verdict: Verdict | undefined): void {
    if (verdict?.kind === 'rerun') row.wouldRerun++;
    if (verdict?.kind === 'refuse') count(this.refused, verdict.reason);
    if (verdict?.kind === 'ignore') count(this.ignored, verdict.reason);
  }

  #row(caller: string, family: string | null): CallerRow {
    const key = `${caller} ${family}`;
    const row = this.#rows.get(key) ?? {
      caller,
      family,
      calls: 0,
      rejectedAttempts: 0,
      throttled: 0,
      noRoom: 0,
      failedStarts: this.#hasTaskEvents ? 0 : null,
      wouldRerun: 0,
    };
    this.#rows.set(key, row);
    return row;
  }
}

const plus = (known: number | null, more: number) => (known === null ? null : known + more);

function count(into: ByReason, reason: string): void {
  into[reason] = (into[reason] ?? 0) + 1;
}
