import { AwsError, type FakeService, UnsupportedError } from '../../kernel/aws-service.ts';
import { LAB_EPOCH_MS } from '../../kernel/clock.ts';
import type { JsonObject } from '../../kernel/json.ts';
import { isRuleArn, type Scenario } from '../../scenario/scenario.ts';
import { principalParts } from './principal-id.ts';

type Kind = 'role' | 'user';

/** The roles and users of an account, by kind and name: a name is unique whatever the path. */
export class Principals {
  readonly #arns = new Map<string, string>();
  readonly #account: string;

  constructor(account: string, arns: Iterable<string>) {
    this.#account = account;
    for (const arn of arns) {
      const [, , service, , owner, resource = ''] = arn.split(':');
      const [kind, ...path] = resource.split('/');
      if (service === 'iam' && owner === account) this.#arns.set(`${kind}/${path.at(-1)}`, arn);
    }
  }

  find(kind: Kind, name: string): string | undefined {
    return this.#arns.get(`${kind}/${name}`);
  }

  /** What a policy has to name for a request about somebody; IAM knows the path only of those who are there. */
  arnOf(kind: Kind, name: string): string {
    return this.find(kind, name) ?? `arn:aws:iam::${this.#account}:${kind}/${name}`;
  }
}

/** Whoever calls in a scenario or is listed in its configuration. A session's ARN has lost its role's path: the list has it. */
export function principalsOf({ account, callers, remediation }: Scenario): Principals {
  const listed = [remediation.config.callers ?? []].flat().map((entry) => {
    const { arn } = typeof entry === 'object' && entry !== null ? (entry as JsonObject) : { arn: entry };
    return String(arn);
  });
  const calling = callers.map(({ principalArn }) => principalArn).filter((arn) => !isRuleArn(arn));
  return new Principals(account.id, [...calling.map((arn) => principalParts(arn).arn), ...listed]);
}

const OPERATIONS: Readonly<Record<string, { readonly kind: Kind; readonly shape: 'Role' | 'User' }>> = {
  GetRole: { kind: 'role', shape: 'Role' },
  GetUser: { kind: 'user', shape: 'User' },
};

/** Whom a request of IAM is about, as permissions name them. */
export function iamResource(operation: string, input: JsonObject, principals: Principals): string {
  const { kind, shape } = operationOf(operation);
  return principals.arnOf(kind, String(input[`${shape}Name`]));
}

/** AWS IAM, as far as it tells who has which unique id. */
export class FakeIam implements FakeService {
  readonly name = 'iam';
  readonly #principals: Principals;

  constructor(principals: Principals) {
    this.#principals = principals;
  }

  call(operation: string, input: JsonObject): JsonObject {
    const { kind, shape } = operationOf(operation);
    const name = input[`${shape}Name`];
    // Without a name GetUser is about whoever asks, which is nobody here.
    if (typeof name !== 'string') throw new UnsupportedError(`iam ${operation} without ${shape}Name`);
    const arn = this.#principals.find(kind, name);
    if (arn === undefined) {
      const message = `The ${kind} with name ${name} cannot be found.`;
      throw new AwsError('NoSuchEntityException', message, { status: 404 });
    }
    const path = arn.slice(arn.indexOf('/'), arn.lastIndexOf('/') + 1);
    const about = {
      Path: path,
      [`${shape}Name`]: name,
      [`${shape}Id`]: principalParts(arn).uniqueId,
      Arn: arn,
      CreateDate: LAB_EPOCH_MS / 1000,
    };
    return { [shape]: about };
  }
}

function operationOf(operation: string) {
  const known = OPERATIONS[operation];
  if (!known) throw new UnsupportedError(`iam ${operation}`);
  return known;
}
