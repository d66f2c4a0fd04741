import { UnsupportedError } from '../../kernel/aws-service.ts';
import type { Policies } from '../../stack/policies.ts';
import type { Statement } from '../../stack/resources.ts';
import { type Context, isMet } from './conditions.ts';
import { arnLike, like } from './text-pattern.ts';

/** Who asks: a role by its ARN, or an AWS service by its name. */
export type Identity = { readonly role: string } | { readonly service: string };

/** One permission that a call needs. */
export interface Need {
  readonly action: string;
  readonly resource: string;
  /** Condition keys that the request has beyond those that all requests have. */
  readonly context?: Context;
}

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
    const key = `${nameOf(who)} ${need.action} ${need.resource}`;
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

const nameOf = (who: Identity): string => ('role' in who ? who.role : who.service);

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

const contexts = new Map<string, Context>();

/** What a request says of itself, beside what the need adds. */
function contextOf(who: Identity, { context }: Need): Context {
  const name = nameOf(who);
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
  Action.some((action) => like(action.toLowerCase())(asked.toLowerCase()));

const isOn = ({ Resource }: Statement, asked: string): boolean => Resource.some((resource) => arnLike(resource)(asked));
