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
  /^(aws:(PrincipalAccount|PrincipalArn|PrincipalIsAWSService|PrincipalServiceName|SecureTransport|SourceAccount|SourceArn)|ecs:(cluster|CreateAction|enable-ebs-volumes|enable-execute-command)|dynamodb:LeadingKeys|iam:PassedToService|kms:EncryptionContext:.+)$/;
/** Everything in the lab travels over TLS. */
const ALWAYS = { 'aws:SecureTransport': 'true' };

/** Statements that are about an action and a resource: what decides beside them is the request's context. */
interface Relevant {
  readonly onResource: readonly Statement[];
  /** Those of them that are about who asks. */
  readonly meant: readonly Statement[];
  /** What the role's own policies say. */
  readonly granted: readonly Statement[];
  /** Whether none of them has a condition. */
  readonly isUnconditional: boolean;
  /** What they come to where nothing that a request says of itself can change that; undefined until it is asked for. */
  verdict: boolean | undefined;
}

/** Of how many permissions that is kept. */
const MOST_REMEMBERED = 5000;

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
/** Those that are met where the key is absent or has none of the values. */
const NEGATED: Readonly<Record<string, string>> = {
  StringNotEquals: 'StringEquals',
  StringNotLike: 'StringLike',
  ArnNotEquals: 'ArnEquals',
  ArnNotLike: 'ArnLike',
};
const IF_EXISTS = /IfExists$/;
/** Requests of ours have one value of a key that may have several; it is met where there is none. */
const FOR_ALL = /^ForAllValues:/;

/**
 * Decides about single permissions by the policies of a template, as IAM does within one account: an explicit Deny beats
 * every Allow, and the role's policies or the resource's may allow. No boundaries, no organization policies.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */
export class Iam {
  readonly #policies: Policies;
  /** By who asks, action and resource: a program asks for the same few over and over. */
  readonly #relevant = new Map<string, Relevant>();

  constructor(policies: Policies) {
    this.#policies = policies;
  }

  /** Whether a role, or an AWS service, may do something. Throws an `UnsupportedError` for what it cannot judge. */
  allows(who: Identity, need: Need): boolean {
    const relevant = this.#relevantTo(who, need);
    if (!relevant.isUnconditional && need.context) return judge(relevant, need, contextOf(who, need));
    relevant.verdict ??= judge(relevant, need, contextOf(who, need));
    return relevant.verdict;
  }

  #relevantTo(who: Identity, need: Need): Relevant {
    const key = `${'role' in who ? who.role : who.service} ${need.action} ${need.resource}`;
    const known = this.#relevant.get(key);
    if (known) return known;
    // Those of single tasks are asked for once or twice.
    if (this.#relevant.size >= MOST_REMEMBERED) this.#relevant.clear();
    const relevant = this.#findRelevant(who, need);
    this.#relevant.set(key, relevant);
    return relevant;
  }

  #findRelevant(who: Identity, { action, resource }: Need): Relevant {
    const { ofRoles, ofResources } = this.#policies;
    const own = 'role' in who ? ofRoles.get(who.role) : [];
    if (!own) throw new UnsupportedError(`a role that the template does not have: ${JSON.stringify(who)}`);
    const about = (statements: readonly Statement[]) =>
      statements.filter((statement) => isAbout(statement, action) && isOn(statement, resource));
    const onResource = about(ofResources.get(resource) ?? []);
    const meant = onResource.filter((statement) => names(statement, who));
    const granted = about(own);
    const isUnconditional = [...onResource, ...granted].every(({ Condition }) => Object.keys(Condition).length === 0);
    return { onResource, meant, granted, isUnconditional, verdict: undefined };
  }

  /** Whether the resource's policy forbids something to a role or user, whatever its own policies say. */
  denies(who: Identity & { role: string }, need: Need): boolean {
    const account = who.role.split(':')[4] ?? '';
    const context = contextOf(who, need);
    return (this.#policies.ofResources.get(need.resource) ?? []).some(
      (statement) =>
        statement.Effect === 'Deny' &&
        // A Deny to an account is one to all that is in it.
        (names(statement, who) || isAccount(statement, account)) &&
        isAbout(statement, need.action) &&
        isOn(statement, need.resource) &&
        isMet(statement, context),
    );
  }
}

