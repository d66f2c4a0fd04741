import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { rowsIn, statementRows } from '../support/statement-table.ts';
import { ANY, NAMED, type Statement, statementsOf } from '../support/statements.ts';
import { hasWildcard, REVIEWED, reviewsOf } from './reviewed-statements.ts';

const PAGE = new URL('../../docs/security.md', import.meta.url);
const CONFIGURATIONS: readonly [string, object][] = [
  ['everything is named', NAMED],
  ['anything is listed', ANY],
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
  const reviewed = (review: (typeof REVIEWED)[number]) => all.filter((one) => reviewsOf(one).includes(review));

  test('are of statements that there are', () => {
    expect(REVIEWED.filter((review) => reviewed(review).length === 0)).toEqual([]);
  });

  test('give no reason for a wildcard that there is not', () => {
    expect(REVIEWED.filter((review) => review.wildcard && !reviewed(review).some(hasWildcard))).toEqual([]);
  });

  test('are what docs/security.md says: npx node scripts/write-statement-table.ts', () => {
    expect(rowsIn(readFileSync(PAGE, 'utf8'))).toEqual(statementRows());
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
