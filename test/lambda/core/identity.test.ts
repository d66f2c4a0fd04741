import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  afterDeadlineToken,
  asynchronousCallId,
  executionName,
  generationToken,
  remainderToken,
  spreadOf,
  substituteToken,
  synchronousCallId,
  tokenlessCallId,
} from '../../../lambda/core/identity.ts';
import { ACCOUNT, EVENT_TIME_MS, TASK_ARN, verdictOn } from '../../support/records.ts';

const CALL = {
  account: ACCOUNT,
  region: 'us-east-1',
  cluster: 'batch',
  clientToken: '11111111-1111-4111-8111-111111111111',
};
const CALL_ID = '1d6a28f64d8391a79f9642e0879d7f90';
const EVENT_ID = 'e5c1f7a2-0000-4000-8000-000000000001';
const TOKENLESS_ID = '99ab26d9faf08623fdd1c4fa25b897af';
const TASK_CALL_ID = '1da4ad3ca1b28b3aac02ba3d42836561';
const HOUR = 3_600_000;

describe('identities are contracts: a change here makes two launches of one call', () => {
  test.each([
    ['the id of a call', synchronousCallId(CALL), CALL_ID],
    [
      'the name of its execution',
      executionName('report', CALL_ID, EVENT_TIME_MS),
      'report-15b4b65435393655c53c349d6616d261',
    ],
    ['the token of its remainder', remainderToken(CALL_ID, 2, 1), '9bed462f25e34b1873869c0bcdff067f'],
    ['the id of a call without a token', tokenlessCallId(ACCOUNT, 'us-east-1', EVENT_ID), TOKENLESS_ID],
    ['the id of a call whose task failed to start', asynchronousCallId(TASK_ARN), TASK_CALL_ID],
    [
      'the name of its execution, which has no hour',
      executionName('report', TASK_CALL_ID),
      'report-55c1f48c4b96f1f5b5f5a304ef9ebae3',
    ],
    ['the token of its next generation', generationToken(TASK_CALL_ID), 'c62d5344ef53492c258b1f1b9ffd2294'],
    ['the token of a late re-run', afterDeadlineToken(CALL_ID), '9f802828bc84c4ce8e7236f01e5c750c'],
    ['the token in place of a missing one', substituteToken(TOKENLESS_ID), '424e7f3b2166b4fba874c60d84332161'],
  ])('%s', (_, found, pinned) => {
    expect(found).toBe(pinned);
  });
});

describe('the id of a call', () => {
  test.each(['account', 'region', 'cluster', 'clientToken'] as const)('is another one with another %s', (part) => {
    expect(synchronousCallId({ ...CALL, [part]: 'other' })).not.toBe(CALL_ID);
  });

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
      synchronousCallId({ account: 'a', region: 'b', cluster: 'c', clientToken: '' }),
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

  const nameOf = (request: object) => {
    const verdict = verdictOn({ request: { ...request } });
    return verdict.kind === 'rerun' ? verdict.name : verdict;
  };

  test('is one for all notations of one cluster', () => {
    const byName = nameOf({ cluster: 'batch' });
    expect(byName).toBe('report-15b4b65435393655c53c349d6616d261');
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

test('each remainder, generation and late re-run has a token of its own that ECS takes', () => {
  const tokens = [
    remainderToken(CALL_ID, 2, 1),
    remainderToken(CALL_ID, 1, 1),
    remainderToken(CALL_ID, 2, 2),
    remainderToken(TOKENLESS_ID, 2, 1),
    remainderToken(CALL_ID, 21, 1),
    remainderToken(CALL_ID, 2, 11),
    substituteToken(CALL_ID),
    generationToken(CALL_ID),
    afterDeadlineToken(CALL_ID),
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
