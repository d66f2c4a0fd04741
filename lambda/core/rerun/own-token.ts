import type { RunTaskRequest } from '../events/run-task-request.ts';
import {
  generationToken,
  keyedToken,
  type Occasion,
  remainderToken,
  substituteToken,
  type TokenKey,
} from '../identity.ts';
import type { Progress, RerunInput } from './rerun-input.ts';

/** The whole request under the token that it begins with: the caller's or, where it has none that can be used, one of ours. */
export function tokenedRequest(
  request: RunTaskRequest,
  { callId, ownToken }: Pick<RerunInput, 'callId' | 'ownToken'>,
  key: TokenKey,
): RunTaskRequest {
  switch (ownToken) {
    case undefined:
      return request;
    case 'substitute':
      return { ...request, clientToken: substituteToken(key, callId) };
    case 'keyed':
      return { ...request, clientToken: keyedToken(key, callId) };
    case 'generation':
      return { ...request, clientToken: generationToken(key, callId) };
    default:
      return ownToken satisfies never;
  }
}

/** What is left of a request after an answer with `failures[]`, under a token of its own. */
export function remainderRequest(
  request: RunTaskRequest,
  occasion: Occasion,
  { remaining, round }: Pick<Progress, 'remaining' | 'round'>,
  key: TokenKey,
): RunTaskRequest {
  return { ...request, count: remaining, clientToken: remainderToken(key, occasion, remaining, round) };
}
