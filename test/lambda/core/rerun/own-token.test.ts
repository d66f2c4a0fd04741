import { expect, test } from 'vitest';
import { generationToken, keyedToken, substituteToken } from '../../../../lambda/core/identity.ts';
import { remainderRequest, tokenedRequest } from '../../../../lambda/core/rerun/own-token.ts';
import { rerunOf } from '../../../support/records.ts';

const { request, callId } = rerunOf();
const { clientToken: _, ...tokenless } = request;
const KEY = 'the key of a stack';

test('a request that has its caller’s token goes under that, to the letter', () => {
  expect(tokenedRequest(request, { callId }, KEY)).toEqual(request);
});

test.each([
  ['substitute', substituteToken],
  ['keyed', keyedToken],
  ['generation', generationToken],
] as const)('a request without one gets one of ours, by what it is: %s', (ownToken, token) => {
  const expected = { ...tokenless, clientToken: token(KEY, callId) };
  expect(tokenedRequest(tokenless, { callId, ownToken }, KEY)).toEqual(expected);
});

test('what is left is asked for under the token of its round and occasion, and nothing else changes', () => {
  const left = (occasion: string, round: number) =>
    remainderRequest(request, { callId, occasion }, { remaining: 2, round }, KEY);
  const { clientToken, ...first } = left('', 1);
  expect(first).toEqual({ ...tokenless, count: 2 });
  expect(left('', 1).clientToken).toBe(clientToken);
  for (const other of [left('', 2), left('placed', 1)]) expect(other.clientToken).not.toBe(clientToken);
});
