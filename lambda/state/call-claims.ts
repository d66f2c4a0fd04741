import type { Claim } from '../core/rerun/claim.ts';
import type { HandlerDependencies } from '../runtime/ports.ts';
import { makePutFirst } from './first-item.ts';
import { ITEMS } from './items.ts';

/** Names that are taken: a name is a call's identity, and a call has one request. */
export interface CallClaims {
  /** Takes a name for a request; returns whose it is, by the first claim that ever was. */
  claim(name: string, claim: Claim): Promise<Claim>;
}

export function makeCallClaims(dependencies: HandlerDependencies<'dynamoDb'>): CallClaims {
  const putFirst = makePutFirst(dependencies, ITEMS.call);
  return {
    async claim(name, { digest, atMs }) {
      const first = await putFirst(name, { digest: { S: digest }, atMs: { N: String(atMs) } });
      return { digest: first.digest?.S ?? '', atMs: Number(first.atMs?.N ?? 0) };
    },
  };
}
