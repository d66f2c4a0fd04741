import { vi } from 'vitest';
import { FakeCloudFormation } from '../../../lab/aws/cloudformation/fake-cloudformation.ts';
import { FakeCloudTrail } from '../../../lab/aws/cloudtrail/fake-cloudtrail.ts';
import { FakeAlarms } from '../../../lab/aws/cloudwatch/fake-alarms.ts';
import { FakeLogs } from '../../../lab/aws/cloudwatch/fake-logs.ts';
import { FakeDynamoDb } from '../../../lab/aws/dynamodb/fake-dynamodb.ts';
import { FakeEcs } from '../../../lab/aws/ecs/fake-ecs.ts';
import { FakeEventBridge } from '../../../lab/aws/eventbridge/fake-eventbridge.ts';
import { FakeIam } from '../../../lab/aws/iam/fake-iam.ts';
import { FakeLambda } from '../../../lab/aws/lambda/fake-lambda.ts';
import { FakeSns } from '../../../lab/aws/sns/fake-sns.ts';
import { FakeSqs } from '../../../lab/aws/sqs/fake-sqs.ts';
import { FakeStates } from '../../../lab/aws/states/fake-states.ts';
import { FakeSts } from '../../../lab/aws/sts/fake-sts.ts';
import { AwsError, type FakeService } from '../../../lab/kernel/aws-service.ts';
import { memberProblems, problemsOf, statusesOf } from './sdk-models.ts';

export interface Heard {
  /** `service operation`, and how often it was answered. */
  readonly answers: Map<string, number>;
  /** `service operation code status` of each error. */
  readonly errors: Set<string>;
  readonly problems: Set<string>;
}

/** Listens to every answer that the fakes give. */
export function listen(): Heard {
  const heard: Heard = { answers: new Map(), errors: new Set(), problems: new Set() };
  const answered = (service: string, operation: string, output: unknown) => {
    const key = `${service} ${operation}`;
    heard.answers.set(key, (heard.answers.get(key) ?? 0) + 1);
    for (const problem of problemsOf(service, operation, output)) heard.problems.add(problem.replace(/\[\d+\]/g, '[]'));
  };
  for (const { prototype } of [
    FakeAlarms,
    FakeCloudFormation,
    FakeCloudTrail,
    FakeDynamoDb,
    FakeEcs,
    FakeEventBridge,
    FakeIam,
    FakeLambda,
    FakeLogs,
    FakeSns,
    FakeSqs,
    FakeStates,
    FakeSts,
  ]) {
    const original = prototype.call as FakeService['call'];
    vi.spyOn(prototype as FakeService, 'call').mockImplementation(function (
      this: FakeService,
      operation,
      input,
      principal,
    ) {
      try {
        const output = original.call(this, operation, input, principal);
        if (output instanceof Promise) void output.then((late) => answered(this.name, operation, late));
        else answered(this.name, operation, output);
        return output;
      } catch (error) {
        if (error instanceof AwsError) {
          heard.errors.add(`${this.name} ${operation} ${error.code} ${error.status}`);
          for (const problem of memberProblems(this.name, error.code, error.members)) heard.problems.add(problem);
        }
        throw error;
      }
    });
  }
  return heard;
}

/** Errors that the operation does not have, or answers with another status. */
export const unknownErrors = ({ errors }: Heard): string[] =>
  [...errors].filter((error) => {
    const [service = '', operation = '', code = '', status] = error.split(' ');
    return !statusesOf(service, operation, code).includes(Number(status));
  });
