import { downstreamAsk } from '../../lambda/core/notices/downstream.ts';
import type { Verdict } from '../../lambda/core/verdict/verdict.ts';
import { type ByReason, type CallerRow, CallerRows } from './caller-rows.ts';
import type { Facts } from './facts.ts';
import { suggestConfiguration } from './suggestion.ts';
import type { Storm, Traffic } from './traffic.ts';
import { settled, type Untested } from './untested.ts';

/** Somebody whose rejected calls come back only if it hands them over. */
export interface HandOverRow {
  readonly caller: string;
  readonly rejectedAttempts: number;
  readonly reason: string;
  /** What nearly all of its accepted requests look like; null where there is no such one. */
  readonly usualRequest: {
    readonly family: string | null;
    readonly cluster: string | null;
    readonly share: number;
  } | null;
}

/** The answer of `probe`: docs/ops.md says what each figure means. */
export interface ProbeFigures {
  readonly from: string | null;
  readonly until: string | null;
  readonly calls: number | null;
  readonly rejectedAttempts: number;
  readonly throttled: number | null;
  readonly noRoom: number | null;
  readonly failedStarts: number | null;
  readonly wouldRerun: number;
  readonly refused: ByReason;
  readonly ignored: ByReason;
  readonly byCaller: readonly CallerRow[];
  readonly handOver: readonly HandOverRow[];
  readonly records: {
    readonly rejected: number;
    readonly withRequest: number;
    readonly withToken: number;
    readonly withVisibleEnvironment: number;
  };
  readonly bucket: { readonly burst: number; readonly refillPerSecond: number; readonly unit: string } | null;
  readonly storms: readonly { readonly from: string; readonly until: string; readonly throttledAttempts: number }[];
  readonly usedBy: readonly { readonly caller: string; readonly requests: number; readonly share: number }[];
  readonly quota: {
    readonly refillPerSecond: number;
    readonly burst: number;
    readonly codes: { readonly sustained: string; readonly burst: string };
  } | null;
  /** Who asked for most in the worst storm, and to what rate it would have to be slowed for the bucket to suffice. */
  readonly slow: { readonly caller: string; readonly toPerSecond: number } | null;
  readonly downstream: readonly { readonly call: string; readonly throttled: number; readonly ask: string }[] | null;
  readonly suggestedConfiguration: Readonly<Record<string, unknown>>;
  readonly untested: Untested;
}

/** "Cluster resource modify" in Service Quotas: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html */
const QUOTA_CODES = { sustained: 'L-C3AEE9D2', burst: 'L-3B4FAC68' };
const DEFAULT_BURST = 100;
const SHOWN_STORMS = 20;
/** From this share on a request is the usual one of its caller. */
const USUAL_SHARE = 0.95;

export function figuresOf(facts: Facts): ProbeFigures {
  const rows = new CallerRows(facts);
  const places = [...facts.traffic.values()].map(({ place, traffic }) => {
    const storms = traffic.storms();
    return { place, traffic, storms, throttled: storms.reduce((sum, storm) => sum + storm.throttled, 0) };
  });
  // Quotas are of an account and Region: where most was throttled there is most to be seen.
  const worst = places.toSorted((a, b) => b.throttled - a.throttled)[0];
  const storms = worst?.storms ?? [];
  const bucket = worst?.traffic.bucket(storms);
  const users = worst?.traffic.users(storms) ?? [];
  const requests = users.reduce((sum, user) => sum + user.requests, 0);
  const all = rows.all;
  return {
    from: instant(facts.fromMs),
    until: instant(facts.untilMs),
    calls: total(all.map(({ calls }) => calls)),
    rejectedAttempts: total(all.map(({ rejectedAttempts }) => rejectedAttempts)) ?? 0,
    throttled: total(all.map(({ throttled }) => throttled)),
    noRoom: total(all.map(({ noRoom }) => noRoom)),
    failedStarts: facts.hasTaskEvents ? total(all.map(({ failedStarts }) => failedStarts)) : null,
    wouldRerun: total(all.map(({ wouldRerun }) => wouldRerun)) ?? 0,
    refused: rows.refused,
    ignored: rows.ignored,
    byCaller: all.filter(isHit).toSorted((a, b) => weight(b) - weight(a)),
    handOver: handOverRows(facts),
    records: {
      rejected: facts.throttled.records,
      withRequest: facts.throttled.request,
      withToken: facts.throttled.token,
      withVisibleEnvironment: facts.throttled.visibleEnvironment,
    },
    bucket: bucket
      ? { burst: rounded(bucket.burst), refillPerSecond: rounded(bucket.refillPerSecond), unit: bucket.unit }
      : null,
    storms: shownStorms(storms),
    usedBy: users
      .slice(0, 10)
      .map(({ caller, requests: n }) => ({ caller, requests: n, share: rounded(n / requests, 3) })),
    // Where no storm showed the bucket, a small number of throttles says nothing of how large it has to be.
    quota:
      worst && bucket
        ? { ...worst.traffic.neededBucket(storms, Math.max(DEFAULT_BURST, bucket.burst)), codes: QUOTA_CODES }
        : null,
    slow: worst && bucket ? callerToSlow(worst.traffic, storms, bucket.refillPerSecond) : null,
    downstream: facts.hasForeign ? downstreamRows(facts) : null,
    suggestedConfiguration: suggestConfiguration(facts, worst?.place),
    untested: settled(facts),
  };
}

