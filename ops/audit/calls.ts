import type { Attempt, Evidence, ResultLine, VerdictLine } from './evidence.ts';
import { Groups } from './groups.ts';

/** All that is known of one call, over all attempts at it, the caller's and the stack's. */
export interface CallEvidence {
  /** The caller's requests that tell what they asked for, by the token that makes several one call. */
  readonly identities: ReadonlyMap<string, readonly Attempt[]>;
  /** The caller's requests whose records are bare. */
  readonly bare: readonly Attempt[];
  /** The stack's requests. */
  readonly ours: readonly Attempt[];
  readonly verdicts: readonly VerdictLine[];
  readonly results: readonly ResultLine[];
  readonly taskArns: ReadonlySet<string>;
}

/** ECS forgets a token an hour after its tasks ended: the same token much later makes another call. */
const TOKEN_LIFE_MS = 3_600_000;

/** Puts together what belongs to one call. */
export function callsIn(evidence: Evidence): { readonly calls: CallEvidence[]; readonly own: ReadonlySet<string> } {
  const { attempts, verdicts, results } = evidence;
  const own = ownPrincipals(evidence);
  const groups = new Groups();
  const callers = attempts.filter(({ principal }) => !own.has(principal));
  const ours = attempts.filter(({ principal }) => own.has(principal));
  const tokens = new Map<string, Attempt[]>();
  for (const attempt of callers) {
    groups.join(record(attempt.eventId), `request ${attempt.requestId}`, ...attempt.taskArns.map(task));
    const key = tokenOf(attempt);
    if (key !== undefined) (tokens.get(key) ?? tokens.set(key, []).get(key))?.push(attempt);
  }
  /** By place, cluster and token alone, as ECS answers to a token whoever uses it: what is of one call only. */
  const repeatable = new Map<string, string | undefined>();
  const identityOf = new Map<Attempt, string>();
  for (const [key, attempted] of tokens) {
    let identity = '';
    let lastAt = Number.NEGATIVE_INFINITY;
    for (const attempt of attempted.toSorted((a, b) => a.at - b.at)) {
      if (attempt.at - lastAt > TOKEN_LIFE_MS) identity = `identity ${key} ${attempt.at}`;
      lastAt = attempt.at;
      identityOf.set(attempt, identity);
      groups.join(identity, record(attempt.eventId));
    }
    const [first] = attempted;
    const shared = first ? sharedToken(first) : '';
    const only = new Set(attempted.map((attempt) => identityOf.get(attempt))).size === 1 && !repeatable.has(shared);
    repeatable.set(shared, only ? identity : undefined);
  }
  for (const attempt of ours) {
    const shared = sharedToken(attempt);
    groups.join(record(attempt.eventId), ...attempt.taskArns.map(task), ...(shared ? [`own ${shared}`] : []));
    const identity = repeatable.get(shared);
    if (identity !== undefined) groups.join(identity, record(attempt.eventId));
  }
  for (const line of verdicts) {
    if (line.reason === 'ownCall') continue;
    const names = [
      ...(line.eventId === undefined ? [] : [record(line.eventId)]),
      ...(line.taskArn === undefined ? [] : [task(line.taskArn)]),
      ...(line.messageId !== undefined && line.isHandOver ? [`message ${line.messageId}`] : []),
      ...line.requestIds.map((id) => `request ${id}`),
      ...(line.callId === undefined ? [] : [`call ${line.callId}`]),
      ...(line.execution === undefined ? [] : [`execution ${line.execution}`]),
    ];
    const [first, ...others] = names;
    if (first !== undefined) groups.join(first, ...others);
  }
  for (const line of results) {
    const names = [line.callId, line.rootCallId].flatMap((id) => (id === undefined ? [] : [`call ${id}`]));
    const execution = line.execution === undefined ? [] : [`execution ${line.execution}`];
    const [first, ...others] = [...names, ...execution, ...line.taskArns.map(task)];
    if (first !== undefined) groups.join(first, ...others);
  }
  return { calls: gathered(), own };

  function gathered(): CallEvidence[] {
    const found = new Map<string, Gathered>();
    const at = (name: string): Gathered => {
      const root = groups.of(name);
      const known = found.get(root) ?? new Gathered();
      found.set(root, known);
      return known;
    };
    for (const attempt of callers) at(record(attempt.eventId)).addCallers(attempt, identityOf.get(attempt));
    for (const attempt of ours) at(record(attempt.eventId)).addOurs(attempt);
    for (const line of verdicts) {
      if (line.reason === 'ownCall') continue;
      const { eventId, taskArn, messageId } = line;
      if (eventId !== undefined) at(record(eventId)).verdicts.push(line);
      else if (taskArn !== undefined) at(task(taskArn)).verdicts.push(line);
      else if (messageId !== undefined) at(`message ${messageId}`).verdicts.push(line);
    }
    for (const line of results) {
      const name = line.callId ?? line.execution;
      if (name === undefined) continue;
      const call = at(line.callId === undefined ? `execution ${name}` : `call ${name}`);
      call.results.push(line);
      for (const arn of line.taskArns) call.taskArns.add(arn);
    }
    return [...found.values()];
  }
}

class Gathered implements CallEvidence {
  readonly identities = new Map<string, Attempt[]>();
  readonly bare: Attempt[] = [];
  readonly ours: Attempt[] = [];
  readonly verdicts: VerdictLine[] = [];
  readonly results: ResultLine[] = [];
  readonly taskArns = new Set<string>();

  addCallers(attempt: Attempt, identity = record(attempt.eventId)): void {
    for (const arn of attempt.taskArns) this.taskArns.add(arn);
    if (!attempt.request) this.bare.push(attempt);
    else this.identities.set(identity, [...(this.identities.get(identity) ?? []), attempt]);
  }

  addOurs(attempt: Attempt): void {
    for (const arn of attempt.taskArns) this.taskArns.add(arn);
    this.ours.push(attempt);
  }
}

/** Roles of the stack's requests: the stack says so of records that it sees; else whoever launched what it says it started. */
function ownPrincipals({ attempts, verdicts, results }: Evidence): ReadonlySet<string> {
  const said = verdicts.filter(({ reason }) => reason === 'ownCall').map(({ caller }) => caller);
  if (said.length > 0) return new Set(said);
  const started = new Set(results.filter(({ kind }) => kind === 'started').flatMap(({ taskArns }) => taskArns));
  const counts = new Map<string, number>();
  for (const { principal, taskArns } of attempts) {
    if (taskArns.some((arn) => started.has(arn))) counts.set(principal, (counts.get(principal) ?? 0) + 1);
  }
  const [most] = [...counts].toSorted(([, a], [, b]) => b - a);
  return new Set(most ? [most[0]] : []);
}

/** What makes several requests of a caller one call. */
function tokenOf(attempt: Attempt): string | undefined {
  const shared = sharedToken(attempt);
  return shared ? `${shared} ${attempt.principal}` : undefined;
}

function sharedToken({ place, request }: Attempt): string {
  return request?.token === undefined ? '' : `${place} ${request.cluster} ${request.token}`;
}

const record = (eventId: string) => `record ${eventId}`;
const task = (arn: string) => `task ${arn}`;
