import { isDeepStrictEqual } from 'node:util';
import { AwsError } from '../../kernel/aws-service.ts';
import type { JsonObject } from '../../kernel/json.ts';
import type { Answered } from './api-request.ts';
import type { Cluster } from './catalog.ts';
import type { Task } from './task.ts';
import { taskInApi } from './task-view.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Most launches have no failures: they share that. */
const NONE: readonly JsonObject[] = [];

/** What an accepted RunTask started. */
export class Launch implements Answered {
  readonly input: JsonObject;
  readonly at: number;
  readonly tasks: readonly Task[];
  readonly failures: readonly JsonObject[];

  constructor(input: JsonObject, at: number, tasks: readonly Task[], failures: readonly JsonObject[]) {
    this.input = input;
    this.at = at;
    // Kept for a day: copies have no room to grow.
    this.tasks = [...tasks];
    this.failures = failures.length > 0 ? [...failures] : NONE;
  }

  /** The answer to the request that launched, and to each that repeats it. */
  output(): JsonObject {
    return { tasks: this.tasks.map((task) => taskInApi(task, 'PROVISIONING')), failures: [...this.failures] };
  }
}

/**
 * Which launch a clientToken stands for: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/ECS_Idempotency.html
 * The scope is the cluster, whoever calls. Whether it holds across two principals nobody could verify.
 */
export class ClientTokens {
  readonly #launches = new Map<Cluster, Map<string, Launch>>();

  /**
   * The launch that this request repeats, or undefined where the token is new or its time is over. Parameters are
   * compared as they were sent: a cluster's ARN is not its name, an explicit default is not an absent one.
   */
  repeated(cluster: Cluster, token: string, input: JsonObject, now: number): Launch | undefined {
    const launch = this.#launches.get(cluster)?.get(token);
    if (!launch || now >= expiry(launch)) return undefined;
    if (isDeepStrictEqual(launch.input, input)) return launch;
    throw new AwsError(
      'ConflictException',
      'The provided clientToken is already in use with a different RunTask request.',
      {
        members: { resourceIds: launch.tasks.map(({ arn }) => arn) },
      },
    );
  }

  remember(cluster: Cluster, token: string, launch: Launch): void {
    // A Map keeps the order of insertion: tokens whose time is over gather at its head.
    const launches = this.#launches.get(cluster) ?? new Map<string, Launch>();
    this.#launches.set(cluster, launches);
    for (const [oldest, remembered] of launches) {
      if (launch.at < expiry(remembered)) break;
      launches.delete(oldest);
    }
    launches.delete(token);
    launches.set(token, launch);
  }
}

/** min(24 h, task lifetime + 1 h), which for a launch that placed no task is one hour. */
function expiry({ at, tasks }: Launch): number {
  const lastStop = Math.max(at, ...tasks.map(({ stoppedAt }) => stoppedAt ?? Number.POSITIVE_INFINITY));
  return Math.min(at + DAY_MS, lastStop + HOUR_MS);
}
