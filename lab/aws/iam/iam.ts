import { UnsupportedError } from '../../kernel/aws-service.ts';
import type { Policies } from '../../stack/policies.ts';
import type { Statement } from '../../stack/resources.ts';

/** Who asks: a role by its ARN, or an AWS service by its name. */
export type Identity = { readonly role: string } | { readonly service: string };

/** One permission that a call needs. */
export interface Need {
  readonly action: string;
  readonly resource: string;
  /** Condition keys that the request has beyond those that all requests have. */
  readonly context?: Readonly<Record<string, string>>;
}

/** Condition keys that the lab knows how to fill; a request that lacks one meets no condition on it. */
const KEYS =
  /^(aws:(SecureTransport|SourceAccount|SourceArn)|ecs:(cluster|CreateAction)|iam:PassedToService|kms:EncryptionContext:.+)$/;
/** Everything in the lab travels over TLS. */
const ALWAYS = { 'aws:SecureTransport': 'true' };

type Test = (found: string, expected: string) => boolean;

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html */
const OPERATORS: Readonly<Record<string, Test>> = {
  StringEquals: (found, expected) => found === expected,
  StringLike: (found, expected) => isLike(found, expected),
  // "The ArnEquals and ArnLike condition operators behave identically."
  ArnEquals: (found, expected) => isArnLike(found, expected),
  ArnLike: (found, expected) => isArnLike(found, expected),
  Bool: (found, expected) => found.toLowerCase() === expected.toLowerCase(),
};

/**
 * Decides about single permissions by the policies of a template, as IAM does within one account: an explicit Deny beats
 * every Allow, and the role's policies or the resource's may allow. No boundaries, no organization policies.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */
export class Iam {
  readonly #policies: Policies;

  constructor(policies: Policies) {
    this.#policies = policies;
  }

  /** Whether a role, or an AWS service, may do something. Throws an `UnsupportedError` for what it cannot judge. */
  allows(who: Identity, need: Need): boolean {
    const { ofRoles, ofResources } = this.#policies;
    const own = 'role' in who ? ofRoles.get(who.role) : [];
    if (!own) throw new UnsupportedError(`a role that the template does not have: ${JSON.stringify(who)}`);
    const onResource = ofResources.get(need.resource) ?? [];
    const meant = onResource
      .filter((statement) => names(statement, who))
      .filter((statement) => covers(statement, need));
    const granted = own.filter((statement) => covers(statement, need));
    if ([...meant, ...granted].some(({ Effect }) => Effect === 'Deny')) return false;
    return meant.length > 0 || (granted.length > 0 && mayBeGranted(onResource, need));
  }
}

/**
 * A role's own policies count for a key only if the key's policy leaves it to the account, and for a role's trust never.
 * https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
 */
function mayBeGranted(onResource: readonly Statement[], need: Need): boolean {
  if (need.action === 'sts:AssumeRole') return false;
  if (!need.action.startsWith('kms:')) return true;
  const [, , , , account] = need.resource.split(':');
  return onResource.some(
    (statement) => statement.Principal?.AWS?.includes(`arn:aws:iam::${account}:root`) && covers(statement, need),
  );
}

function names({ Principal = {} }: Statement, who: Identity): boolean {
  const { AWS = [], Service = [] } = Principal;
  return AWS.includes('*') || ('role' in who ? AWS.includes(who.role) : Service.includes(who.service));
}

function covers(statement: Statement, need: Need): boolean {
  const { Action, Resource, Condition } = statement;
  return (
    // Actions are case-insensitive: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html
    Action.some((action) => isLike(need.action.toLowerCase(), action.toLowerCase())) &&
    Resource.some((resource) => isArnLike(need.resource, resource)) &&
    Object.entries(Condition).every(([operator, keys]) =>
      Object.entries(keys).every(([key, expected]) => holds(operator, key, expected, need)),
    )
  );
}

/** One of the expected values has to be met; an absent key meets none. */
function holds(operator: string, key: string, expected: readonly string[], { context }: Need): boolean {
  const test = OPERATORS[operator];
  if (!test) throw new UnsupportedError(`the condition operator ${operator}`);
  if (!KEYS.test(key)) throw new UnsupportedError(`the condition key ${key}`);
  const found = { ...ALWAYS, ...context }[key];
  return found !== undefined && expected.some((value) => test(found, value));
}

/** Wildcards stay within one of the six parts of an ARN; the last has the colons that are left. */
function isArnLike(found: string, pattern: string): boolean {
  if (pattern === '*') return true;
  const [foundParts, patternParts] = [partsOf(found), partsOf(pattern)];
  return (
    foundParts.length === 6 &&
    patternParts.length === 6 &&
    patternParts.every((part, i) => isLike(foundParts[i] ?? '', part))
  );
}

function partsOf(arn: string): string[] {
  const parts = arn.split(':');
  return parts.length < 6 ? parts : [...parts.slice(0, 5), parts.slice(5).join(':')];
}

const compiled = new Map<string, RegExp>();

/** `*` is any text, `?` any one character. */
function isLike(found: string, pattern: string): boolean {
  if (pattern.includes('${')) throw new UnsupportedError(`the policy variable in ${pattern}`);
  if (!/[*?]/.test(pattern)) return found === pattern;
  let expression = compiled.get(pattern);
  if (!expression) {
    const source = pattern
      .replace(/[.+^$()|[\]{}\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.');
    expression = new RegExp(`^${source}$`, 's');
    compiled.set(pattern, expression);
  }
  return expression.test(found);
}
