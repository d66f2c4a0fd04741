/**
 * What AWS would bill for the remediation's own work, at the list prices of us-east-1 in January 2026, without free tier
 * and without what costs the same every month however much is done (the key, metrics, alarms). Requests to KMS are left
 * out: data keys are reused for minutes, so their number does not grow with the re-runs.
 */

/** Dollars per unit. */
const PRICES = {
  /** https://aws.amazon.com/step-functions/pricing/: 0.025 per 1,000. */
  stateTransitions: 0.025 / 1000,
  /** https://aws.amazon.com/lambda/pricing/: 0.20 per million. */
  invocations: 0.2 / 1e6,
  /** Arm, per GB-second. */
  gbSeconds: 0.0000133334,
  /** https://aws.amazon.com/sqs/pricing/: standard queues, 0.40 per million requests of up to 64 KiB. */
  sqsRequests: 0.4 / 1e6,
  /** https://aws.amazon.com/dynamodb/pricing/on-demand/: 0.625 per million writes of up to 1 KB. */
  dynamoDbWrites: 0.625 / 1e6,
  /** 0.125 per million strongly consistent reads of up to 4 KB. */
  dynamoDbReads: 0.125 / 1e6,
  /** https://aws.amazon.com/sns/pricing/: 0.50 per million requests. */
  snsRequests: 0.5 / 1e6,
  /** https://aws.amazon.com/cloudwatch/pricing/: 0.50 per GB of logs taken in. */
  logGigabytes: 0.5,
  /** 0.005 per GB that a query reads. */
  queriedGigabytes: 0.005,
} as const;
export type Billed = keyof typeof PRICES;

/** About what one line of ours, with what Powertools and CloudWatch add, weighs. */
export const LOG_LINE_BYTES = 600;

const BILLED_BY_SERVICE: Readonly<Record<string, Billed>> = { sqs: 'sqsRequests', sns: 'snsRequests' };

/** Counts of what is billed. */
export class Usage {
  readonly #counts = new Map<Billed, number>();
  /** Billed seconds of all functions. */
  lambdaSeconds = 0;

  add(what: Billed, count: number): void {
    this.#counts.set(what, this.count(what) + count);
  }

  /** One invocation of a function; Lambda bills whole milliseconds. */
  invoked(seconds: number, memoryMb: number): void {
    const billed = Math.ceil(seconds * 1000) / 1000;
    this.lambdaSeconds += billed;
    this.add('invocations', 1);
    this.add('gbSeconds', billed * (memoryMb / 1024));
  }

  /** One request to a service, about so many items: DynamoDB bills each of a batch. */
  called(service: string, operation: string, items = 1): void {
    const billed =
      service === 'dynamodb'
        ? operation.endsWith('GetItem')
          ? 'dynamoDbReads'
          : 'dynamoDbWrites'
        : BILLED_BY_SERVICE[service];
    if (billed) this.add(billed, items);
  }

  logged(lines: number): void {
    this.add('logGigabytes', (lines * LOG_LINE_BYTES) / 1e9);
  }

  queried(lines: number): void {
    this.add('queriedGigabytes', (lines * LOG_LINE_BYTES) / 1e9);
  }

  count(what: Billed): number {
    return this.#counts.get(what) ?? 0;
  }

  dollars(): number {
    return [...this.#counts].reduce((sum, [what, count]) => sum + count * PRICES[what], 0);
  }
}
