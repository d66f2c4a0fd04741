import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  asynchronousCallId,
  callName,
  executionName,
  generationToken,
  keyedCallId,
  keyedToken,
  placedOccasion,
  remainderToken,
  requestDigest,
  spreadOf,
  substituteToken,
  synchronousCallId,
  tokenlessCallId,
} from '../../../lambda/core/identity.ts';
import { ACCOUNT, EVENT_TIME_MS, TASK_ARN, verdictOn } from '../../support/records.ts';

const CALL = {
  account: ACCOUNT,
  region: 'us-east-1',
  principal: 'AROAEXAMPLEEXAMPLE123',
  cluster: 'batch',
  clientToken: '11111111-1111-4111-8111-111111111111',
};
const CALL_ID = '38d6c654c9f31d9d60b174a5e88a1e3b';
const KEYED = { account: ACCOUNT, region: 'us-east-1', cluster: 'batch', family: 'report', key: 'nightly-2026-01-15' };
const KEYED_ID = '82c0828841ae44f9b498922d617b68c7';
const EVENT_ID = 'e5c1f7a2-0000-4000-8000-000000000001';
const TOKENLESS_ID = '99ab26d9faf08623fdd1c4fa25b897af';
const TASK_CALL_ID = '1da4ad3ca1b28b3aac02ba3d42836561';
const HOUR = 3_600_000;
const KEY = 'the key of a stack';
/** One of the calls under an id. */
const occasion = (callId: string, first = '') => ({ callId, occasion: first });

describe('identities are contracts: a change here makes two launches of one call', () => {
  test.each([
    ['the id of a call', synchronousCallId(CALL), CALL_ID],
    [
      'the name of its execution',
      executionName('report', CALL_ID, EVENT_TIME_MS),
      'report-2d6c138652489cfcc1df737a3a61a119',
    ],
    ['the token of its remainder', remainderToken(KEY, occasion(CALL_ID), 2, 1), 'af67764f80c84442e06ff78821b5cde0'],
    ['the id of a call without a token', tokenlessCallId(ACCOUNT, 'us-east-1', EVENT_ID), TOKENLESS_ID],
    ['the id of a call whose task failed to start', asynchronousCallId(TASK_ARN), TASK_CALL_ID],
    [
      'the name of its execution, which has no hour',
      executionName('report', TASK_CALL_ID),
      'report-55c1f48c4b96f1f5b5f5a304ef9ebae3',
    ],
    ['the token of its next generation', generationToken(KEY, TASK_CALL_ID), '87cc12f73582142ab2d6147146da1a87'],
    ['the id of a call that was never attempted', keyedCallId(KEYED), KEYED_ID],
    ['its token', keyedToken(KEY, KEYED_ID), '7e47ffc8b04305a83427d5cb87b2216c'],
    [
      'the digest of a request',
      requestDigest({ taskDefinition: 'report:3', count: 2 } as object),
      '4d5b9cc07aa23b8257fa5766e0f06325',
    ],
    ['the token in place of a missing one', substituteToken(KEY, TOKENLESS_ID), '011254015774c1d31253663b5f42983f'],
  ])('%s', (_, found, pinned) => {
    expect(found).toBe(pinned);
  });
});

describe('the id of a call', () => {
  test.each(['account', 'region', 'principal', 'cluster', 'clientToken'] as const)(
    'is another one with another %s',
    (part) => {
      expect(synchronousCallId({ ...CALL, [part]: 'other' })).not.toBe(CALL_ID);
    },
  );

  test('keeps neighbouring parts apart', () => {
    const of = (cluster: string, clientToken: string) => synchronousCallId({ ...CALL, cluster, clientToken });
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), fc.string(), (a, b, c, d) => {
        expect(of(a, b) === of(c, d)).toBe(a === c && b === d);
      }),
    );
    expect(of('a', 'bc')).not.toBe(of('ab', 'c'));
    expect(of('a","b', 'c')).not.toBe(of('a', 'b","c'));
  });

  test('never meets the id of a call without a token', () => {
    expect(tokenlessCallId('a', 'b', 'c')).not.toBe(
      synchronousCallId({ account: 'a', region: 'b', principal: '', cluster: 'c', clientToken: '' }),
    );
  });
});

