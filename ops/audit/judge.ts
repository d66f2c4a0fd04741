import type { CallEvidence } from './calls.ts';
import type { Attempt, Evidence, TaskFate, VerdictLine } from './evidence.ts';

/**
 * What became of a call. `refused`: the stack or ECS said why it is not brought back. `ignored`: the stack was not asked to,
 * and said so. `notProvable`: what was read does not tell, and why not.
 */
export type AuditKind = 'ranOnce' | 'ranTwice' | 'lost' | 'refused' | 'ignored' | 'notProvable';

export interface AuditVerdict {
  readonly verdict: AuditKind;
  /** Of what was refused, ignored or is not provable. */
  readonly reason: string | null;
  /** When it was first heard of. */
  readonly time: string | null;
  readonly caller: string | null;
  readonly family: string | null;
  readonly cluster: string | null;
  /** Tasks that were asked for, and those that ran; null where no record tells. */
  readonly tasks: number | null;
  readonly ran: number;
  /** What it is found by. */
  readonly taskArns: readonly string[];
  readonly eventIds: readonly string[];
  readonly messageIds: readonly string[];
  readonly executions: readonly string[];
  /** Whether its record, event or message came to the stack more than five minutes after it was made. */
  readonly cameLate: boolean;
  /** Of bare records each attempt stands for itself: three to five make one call. */
  readonly isAttempt: boolean;
}

/** CloudTrail may be a quarter of an hour late, and the next sweep comes a quarter of an hour later. */
const JUDGED_WITHIN_MS = 35 * 60_000;
/** The longest that the stack works at a call that was throttled, and at one that found no room. */
const THROTTLE_LIFE_MS = 3_600_000;
const NO_ROOM_LIFE_MS = 82_800_000 + 600_000;
const LATE_MS = 300_000;

/** Judges what became of each call that throttling or want of room took, by what was read. */
export class Judge {
  readonly #evidence: Evidence;
  /** Callers, and families that they run, that the stack is known to bring back. */
  readonly #served: ReadonlySet<string>;
  readonly #hasTaskEvents: boolean;

