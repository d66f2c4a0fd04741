import { GetRoleCommand, GetUserCommand } from '@aws-sdk/client-iam';
import { parseArn } from '../core/arn.ts';
import { type Caller, uniqueId } from '../core/events/run-task-record.ts';
import type { CallerEntry } from '../core/opt-in/opt-in.ts';
import { isRuleArn, onlyRuleOf, ruleOf } from '../core/opt-in/senders.ts';
import type { HandlerDependencies } from '../runtime/ports.ts';
import { errorName, retrying } from '../runtime/sdk-retry.ts';
import { makePrincipalNames } from '../state/principal-names.ts';

/** Nobody asks IAM more often than this for somebody whom it does not know. */
const RETRY_MS = 60_000;

/**
 * Who sent a message of the hand-over queue. SQS names a role or user by its unique id; IAM knows which of the listed ones
 * that is. What is known once is kept in the table, so that nothing rests on IAM in the middle of a storm.
 */
export function makeSenders(dependencies: HandlerDependencies<'iam' | 'dynamoDb'>) {
  const { clients, clock, log, environment } = dependencies;
  const callers: readonly CallerEntry[] = environment.settings.callers;
  const entries = callers.filter(({ handsOver }) => handsOver);
  const names = makePrincipalNames(dependencies);
  const known = new Map<string, string>();
  let asked: { readonly atMs: number; readonly failures: Promise<unknown[]> } | undefined;

  /** All messages of a batch wait for one answer. A question that failed is asked again. */
  async function askAtMostOnceAMinute(): Promise<unknown[]> {
    if (!asked || clock.now() - asked.atMs >= RETRY_MS) asked = { atMs: clock.now(), failures: askIam() };
    const failures = await asked.failures;
    if (failures.length > 0) asked = undefined;
    return failures;
  }

  /** Asks for each listed caller that is not known yet; returns what went wrong, which must not hide the others. */
  async function askIam(): Promise<unknown[]> {
    const found = new Set(known.values());
    const missing = entries.map(({ arn }) => arn).filter((arn) => !isRuleArn(arn) && parseArn(arn) && !found.has(arn));
    const failures: unknown[] = [];
    for (const arn of missing) {
      try {
        const id = await idOf(arn);
        if (id === undefined) continue;
        known.set(id, arn);
        await names.put(id, arn);
      } catch (error) {
        failures.push(error);
      }
    }
    return failures;
  }

  /** The unique id of a role or user; undefined where there is none of this name. */
  async function idOf(arn: string): Promise<string | undefined> {
    const [type, ...path] = parseArn(arn)?.resource.split('/') ?? [];
    const name = path.at(-1) ?? '';
    try {
      if (type === 'user') {
        const { User } = await retrying(dependencies, () => clients.iam.send(new GetUserCommand({ UserName: name })));
        return User?.Arn === arn ? User.UserId : undefined;
      }
      const { Role } = await retrying(dependencies, () => clients.iam.send(new GetRoleCommand({ RoleName: name })));
      return Role?.Arn === arn ? Role.RoleId : undefined;
    } catch (error) {
      if (errorName(error) !== 'NoSuchEntityException') throw error;
      log.warn('a listed caller does not exist', { caller: arn });
      return undefined;
    }
  }

  async function keptArn(id: string): Promise<string | undefined> {
    const kept = known.get(id) ?? (await names.get(id));
    if (kept !== undefined) known.set(id, kept);
    return kept;
  }

  async function askedArn(id: string): Promise<string | undefined> {
    const [failure] = await askAtMostOnceAMinute();
    // Nobody is turned away as long as it may be one of those that IAM did not tell of: the message comes again.
    if (!known.has(id) && failure !== undefined) throw failure;
    return known.get(id);
  }

  /** `key` is that of the message, which names the rule where a rule sent it. */
  return async (senderId: string, key: string | undefined): Promise<Caller> => {
    const principalId = uniqueId(senderId);
    // A rule that its key names is not to wait for what IAM says of roles.
    const arn =
      (await keptArn(principalId)) ??
      ruleOf(entries, principalId, key) ??
      (await askedArn(principalId)) ??
      onlyRuleOf(entries, principalId);
    // Somebody unlisted, or anybody where "*" is listed, is called by the id.
    return { principalArn: arn ?? principalId, principalId };
  };
}
