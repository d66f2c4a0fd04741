import { WRONG_HANDS } from '../lib/wrong-hands.ts';
import type { GeneratedTable } from './statement-table.ts';
import { NAMED, type Statement, statementsOf } from './statements.ts';

/** Services whose permissions each function has for its own log, and for the key that its data are under. */
const EVERYBODYS = /^(kms|logs:(CreateLogStream|PutLogEvents))/;

/** Roles that Lambda runs functions under, with what they may. */
export function functionRoles(statements: readonly Statement[] = statementsOf(NAMED)): Map<string, string[]> {
  const roles = statements
    .filter(({ who, actions }) => who.startsWith('lambda.') && actions.includes('sts:AssumeRole'))
    .flatMap(({ resources }) => resources);
  const mayOf = (role: string) =>
    statements.filter(({ who, effect }) => who === role && effect === 'Allow').flatMap(({ actions }) => actions);
  return new Map(
    roles.map((role) => [role, [...new Set(mayOf(role))].filter((action) => !EVERYBODYS.test(action)).toSorted()]),
  );
}

/** The table in docs/security.md of what somebody in one of the functions could do. */
export const wrongHandsTable: GeneratedTable = {
  marker: 'wrong hands',
  header: ['in', 'which may, beside its log and the key', 'an attacker could', 'and could not'],
  rows: () =>
    [...functionRoles()].map(([role, may]) => {
      const hands = WRONG_HANDS[role];
      if (!hands) throw new Error(`${role}: expected what an attacker in it could do, in test/lib/wrong-hands.ts`);
      return [`\`${role}\``, may.map((action) => `\`${action}\``).join(', '), hands.could, hands.couldNot];
    }),
};
