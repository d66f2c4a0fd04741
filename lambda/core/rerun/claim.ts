/** Which request an execution's name stands for: a name is a call's identity, and a call has one request. */
export interface Claim {
  readonly digest: string;
  /** When the call was made or handed over, in milliseconds since the epoch. */
  readonly atMs: number;
}

/** A key names a job for a day. What comes under it later is another job, of which nobody knows whether it should run. */
const SAME_CALL_MS = 24 * 3_600_000;

/** Whether what claims a name now is the call that claimed it first. */
export function isSameCall(first: Claim, claim: Claim): boolean {
  return first.digest === claim.digest && Math.abs(claim.atMs - first.atMs) <= SAME_CALL_MS;
}