/** The caller that asked for most in the worst storm, slowed to what others left of the bucket. */
function callerToSlow(traffic: Traffic, storms: readonly Storm[], refillPerSecond: number): ProbeFigures['slow'] {
  const [worst] = storms.toSorted((a, b) => b.throttled - a.throttled);
  if (!worst) return null;
  const [most, ...others] = traffic.users([worst]);
  if (!most) return null;
  const left = refillPerSecond - others.reduce((sum, { perSecond }) => sum + perSecond, 0);
  return left < 0 ? null : { caller: most.caller, toPerSecond: rounded(left) };
}

/** Throttled calls that ECS itself made to other services. */
function downstreamRows({ downstream }: Facts) {
  return [...downstream]
    .toSorted(([, a], [, b]) => b - a)
    .map(([name, throttled]) => {
      const [source = '', operation = ''] = name.split(' ');
      const call = `${source.replace('.amazonaws.com', '')}:${operation}`;
      return { call, throttled, ask: downstreamAsk(source, operation) };
    });
}

/** Callers whose rejected attempts are refused for what their records lack, which a message would hold. */
function handOverRows({ calls, requests }: Facts): HandOverRow[] {
  const rows = new Map<string, { attempts: number; reason: string }>();
  const add = (caller: string, verdict: Verdict | undefined, attempts: number) => {
    if (verdict?.kind !== 'refuse' || !LACKING.includes(verdict.reason)) return;
    const row = rows.get(caller) ?? { attempts: 0, reason: verdict.reason };
    rows.set(caller, row);
    row.attempts += attempts;
  };
  for (const { caller, verdict } of calls.attempts().unknown) add(caller, verdict, 1);
  for (const { caller, verdict, isAccepted, rejectedAttempts } of calls.calls) {
    if (!isAccepted) add(caller, verdict, rejectedAttempts);
  }
  return [...rows]
    .map(([caller, { attempts, reason }]) => ({
      caller,
      rejectedAttempts: attempts,
      reason,
      usualRequest: usualRequest(requests.get(caller)),
    }))
    .toSorted((a, b) => b.rejectedAttempts - a.rejectedAttempts);
}

const LACKING: readonly string[] = ['bareRecord', 'missingParameters', 'hiddenEnvironment', 'noClientToken'];

function usualRequest(kinds: Facts['requests'] extends Map<string, infer Kinds> ? Kinds | undefined : never) {
  const sorted = [...(kinds?.values() ?? [])].toSorted((a, b) => b.count - a.count);
  const sum = sorted.reduce((made, kind) => made + kind.count, 0);
  const [first] = sorted;
  if (!first || first.count / sum < USUAL_SHARE) return null;
  return { family: first.family, cluster: first.cluster, share: rounded(first.count / sum, 3) };
}

function shownStorms(storms: readonly Storm[]): ProbeFigures['storms'] {
  return storms
    .toSorted((a, b) => b.throttled - a.throttled)
    .slice(0, SHOWN_STORMS)
    .map(({ from, until, throttled }) => ({
      from: instant(from * 1000) ?? '',
      until: instant((until + 1) * 1000) ?? '',
      throttledAttempts: throttled,
    }));
}

const isHit = (row: CallerRow) =>
  row.rejectedAttempts + (row.noRoom ?? 1) + (row.throttled ?? 1) + (row.failedStarts ?? 0) > 0;
const weight = (row: CallerRow) => row.rejectedAttempts + (row.noRoom ?? 0) + (row.failedStarts ?? 0);

/** Null where one of them is not known. */
function total(counts: readonly (number | null)[]): number | null {
  return counts.reduce((sum: number | null, each) => (sum === null || each === null ? null : sum + each), 0);
}

const rounded = (value: number, digits = 1) => Math.round(value * 10 ** digits) / 10 ** digits;
const instant = (ms: number) => (Number.isFinite(ms) ? new Date(ms).toISOString() : null);
