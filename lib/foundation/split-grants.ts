import { Annotations } from 'aws-cdk-lib';
import { ManagedPolicy, type PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { withLongestTexts } from './longest-text.ts';
import { acknowledge, wildcardResource } from './nag.ts';

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html; IAM counts no white space. */
export const MAX_MANAGED_POLICY = 6144;
/** So many managed policies a role may have, and so many where the account's quota was raised as far as it goes. */
export const MANAGED_POLICIES_PER_ROLE = { usually: 10, atMost: 20 };
/** `{"Version":"2012-10-17","Statement":[]}`, and some room. */
const AROUND_STATEMENTS = 60;

/** A permission over a list that may be too long for one policy. */
export interface SplitGrant {
  readonly items: readonly string[];
  /** The statement for some of the items. */
  readonly statement: (items: readonly string[]) => PolicyStatement;
  /** Why its resources hold a wildcard, if they do. */
  readonly wildcard?: string;
}

/** Whether a statement has room in a policy of its own. */
export function fitsOnePolicy(scope: Construct, statement: PolicyStatement): boolean {
  return lengthOf(scope, statement) <= MAX_MANAGED_POLICY - AROUND_STATEMENTS;
}

/**
 * Grants by as many managed policies as it takes; the lists are the owner's, and CloudFormation refuses a policy that is
 * too long. The library moves long policies out of a role, but cannot split a statement.
 */
export class SplitGrants {
  readonly policies: readonly ManagedPolicy[];

  constructor(scope: Construct, id: string, role: Role, grants: readonly SplitGrant[]) {
    const documents = packed(scope, grants);
    this.policies = documents.map((parts, index) => {
      const policy = new ManagedPolicy(scope, `${id}${index}`, {
        description: `ecs-throttle-remediation: part ${index + 1} of ${documents.length} of what the configuration lists`,
        statements: parts.map(({ statement }) => statement),
        roles: [role],
      });
      for (const { statement, wildcard } of parts) {
        const arns = wildcard ? statement.resources.filter((arn) => arn.includes('*')) : [];
        for (const arn of arns) acknowledge(policy, { [wildcardResource(scope, arn)]: wildcard ?? '' });
      }
      return policy;
    });
    checkCount(scope, this.policies.length);
  }
}

interface Part {
  readonly statement: PolicyStatement;
  readonly wildcard: string | undefined;
}

/** One policy after the other, each filled as far as it goes. */
function packed(scope: Construct, grants: readonly SplitGrant[]): Part[][] {
  const documents: Part[][] = [];
  let room = 0;
  for (const { items, statement, wildcard } of grants) {
    let left = items;
    while (left.length > 0) {
      const count = mostThatFit(left.length, (size) => lengthOf(scope, statement(left.slice(0, size))) <= room);
      if (count === 0) {
        if (room === MAX_MANAGED_POLICY - AROUND_STATEMENTS) throw new Error(`${left[0]}: too long for a policy`);
        documents.push([]);
        room = MAX_MANAGED_POLICY - AROUND_STATEMENTS;
        continue;
      }
      const part = statement(left.slice(0, count));
      documents.at(-1)?.push({ statement: part, wildcard });
      // And the comma behind it.
      room -= lengthOf(scope, part) + 1;
      left = left.slice(count);
    }
  }
  return documents;
}

/** The largest count that fits, where fewer fit as well. */
function mostThatFit(atMost: number, fits: (count: number) => boolean): number {
  let [low, high] = [0, atMost];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}

function lengthOf(scope: Construct, statement: PolicyStatement): number {
  return JSON.stringify(withLongestTexts(scope, statement.toStatementJson())).length;
}

const SHORTER = 'Replace names that begin alike by one pattern with a trailing "*" ("nightly-*"), or list fewer.';

function checkCount(scope: Construct, count: number): void {
  const { usually, atMost } = MANAGED_POLICIES_PER_ROLE;
  if (count > atMost) {
    throw new Error(
      `clusters, families, passRoleArns and allowedRoleOverrides: found lists that take ${count} managed policies, expected at most ` +
        `${atMost} on one role. ${SHORTER}`,
    );
  }
  if (count > usually) {
    Annotations.of(scope).addWarningV2(
      'ecs-throttle-remediation:managedPolicies',
      `The configured lists take ${count} managed policies on one role. Before the deployment ask Service Quotas for ` +
        `"Managed policies attached to an IAM role" (L-0DA4ABF3) of ${count}: an account has ${usually} at first. ${SHORTER}`,
    );
  }
}
