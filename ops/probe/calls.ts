import { createHash } from 'node:crypto';
import { lostTo } from '../../lambda/core/events/classify-event.ts';
import type { RunTaskRecord } from '../../lambda/core/events/run-task-record.ts';
import { launcherOf } from '../../lambda/core/opt-in/launchers.ts';
import { recordedCallId } from '../../lambda/core/verdict/recorded-call.ts';
import type { Verdict } from '../../lambda/core/verdict/verdict.ts';
import { NO_ROLE, purposeOf } from '../explain/explain.ts';

/** What took a call, or the start of a task. This is the one place that reads it. */
export type Loss = 'throttle' | 'capacity';

/** A call over all its attempts, as far as tokens tell. */
export interface Call {
  readonly caller: string;
  readonly family: string | null;
  readonly cluster: string | null;
  readonly count: number;
  /** The AWS service that made it for somebody. */
  readonly invokedBy: string | undefined;
  firstMs: number;
  lastMs: number;
  rejectedAttempts: number;
  /** Whether ECS accepted it in the end, with all its tasks. */
  isAccepted: boolean;
  /** Why it was not, so far. */
  loss: Loss | undefined;
  /** What the stack would have made of it. */
  verdict: Verdict | undefined;
}

/** A rejected attempt of which nobody can tell the call. */
export interface LoneAttempt {
  readonly caller: string;
  readonly family: string | null;
  readonly loss: Loss;
  readonly verdict: Verdict;
  readonly atMs: number;
}

/** Puts the attempts of callers together to calls. */
export class Calls {
  readonly #calls = new Map<string, Call>();
  readonly lone: LoneAttempt[] = [];
  /** Who launched a task, by what tells tasks apart. */
  readonly #launchers = new Map<string, { readonly caller: string; readonly isWatched: boolean }>();
  /** Callers that are services, which make calls for somebody. */
  readonly launching = new Set<string>();

  add(record: RunTaskRecord, verdict: Verdict): void {
    const { account, region, caller, eventTimeMs: atMs, error } = record;
    const found = lostTo({ ...record, replayed: false, origin: { account, region } });
    const loss = found === 'none' ? undefined : found;
    const principal = caller.principalArn;
    const launcher = launcherOf(caller);
    if (launcher) this.launching.add(principal);
    for (const arn of record.taskArns) {
      this.#launchers.set(short(arn), {
        caller: principal,
        isWatched: launcher !== undefined && !launcher.isBlindToFailedStarts,
      });
    }
    // Not taken: it would fail again.
    if (error && !loss) return;
    const request = record.requestParameters as { clientToken?: unknown; count?: unknown } | null;
    const purpose = purposeOf({ ...record, replayed: false, origin: { account, region } });
    if (loss && typeof request?.clientToken !== 'string') {
      this.lone.push({ caller: principal, family: purpose.family, loss, verdict, atMs });
      return;
    }
    // What was accepted under no token is a call by itself.
    const id = recordedCallId(record, { awsEnvironment: { account, region }, ownRoleArn: NO_ROLE });
    const count = typeof request?.count === 'number' ? request.count : 1;
    const call = this.#calls.get(id) ?? {
      caller: principal,
      ...purpose,
      count,
      invokedBy: caller.invokedBy,
      firstMs: atMs,
      lastMs: atMs,
      rejectedAttempts: 0,
      isAccepted: false,
      loss: undefined,
      verdict: undefined,
    };
    this.#calls.set(id, call);
    call.firstMs = Math.min(call.firstMs, atMs);
    call.lastMs = Math.max(call.lastMs, atMs);
    if (error) call.rejectedAttempts++;
    if (!loss) call.isAccepted = true;
    else if (call.loss !== 'throttle') call.loss = loss;
    if (loss && (call.verdict?.kind !== 'rerun' || verdict.kind === 'rerun')) call.verdict = verdict;
  }

  get calls(): Iterable<Call> {
    return this.#calls.values();
  }

  launcherOf(taskArn: string): { readonly caller: string; readonly isWatched: boolean } | undefined {
    return this.#launchers.get(short(taskArn));
  }
}

/** Enough of a hash to tell tasks apart: there may be very many. */
const short = (text: string) => createHash('sha256').update(text).digest('base64').slice(0, 12);
