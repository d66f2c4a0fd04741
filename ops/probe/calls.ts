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
  /** Calls that were accepted under no token: each by itself. */
  readonly #tokenless = new Map<string, number>();
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
    if (typeof request?.clientToken !== 'string') {
      const { family } = purposeOf({ ...record, replayed: false, origin: { account, region } });
      if (loss) this.lone.push({ caller: principal, family, loss, verdict, atMs });
      else this.#tokenless.set(`${principal} ${family}`, (this.#tokenless.get(`${principal} ${family}`) ?? 0) + 1);
      return;
    }
    const id = recordedCallId(record, { awsEnvironment: { account, region }, ownRoleArn: NO_ROLE });
    const count = typeof request.count === 'number' ? request.count : 1;
    const call = this.#calls.get(id) ?? {
      caller: principal,
      ...purposeOf({ ...record, replayed: false, origin: { account, region } }),
      count,
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

  /** How many calls were accepted under no token, by caller and family. */
  *tokenless(): Generator<{ readonly caller: string; readonly family: string | null; readonly calls: number }> {
    for (const [key, calls] of this.#tokenless) {
      const at = key.indexOf(' ');
      const family = key.slice(at + 1);
      yield { caller: key.slice(0, at), family: family === 'null' ? null : family, calls };
    }
  }

  launcherOf(taskArn: string): { readonly caller: string; readonly isWatched: boolean } | undefined {
    return this.#launchers.get(short(taskArn));
  }
}

/** Enough of a hash to tell tasks apart: there may be very many. */
const short = (text: string) => createHash('sha256').update(text).digest('base64').slice(0, 12);
