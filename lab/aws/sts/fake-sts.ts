import { AwsError, type FakeService, type Principal, UnsupportedError } from '../../kernel/aws-service.ts';
import type { VirtualClock } from '../../kernel/clock.ts';
import type { JsonObject } from '../../kernel/json.ts';
import { principalIdOf, principalParts } from '../iam/principal-id.ts';

const SESSION_MS = 3_600_000;

/** AWS STS: in the lab an access key is the name of a role, so that to assume a role is to be told its name. */
export class FakeSts implements FakeService {
  readonly name = 'sts';
  readonly #clock: VirtualClock;

  constructor({ clock }: { clock: VirtualClock }) {
    this.#clock = clock;
  }

  call(operation: string, input: JsonObject, { arn }: Principal): JsonObject {
    switch (operation) {
      case 'GetCallerIdentity':
        return { UserId: principalIdOf(arn), Account: principalParts(arn).accountId, Arn: arn };
      case 'AssumeRole':
        return this.#assumeRole(input);
      default:
        throw new UnsupportedError(`sts ${operation}`);
    }
  }

  #assumeRole({ RoleArn: roleArn, RoleSessionName: session = 'session' }: JsonObject): JsonObject {
    if (typeof roleArn !== 'string' || !/^arn:[\w-]+:iam::\d{12}:role\/.+$/.test(roleArn)) {
      throw new AwsError('ValidationError', `RoleArn: found ${String(roleArn)}, expected the ARN of a role`);
    }
    const { role, accountId } = principalParts(roleArn);
    const arn = `arn:aws:sts::${accountId}:assumed-role/${role}/${String(session)}`;
    return {
      Credentials: {
        AccessKeyId: role,
        SecretAccessKey: 'lab',
        SessionToken: 'lab',
        Expiration: (this.#clock.now() + SESSION_MS) / 1000,
      },
      AssumedRoleUser: { AssumedRoleId: principalIdOf(arn), Arn: arn },
    };
  }
}