describe('the name of an execution', () => {
  test('is one that Step Functions takes, for any family', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), fc.string(), fc.nat(), (family, callId, time) => {
        expect(executionName(family, callId, time)).toMatch(/^[A-Za-z0-9_-]{33,80}$/);
      }),
    );
    expect(executionName('f'.repeat(255), CALL_ID, 0)).toHaveLength(80);
  });

  test('is the same within an hour and another one in the next', () => {
    const at = (ms: number) => executionName('report', CALL_ID, EVENT_TIME_MS + ms);
    expect(at(HOUR - 1)).toBe(at(0));
    expect(at(HOUR)).not.toBe(at(0));
    expect(at(-1)).not.toBe(at(0));
  });

  test('is one for good where the token names one call for ever', () => {
    const at = (token: string, ms: number) => callName('report', CALL_ID, token, EVENT_TIME_MS + ms);
    expect(at('once-1', 20 * HOUR)).toBe(at('once-1', 0));
    expect(at('nightly', 20 * HOUR)).not.toBe(at('nightly', 0));
  });

  const nameOf = (request: object) => {
    const verdict = verdictOn({ request: { ...request } });
    return verdict.kind === 'rerun' ? verdict.name : verdict;
  };

  test('is one for all notations of one cluster', () => {
    const byName = nameOf({ cluster: 'batch' });
    expect(byName).toBe('report-2d6c138652489cfcc1df737a3a61a119');
    expect(nameOf({ cluster: 'arn:aws:ecs:us-east-1:111122223333:cluster/batch' })).toBe(byName);
    expect(nameOf({ cluster: undefined })).toBe(nameOf({ cluster: 'default' }));
    expect(nameOf({ cluster: 'default' })).not.toBe(byName);
  });

  test('is one for all notations of one family, and for each client token another', () => {
    expect(nameOf({ taskDefinition: 'arn:aws:ecs:us-east-1:111122223333:task-definition/report:3' })).toBe(nameOf({}));
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.string({ minLength: 1 }), (a, b) => {
        expect(nameOf({ clientToken: a }) === nameOf({ clientToken: b })).toBe(a === b);
      }),
    );
  });
});

test('nobody who lacks the key of the stack can compute a token of its own', () => {
  const tokens = (key: string) => [
    remainderToken(key, occasion(CALL_ID), 2, 1),
    substituteToken(key, CALL_ID),
    keyedToken(key, CALL_ID),
    generationToken(key, CALL_ID),
  ];
  const [own, guessed] = [tokens(KEY), tokens('')];
  for (const token of own) expect(guessed).not.toContain(token);
});

test('calls of one fixed token, hours apart, have tokens of their own', () => {
  const [first, second] = [occasion(CALL_ID, '0'), occasion(CALL_ID, String(6 * HOUR))];
  expect(remainderToken(KEY, first, 1, 1)).not.toBe(remainderToken(KEY, second, 1, 1));
});

test('what was placed of a call is the same in whatever order its tasks are named', () => {
  expect(placedOccasion(['b', 'a'])).toBe(placedOccasion(['a', 'b']));
  expect(placedOccasion(['a'])).not.toBe(placedOccasion(['a', 'b']));
});

test('each remainder and generation has a token of its own that ECS takes', () => {
  const tokens = [
    remainderToken(KEY, occasion(CALL_ID), 2, 1),
    remainderToken(KEY, occasion(CALL_ID), 1, 1),
    remainderToken(KEY, occasion(CALL_ID), 2, 2),
    remainderToken(KEY, occasion(TOKENLESS_ID), 2, 1),
    remainderToken(KEY, occasion(CALL_ID), 21, 1),
    remainderToken(KEY, occasion(CALL_ID), 2, 11),
    substituteToken(KEY, CALL_ID),
    generationToken(KEY, CALL_ID),
  ];
  expect(new Set(tokens).size).toBe(tokens.length);
  for (const token of tokens) expect(token).toMatch(/^[\x21-\x7e]{1,64}$/);
});

test('the jitter of a call is its own, and evenly spread', () => {
  const spreads = Array.from({ length: 1000 }, (_, n) => spreadOf(`call-${n}`));
  expect(spreadOf('call-7')).toBe(spreads[7]);
  for (const spread of spreads) expect(spread >= 0 && spread < 1).toBe(true);
  expect(spreads.reduce((sum, spread) => sum + spread, 0) / spreads.length).toBeCloseTo(0.5, 1);
});

describe('the id of a call that was never attempted', () => {
  test.each(['account', 'region', 'cluster', 'family', 'key'] as const)('is another one with another %s', (part) => {
    expect(keyedCallId({ ...KEYED, [part]: 'other' })).not.toBe(KEYED_ID);
  });
});

describe('the digest of a request', () => {
  test('is one whatever the order of members, the token, and what is not given', () => {
    const request = { cluster: 'batch', overrides: { containerOverrides: [{ name: 'app', command: ['a', 'b'] }] } };
    const same = {
      clientToken: 'x',
      overrides: { containerOverrides: [{ command: ['a', 'b'], name: 'app', cpu: null }] },
      group: undefined,
      cluster: 'batch',
    };
    expect(requestDigest(same)).toBe(requestDigest(request as object));
  });

  test('tells any two other requests apart', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.dictionary(fc.string(), fc.jsonValue()), (a, b) => {
        const clean = (value: object) => JSON.stringify(sorted({ ...value, clientToken: undefined }));
        expect(requestDigest(a) === requestDigest(b)).toBe(clean(a) === clean(b));
      }),
    );
  });
});

/** Members in order, without those that are null. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).filter(([, inner]) => inner !== null && inner !== undefined);
  return members.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, inner]) => [name, sorted(inner)]);
}
