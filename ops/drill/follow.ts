import { DescribeTrailsCommand, GetTrailStatusCommand } from '@aws-sdk/client-cloudtrail';
import { FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { DescribeTasksCommand } from '@aws-sdk/client-ecs';
import {
  DescribeExecutionCommand,
  type DescribeExecutionOutput,
  GetExecutionHistoryCommand,
} from '@aws-sdk/client-sfn';
import { STATES } from '../../lambda/core/contract.ts';
import { parseJson } from '../../lambda/core/json.ts';
import type { Clients } from '../aws/clients.ts';
import { type Deployment, resourcesOf } from '../aws/deployment.ts';
import { orNull } from '../status/checks.ts';

/** A part of the way, and whether it works; null where that cannot be known. */
export interface Step {
  readonly step: 'lists' | 'queue' | 'intake' | 'permit' | 'launch' | 'start' | 'trail';
  readonly works: boolean | null;
  readonly found: string;
}

const LOOK_MS = 2000;
/** How long each part may take, in looks: usually it is seconds. */
const LOOKS = { intake: 45, permit: 90, start: 150, trail: 90 };

/** Follows a call that was handed over on its way. */
export class Follower {
  readonly #clients: Clients;
  readonly #deployment: Deployment;
  readonly #sleep: (ms: number) => Promise<void>;
  readonly #tell: (message: string) => void;

  constructor(options: {
    readonly clients: Clients;
    readonly deployment: Deployment;
    readonly sleep: (ms: number) => Promise<void>;
    readonly tell: (message: string) => void;
  }) {
    this.#clients = options.clients;
    this.#deployment = options.deployment;
    this.#sleep = options.sleep;
    this.#tell = options.tell;
  }

  /** Whether the intake makes an execution of the message. */
  async intake(executionArn: string, messageId: string, sinceMs: number): Promise<Step> {
    const begun = await this.#within('intake', () => orNull(this.#describe(executionArn)));
    if (begun) return step('intake', true, 'its execution began');
    const line = await this.#line(`{ $.messageId = "${messageId}" }`, sinceMs);
    if (line?.kind === 'refuse') return step('intake', false, `it refused the call: ${line.reason}`);
    return step(
      'intake',
      false,
      'nothing took the message: is the event source of the hand-over queue on, and may the intake use the key?',
    );
  }

  /** Whether the execution gets its permit and ends; what it ends with. */
  async permit(
    executionArn: string,
  ): Promise<{ readonly steps: readonly Step[]; readonly taskArns: readonly string[] }> {
    const ended = await this.#within('permit', async () => {
      const found = await this.#describe(executionArn);
      return found.status === 'RUNNING' ? null : found;
    });
    if (!ended) {
      const state = await orNull(this.#state(executionArn));
      const found = `it stands at "${state ?? 'a state that cannot be read'}"`;
      const isWaiting = state === STATES.waitForPermit;
      return {
        steps: [
          step(
            isWaiting ? 'permit' : 'launch',
            false,
            isWaiting ? `${found}: is the event source of the rate limiter on?` : found,
          ),
        ],
        taskArns: [],
      };
    }
    const permit = step('permit', true, 'it got its permit');
    const { taskArns = [] } = (parseJson(ended.output ?? '') ?? {}) as { taskArns?: readonly string[] };
    if (ended.status === 'SUCCEEDED')
      return { steps: [permit, step('launch', true, `ECS accepted it: ${taskArns.join(', ')}`)], taskArns };
    const cause = /"errorMessage":\s*"([^"]*)"/.exec(ended.cause ?? '')?.[1] ?? ended.cause ?? '';
    return { steps: [permit, step('launch', false, `${ended.error}: ${cause}${hintOf(cause)}`)], taskArns };
  }

  async start(cluster: string, taskArns: readonly string[]): Promise<Step> {
    const ended = await this.#within('start', async () => {
      const { tasks = [] } = await this.#clients.ecs.send(new DescribeTasksCommand({ cluster, tasks: [...taskArns] }));
      return tasks.find(({ lastStatus, startedAt }) => startedAt !== undefined || lastStatus === 'STOPPED') ?? null;
    });
    if (!ended) return step('start', null, 'the task is still on its way');
    return ended.startedAt
      ? step('start', true, 'the task ran')
      : step('start', false, `the task stopped: ${ended.stoppedReason}`);
  }

  /** Whether the record of the stack's own request comes back to it. */
  async trail(sinceMs: number): Promise<Step> {
    const logging = await orNull(this.#isLogging());
    if (logging === false)
      return step('trail', false, 'no trail logs in this account and Region: records come minutes later, by sweeps');
    const seen = await this.#within('trail', () => this.#line('{ $.reason = "ownCall" }', sinceMs));
    if (seen) return step('trail', true, 'the record of its own request came back');
    return step(
      'trail',
      logging === null ? null : false,
      'no record of its own request came back in three minutes: is the rule on, and does the trail log management events?',
    );
  }

  async #isLogging(): Promise<boolean> {
    const { trailList = [] } = await this.#clients.cloudTrail.send(new DescribeTrailsCommand({}));
    const all = await Promise.all(
      trailList.map(({ TrailARN, Name }) =>
        this.#clients.cloudTrail.send(new GetTrailStatusCommand({ Name: TrailARN ?? Name })),
      ),
    );
    return all.some(({ IsLogging }) => IsLogging);
  }

  #describe(executionArn: string): Promise<DescribeExecutionOutput> {
    return this.#clients.sfn.send(new DescribeExecutionCommand({ executionArn }));
  }

  /** The state that an execution entered last. */
  async #state(executionArn: string): Promise<string | undefined> {
    const { events = [] } = await this.#clients.sfn.send(
      new GetExecutionHistoryCommand({ executionArn, reverseOrder: true, maxResults: 20 }),
    );
    return events.find(({ stateEnteredEventDetails }) => stateEnteredEventDetails)?.stateEnteredEventDetails?.name;
  }

  /** A line of the intake's log since then. */
  async #line(
    filterPattern: string,
    startTime: number,
  ): Promise<{ readonly kind?: string; readonly reason?: string } | null> {
    const [group] = resourcesOf(this.#deployment, 'AWS::Logs::LogGroup', 'IntakeHandlerLogs');
    if (!group) return null;
    const page = await orNull(
      this.#clients.logs.send(new FilterLogEventsCommand({ logGroupName: group.physicalId, filterPattern, startTime })),
    );
    const [first] = page?.events ?? [];
    return first ? ((parseJson(first.message ?? '') as object | undefined) ?? null) : null;
  }

  async #within<T>(part: keyof typeof LOOKS, look: () => Promise<T | null>): Promise<T | null> {
    for (let n = 0; n < LOOKS[part]; n++) {
      this.#tell(WAITS[part]);
      const found = await look();
      if (found !== null) return found;
      await this.#sleep(LOOK_MS);
    }
    return null;
  }
}

const WAITS: Readonly<Record<keyof typeof LOOKS, string>> = {
  intake: 'waiting for its execution',
  permit: 'waiting for its permit and launch',
  start: 'waiting for its task',
  trail: 'waiting for its record',
};

export const step = (name: Step['step'], works: boolean | null, found: string): Step => ({ step: name, works, found });

function hintOf(cause: string): string {
  if (/AccessDenied/.test(cause))
    return '. The role that launches may not pass a role of the task, or not run the family: passRoleArns, families';
  if (/familyNotListed|clusterNotListed|notOptedIn/.test(cause)) return '. List it and deploy';
  return '';
}
