import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { rowsIn, statementTable } from '../support/statement-table.ts';
import { ANY, MANY_CLUSTERS, NAMED, NO_ROLES, type Statement, statementsOf } from '../support/statements.ts';
import { functionRoles, wrongHandsTable } from '../support/wrong-hands-table.ts';
import { hasWildcard, REVIEWED, reviewsOf } from './reviewed-statements.ts';
import { WRONG_HANDS } from './wrong-hands.ts';

const PAGE = new URL('../../docs/security.md', import.meta.url);
const CONFIGURATIONS: readonly [string, object][] = [
  ['everything is named', NAMED],
  ['anything is listed', ANY],
  ['no role may be put in the place of another', NO_ROLES],
  ['a long list of clusters is listed', MANY_CLUSTERS],
  ['the keys are those of AWS', { ...NAMED, encryption: 'awsOwned' }],
  ['nothing is configured', {}],
];
const statements = CONFIGURATIONS.map(([name, configuration]) => [name, statementsOf(configuration)] as const);

describe('policy statements, where', () => {
  test.each(statements)('%s, are all reviewed, each by one review', (_, all) => {
    expect(all.filter((statement) => reviewsOf(statement).length !== 1)).toEqual([]);
  });

  test.each(statements)('%s, hold a wildcard only for a reason', (_, all) => {
    const withoutReason = all.filter(
      (statement) => hasWildcard(statement) && reviewsOf(statement).some(({ wildcard }) => wildcard === undefined),
    );
    expect(withoutReason).toEqual([]);
  });

  test.each(statements)('%s, let in nobody who is not named', (_, all) => {
    expect(all.filter(({ who, effect }) => effect === 'Allow' && /everybody|\*/.test(who))).toEqual([]);
  });
});

describe('reviews', () => {
  const all = statements.flatMap(([, those]) => those);
  const reviews = new Map(all.map((statement) => [statement, reviewsOf(statement)]));
  const reviewed = (review: (typeof REVIEWED)[number]) => all.filter((one) => reviews.get(one)?.includes(review));

  test('are of statements that there are', () => {
    expect(REVIEWED.filter((review) => reviewed(review).length === 0)).toEqual([]);
  });

  test('give no reason for a wildcard that there is not', () => {
    expect(REVIEWED.filter((review) => review.wildcard && !reviewed(review).some(hasWildcard))).toEqual([]);
  });

  test('are what docs/security.md says: npx node scripts/write-statement-table.ts', () => {
    expect(rowsIn(readFileSync(PAGE, 'utf8'), statementTable)).toEqual(statementTable.rows());
  });

  test.each<[string, Partial<Statement>]>([
    ['another action', { actions: ['ecs:RunTask', 'ecs:StartTask'] }],
    ['no condition', { conditions: [], conditionKeys: [] }],
    ['another Sid', { actions: ['iam:PassRole'], conditionKeys: ['iam:PassedToService'], sid: 'PassToAnybody' }],
  ])('do not cover a statement with %s', (_, change) => {
    const run = all.find(({ actions }) => actions.includes('ecs:RunTask')) as Statement;
    expect(reviewsOf(run)).toHaveLength(1);
    expect(reviewsOf({ ...run, ...change })).toEqual([]);
  });
});

describe('what an attacker in a function could do', () => {
  test.each(statements)('is said of each function there is, where %s', (_, all) => {
    expect(Object.keys(WRONG_HANDS)).toEqual(expect.arrayContaining([...functionRoles(all).keys()]));
  });

  test('is said of no other', () => {
    expect(new Set(Object.keys(WRONG_HANDS))).toEqual(new Set(functionRoles().keys()));
  });

  test('is what docs/security.md says: npx node scripts/write-statement-table.ts', () => {
    expect(rowsIn(readFileSync(PAGE, 'utf8'), wrongHandsTable)).toEqual(wrongHandsTable.rows());
  });
});