  constructor(evidence: Evidence) {
    this.#evidence = evidence;
    this.#served = new Set([
      ...evidence.results.filter(({ kind }) => kind !== 'ignored').map(({ caller, family }) => `${caller} ${family}`),
      ...evidence.verdicts.filter(({ kind }) => kind === 'rerun').map(({ caller }) => caller),
    ]);
    this.#hasTaskEvents = evidence.tasks.size > 0;
  }

  /** Undefined for a call that nothing took. */
  judge(call: CallEvidence): AuditVerdict | undefined {
    const attempts = [...call.identities.values()].flat();
    const isTaken =
      [...attempts, ...call.bare].some(({ rejected, noRoom }) => noRoom > 0 || isTaking(rejected)) ||
      call.verdicts.some(({ isHandOver }) => isHandOver) ||
      call.results.length > 0 ||
      attempts.some(({ taskArns }) => taskArns.some((arn) => isTaking(this.#evidence.tasks.get(arn)?.failed?.sign)));
    const isOurs = attempts.length + call.bare.length + call.verdicts.length + call.results.length === 0;
    if (!isTaken && !(isOurs && call.ours.length > 0)) return undefined;
    const wanted = wantedTasks(call);
    const fates = [...call.taskArns].map((arn) => this.#evidence.tasks.get(arn));
    const ran = fates.filter((fate) => this.#hasRun(fate)).length;
    const found = this.#verdictOf(call, { attempts, wanted, fates, ran, isOurs });
    return { ...found, ...this.#described(call, attempts, wanted, ran) };
  }

  #verdictOf(
    call: CallEvidence,
    about: {
      readonly attempts: readonly Attempt[];
      readonly wanted: number | undefined;
      readonly fates: readonly (TaskFate | undefined)[];
      readonly ran: number;
      readonly isOurs: boolean;
    },
  ): Pick<AuditVerdict, 'verdict' | 'reason'> {
    const { attempts, wanted = 1, fates, ran, isOurs } = about;
    if (isOurs) return strangers(call, ran);
    if (ran > wanted) return { verdict: 'ranTwice', reason: null };
    if (ran >= wanted) return { verdict: 'ranOnce', reason: null };
    // A redriven execution ends more than once: the last end counts.
    const last = call.results.toSorted((a, b) => a.at - b.at).at(-1);
    if (last && (last.kind === 'gaveUp' || last.kind === 'refused')) return { verdict: 'refused', reason: last.reason };
    const refusal = call.verdicts.find(({ kind }) => kind === 'refuse');
    if (refusal && !last) return { verdict: 'refused', reason: refusal.reason };
    if (last?.kind === 'ignored') return { verdict: 'ignored', reason: last.reason };
    const failedOtherwise = fates.filter((fate) => !this.#hasRun(fate) && fate?.failed?.sign === 'other').length;
    const notPlaceable = call.ours.reduce((sum, { notPlaceable: tasks }) => sum + tasks, 0);
    if (ran + failedOtherwise + notPlaceable >= wanted) return { verdict: 'refused', reason: 'failedToStart' };
    const unseen = fates.filter((fate) => fate === undefined || (!fate.hasRun && !fate.failed)).length;
    if (ran + failedOtherwise + unseen >= wanted && unseen > 0) return notProvable('noTaskEvent');
    if (call.verdicts.some(({ kind }) => kind === 'rerun' || kind === 'duplicate') || last) {
      return this.#isOver(call, attempts) ? { verdict: 'lost', reason: null } : notProvable('underway');
    }
    return this.#unserved(call, attempts);
  }

  /** Of a call that the stack has begun nothing for. */
  #unserved(call: CallEvidence, attempts: readonly Attempt[]): Pick<AuditVerdict, 'verdict' | 'reason'> {
    const ignored = call.verdicts.find(({ kind }) => kind === 'ignore');
    if (ignored?.reason === 'handedOver') return notProvable('noMessage');
    if (ignored) return { verdict: 'ignored', reason: ignored.reason };
    const [first] = attempts;
    if (!first?.request) return notProvable(this.#isYoung(firstTime(call)) ? 'late' : 'noVerdict');
    if (this.#isYoung(firstTime(call))) return notProvable('late');
    const { principal, request } = first;
    const isServed = this.#served.has(`${principal} ${request.family}`);
    return isServed ? { verdict: 'lost', reason: null } : notProvable('noVerdict');
  }

  #hasRun(fate: TaskFate | undefined): boolean {
    // Without any event of a task an accepted one is taken to have run.
    return this.#hasTaskEvents ? fate?.hasRun === true : true;
  }

  #isYoung = (at: number) => this.#evidence.until - at < JUDGED_WITHIN_MS;

  /** Whether the time is over in which the stack may still bring a call back. */
  #isOver(call: CallEvidence, attempts: readonly Attempt[]): boolean {
    const failures = [...call.taskArns].flatMap((arn) => this.#evidence.tasks.get(arn)?.failed ?? []);
    const isNoRoom =
      attempts.some(({ rejected, noRoom }) => rejected === 'noRoom' || noRoom > 0) ||
      failures.some(({ sign }) => sign === 'noRoom');
    const signs = [...attempts, ...call.bare, ...call.verdicts, ...failures].map(({ at }) => at);
    const lastSign = Math.max(0, ...signs, ...call.results.map(({ at }) => at));
    return this.#evidence.until - lastSign > (isNoRoom ? NO_ROOM_LIFE_MS : THROTTLE_LIFE_MS);
  }

  #described(call: CallEvidence, attempts: readonly Attempt[], wanted: number | undefined, ran: number) {
    const known = [...attempts, ...call.ours].find(({ request }) => request)?.request;
    const all = [...attempts, ...call.bare];
    const time = firstTime(call);
    const result = call.results.find(({ caller }) => caller !== '');
    const said = call.verdicts.find(({ caller }) => caller !== '');
    return {
      time: time > 0 && Number.isFinite(time) ? new Date(time).toISOString() : null,
      caller: all[0]?.principal || result?.caller || said?.caller || null,
      family: known?.family ?? (result?.family || null),
      cluster: known?.cluster ?? null,
      tasks: wanted ?? null,
      ran,
      taskArns: [...call.taskArns],
      eventIds: all.map(({ eventId }) => eventId),
      messageIds: distinct(call.verdicts.filter(({ isHandOver }) => isHandOver).map(({ messageId }) => messageId)),
      executions: distinct([...call.verdicts, ...call.results].map(({ execution }) => execution)),
      cameLate: call.verdicts.some((line) => this.#cameLate(line, all)),
      isAttempt: attempts.length === 0 && call.bare.length > 0 && !call.verdicts.some(({ isHandOver }) => isHandOver),
    };
  }

  #cameLate({ at, eventId, taskArn }: VerdictLine, attempts: readonly Attempt[]): boolean {
    const madeAt =
      attempts.find((attempt) => attempt.eventId === eventId)?.at ??
      (taskArn === undefined ? undefined : this.#evidence.tasks.get(taskArn)?.failed?.at);
    return madeAt !== undefined && at - madeAt > LATE_MS;
  }
}

/** Tasks that a call asked for; of several calls that were taken for one, all of theirs. */
function wantedTasks({ identities, ours }: CallEvidence): number | undefined {
  if (identities.size > 0) {
    return [...identities.values()].reduce((sum, [first]) => sum + (first?.request?.count ?? 1), 0);
  }
  const counts = ours.flatMap(({ request }) => request?.count ?? []);
  return counts.length > 0 ? Math.max(...counts) : undefined;
}

/** Launches under the stack's role that no line of it speaks of: nobody asked for them, or not so often. */
function strangers({ ours }: CallEvidence, ran: number): Pick<AuditVerdict, 'verdict' | 'reason'> {
  if (ran > 0) return { verdict: 'ranTwice', reason: null };
  return notProvable(ours.some(({ rejected }) => rejected === undefined) ? 'noTaskEvent' : 'underway');
}

const isTaking = (sign: string | undefined) => sign === 'throttle' || sign === 'noRoom';
const notProvable = (reason: string) => ({ verdict: 'notProvable' as const, reason });
const distinct = (names: readonly (string | undefined)[]) => [...new Set(names.filter((name) => name !== undefined))];

function firstTime({ identities, bare, verdicts, ours }: CallEvidence): number {
  const attempts = [...[...identities.values()].flat(), ...bare];
  const from = attempts.length > 0 ? attempts : verdicts.length > 0 ? verdicts : ours;
  return Math.min(...from.map(({ at }) => at));
}
