import { WRAPPED_EXAMPLES } from '../../../lambda/core/events/texts.ts';
import { AwsError } from '../../kernel/aws-service.ts';
import { type Random, randomStream } from '../../kernel/random.ts';
import type { Account } from '../../scenario/account.ts';
import { countOf, launchTypeOf, type RunTaskRequest } from './run-task-request.ts';
import { type Taking, TokenBucket } from './token-bucket.ts';

/** The request buckets of the account, and what ECS says where one is empty. */
export class Throttles {
  readonly #modify: TokenBucket;
  readonly #read: TokenBucket;
  readonly #fargateCalls: TokenBucket | undefined;
  readonly #fargateTasks: TokenBucket | undefined;
  readonly #disguisedShare: number;
  readonly #random: Random;

  constructor({ buckets, disguisedShare }: Account, seed: number) {
    this.#modify = new TokenBucket(buckets.clusterResourceModify);
    this.#read = new TokenBucket(buckets.clusterResourceRead);
    this.#fargateCalls = buckets.fargateRunTask ? new TokenBucket(buckets.fargateRunTask) : undefined;
    this.#fargateTasks = buckets.fargateTasks ? new TokenBucket(buckets.fargateTasks) : undefined;
    this.#disguisedShare = disguisedShare;
    this.#random = randomStream(seed, 'ecs/disguised');
  }

  admitRead(now: number): void {
    if (!this.#read.take(now)) throw rateExceeded();
  }

  admitWrite(now: number): void {
    if (!this.#modify.take(now)) throw rateExceeded();
  }

  admitRunTask(request: RunTaskRequest, now: number): void {
    const takings = [one(this.#modify)];
    if (launchTypeOf(request) === 'FARGATE') {
      if (this.#fargateCalls) takings.push(one(this.#fargateCalls));
      if (this.#fargateTasks) takings.push({ bucket: this.#fargateTasks, tokens: countOf(request) });
    }
    if (TokenBucket.takeFromAll(takings, now)) return;
    throw this.#random() < this.#disguisedShare ? disguised(request, this.#random) : rateExceeded();
  }
}

const one = (bucket: TokenBucket): Taking => ({ bucket, tokens: 1 });
const rateExceeded = (): AwsError => new AwsError('ThrottlingException', 'Rate exceeded');

/** An EC2 throttle in the clothes of a bad parameter. */
function disguised({ networkConfiguration }: RunTaskRequest, random: Random): AwsError {
  const { subnets, securityGroups } = networkConfiguration?.awsvpcConfiguration ?? {};
  const list = (ids: readonly string[] | null | undefined, otherwise: string) =>
    ids?.length ? ids.join(', ') : otherwise;
  const example = WRAPPED_EXAMPLES[Math.floor(random() * WRAPPED_EXAMPLES.length)] ?? '';
  const message = example
    .replace('{subnets}', () => list(subnets, 'subnet-0ab'))
    .replace('{securityGroups}', () => list(securityGroups, 'sg-0ab'));
  return new AwsError('InvalidParameterException', message);
}
