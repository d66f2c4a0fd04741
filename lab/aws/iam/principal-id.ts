import { createHash } from 'node:crypto';

/** The parts of a role's session, of a role (whose session the lab has to name) or of a user. */
export interface PrincipalParts {
  readonly accountId: string;
  /** ARN of the role or user, as `aws:PrincipalArn` has it. A session's own ARN has lost its role's path. */
  readonly arn: string;
  readonly user: string | undefined;
  readonly role: string;
  readonly session: string;
  /** What IAM calls it for ever: `AROA…` a role, `AIDA…` a user. */
  readonly uniqueId: string;
  /** The `principalId` of CloudTrail records, and the `SenderId` of messages: `AROA…:session` or `AIDA…`. */
  readonly principalId: string;
}

const known = new Map<string, PrincipalParts>();

/** Remembered, because few principals make many requests. */
export function principalParts(principalArn: string): PrincipalParts {
  const parts = known.get(principalArn) ?? readParts(principalArn);
  known.set(principalArn, parts);
  return parts;
}

function readParts(principalArn: string): PrincipalParts {
  const [, partition = '', , , accountId = '', resource = ''] = principalArn.split(':');
  const [kind, ...path] = resource.split('/');
  const last = path.at(-1) ?? '';
  if (kind === 'user') {
    const id = `AIDA${uniqueMark(principalArn)}`;
    return { accountId, arn: principalArn, user: last, role: '', session: '', uniqueId: id, principalId: id };
  }
  const [role = '', session = 'session'] = kind === 'role' ? [last] : path;
  const issuer = `arn:${partition}:iam::${accountId}:role/`;
  // A role has one id, and its name is unique within the account whatever its path.
  const uniqueId = `AROA${uniqueMark(issuer + role)}`;
  return {
    accountId,
    arn: kind === 'role' ? principalArn : issuer + role,
    user: undefined,
    role,
    session,
    uniqueId,
    principalId: `${uniqueId}:${session}`,
  };
}

export const principalIdOf = (principalArn: string): string => principalParts(principalArn).principalId;

const digests = new Map<string, Buffer>();

/** Remembered, because few principals make many requests. */
export function digestOf(arn: string): Buffer {
  const digest = digests.get(arn) ?? createHash('sha256').update(arn).digest();
  digests.set(arn, digest);
  return digest;
}

/** Sixteen characters that stand for an ARN, in the alphabet of IAM's unique identifiers. */
export const uniqueMark = (arn: string): string =>
  digestOf(arn).toString('hex', 0, 8).toUpperCase().replaceAll('0', 'Z').replaceAll('1', 'Y');
