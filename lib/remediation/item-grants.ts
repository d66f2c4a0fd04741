import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ITEM_KINDS } from '../../lambda/core/contract.ts';

type Kind = (typeof ITEM_KINDS)[keyof typeof ITEM_KINDS];

/** Functions of earlier versions read items one by one, and work on while they are replaced. */
export const READ_ITEMS = ['dynamodb:BatchGetItem', 'dynamodb:GetItem'];

/** All items of a kind of which there are many. */
export const each = <K extends Kind>(kind: K): `${K}#*` => `${kind}#*`;

/**
 * Lets a function do something to items of some kinds only: who gets hold of one function has no say about what the others
 * keep. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
 */
export function grantItems(
  table: ITable,
  handler: IFunction,
  actions: readonly string[],
  ids: readonly (Kind | `${Kind}#*`)[],
): void {
  handler.addToRolePolicy(
    new PolicyStatement({
      actions: [...actions],
      resources: [table.tableArn],
      conditions: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [...ids] } },
    }),
  );
}