function judge({ onResource, meant, granted }: Relevant, need: Need, context: Context): boolean {
  const meantNow = meant.filter((statement) => isMet(statement, context));
  const grantedNow = granted.filter((statement) => isMet(statement, context));
  if ([...meantNow, ...grantedNow].some(({ Effect }) => Effect === 'Deny')) return false;
  return meantNow.length > 0 || (grantedNow.length > 0 && mayBeGranted(onResource, need, context));
}

/**
 * A role's own policies count for a key only if the key's policy leaves it to the account, and for a role's trust never.
 * https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
 */
function mayBeGranted(onResource: readonly Statement[], need: Need, context: Context): boolean {
  if (need.action === 'sts:AssumeRole') return false;
  if (!need.action.startsWith('kms:')) return true;
  const [, , , , account] = need.resource.split(':');
  return onResource.some((statement) => isAccount(statement, account ?? '') && isMet(statement, context));
}

function names({ Principal = {} }: Statement, who: Identity): boolean {
  const { AWS = [], Service = [] } = Principal;
  return AWS.includes('*') || ('role' in who ? AWS.includes(who.role) : Service.includes(who.service));
}

const isAccount = ({ Principal = {} }: Statement, account: string): boolean =>
  [account, `arn:aws:iam::${account}:root`].some((principal) => Principal.AWS?.includes(principal));

type Context = Readonly<Record<string, string>>;

const contexts = new Map<string, Context>();

/** What a request says of itself, beside what the need adds. */
function contextOf(who: Identity, { context }: Need): Context {
  const name = 'role' in who ? who.role : who.service;
  const own = contexts.get(name) ?? { ...ALWAYS, ...identityContext(who) };
  contexts.set(name, own);
  return context ? { ...own, ...context } : own;
}

const identityContext = (who: Identity): Context =>
  'role' in who
    ? {
        'aws:PrincipalArn': who.role,
        'aws:PrincipalAccount': who.role.split(':')[4] ?? '',
        'aws:PrincipalIsAWSService': 'false',
      }
    : { 'aws:PrincipalServiceName': who.service, 'aws:PrincipalIsAWSService': 'true' };

// Actions are case-insensitive: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html
const isAbout = ({ Action }: Statement, asked: string): boolean =>
  Action.some((action) => isLike(asked.toLowerCase(), action.toLowerCase()));

const isOn = ({ Resource }: Statement, asked: string): boolean =>
  Resource.some((resource) => isArnLike(asked, resource));

/** Whether a statement's conditions are met by this request. */
const isMet = ({ Condition }: Statement, context: Context): boolean =>
  Object.entries(Condition).every(([operator, keys]) =>
    Object.entries(keys).every(([key, expected]) => holds(operator, key, expected, context)),
  );

/** One of the expected values has to be met; an absent key meets none, unless the operator says so. */
function holds(operator: string, key: string, expected: readonly string[], context: Context): boolean {
  if (!KEYS.test(key)) throw new UnsupportedError(`the condition key ${key}`);
  const found = context[key];
  if (operator === 'Null') return expected.includes(String(found === undefined));
  const name = operator.replace(IF_EXISTS, '').replace(FOR_ALL, '');
  const negated = NEGATED[name];
  const test = OPERATORS[negated ?? name];
  if (!test) throw new UnsupportedError(`the condition operator ${operator}`);
  if (found === undefined) return negated !== undefined || IF_EXISTS.test(operator) || FOR_ALL.test(operator);
  return expected.some((value) => test(found, value)) === (negated === undefined);
}

const patterns = new Map<string, readonly string[]>();
/** What was asked for last is asked for again, of the next statement. */
let last: { readonly arn: string; readonly parts: readonly string[] } = { arn: '', parts: [] };

/** Wildcards stay within one of the six parts of an ARN; the last has the colons that are left. */
function isArnLike(found: string, pattern: string): boolean {
  if (pattern === '*') return true;
  if (last.arn !== found) last = { arn: found, parts: partsOf(found) };
  const foundParts = last.parts;
  const patternParts = patterns.get(pattern) ?? partsOf(pattern);
  patterns.set(pattern, patternParts);
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
