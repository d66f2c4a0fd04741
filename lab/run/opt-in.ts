import type { JsonObject } from '../kernel/json.ts';
import type { Call } from './call-ledger.ts';

/** What the configuration of a scenario allows, read by the lab for itself. */
interface Allowed {
  readonly mode?: string;
  readonly clusters?: readonly string[];
  readonly families?: readonly string[];
  readonly callers?: readonly (string | CallerEntry)[];
  readonly allowedRoleOverrides?: readonly string[];
  readonly allowExecuteCommand?: boolean;
  readonly allowWithoutClientToken?: boolean;
  readonly deadlineSeconds?: number;
  readonly capacity?: { readonly rerun?: boolean; readonly deadlineSeconds?: number };
}

interface CallerEntry {
  readonly arn: string;
  readonly retriesItself?: boolean;
  readonly handsOver?: boolean;
}

/** How a call got into the hands of the remediation. `unheeded`: no room, which its launcher took for success. */
export type Way = 'rejected' | 'handedOver' | 'startFailed' | 'unheeded';

/** AWS's own launchers repeat by themselves what was rejected ... */
const LAUNCHERS = ['batch', 'states', 'events', 'eventsv2', 'scheduler', 'pipes', 'ecs'].map(
  (name) => `${name}.amazonaws.com`,
);
/** ... these watch what was accepted as well ... */
const WATCHERS = ['batch', 'states', 'ecs'].map((name) => `${name}.amazonaws.com`);
/** ... and to these an answer is a success, whatever it says. */
const BLIND = ['events', 'scheduler', 'pipes'].map((name) => `${name}.amazonaws.com`);

const LEFT_TO: Record<Way, readonly string[]> = {
  rejected: LAUNCHERS,
  handedOver: [],
  startFailed: WATCHERS,
  unheeded: WATCHERS,
};

/** Whether a launcher takes every answer for success. */
export const isBlind = ({ invokedBy }: { readonly invokedBy?: string | undefined }): boolean =>
  BLIND.includes(invokedBy ?? '');

const DEADLINE_SECONDS = 3300;
const CAPACITY_DEADLINE_SECONDS = 7200;

/** Whose calls the configuration has brought back, and which of them. */
export class OptIn {
  readonly #allowed: Allowed;
  /** By role or user, or `*`; of several the first counts. */
  readonly #entries = new Map<string, CallerEntry>();
  /** By the ARN of a principal: few make all calls. */
  readonly #ofPrincipals = new Map<string, CallerEntry | undefined>();

  /** The configuration as people wrote it; undefined where the remediation is off. */
  constructor(configuration: JsonObject | undefined) {
    this.#allowed = (configuration ?? {}) as Allowed;
    for (const caller of this.#allowed.callers ?? []) {
      const entry = typeof caller === 'string' ? { arn: caller } : caller;
      const key = entry.arn === '*' ? '*' : roleOf(entry.arn);
      if (!this.#entries.has(key)) this.#entries.set(key, entry);
    }
  }

  get allowsWithoutToken(): boolean {
    return this.#allowed.allowWithoutClientToken === true;
  }

  /** Whether what found no room comes back. */
  get rerunsNoRoom(): boolean {
    return this.#allowed.capacity?.rerun ?? true;
  }

  /** How long a re-run may be launched under its own token. */
  get deadlineMs(): number {
    return (this.#allowed.deadlineSeconds ?? DEADLINE_SECONDS) * 1000;
  }

  get capacityDeadlineMs(): number {
    return (this.#allowed.capacity?.deadlineSeconds ?? CAPACITY_DEADLINE_SECONDS) * 1000;
  }

  saysHandsOver(call: Call): boolean {
    return this.#entryOf(call)?.handsOver === true;
  }

  allows(call: Call, way: Way): boolean {
    const { mode, clusters = [], families = [] } = this.#allowed;
    const { cluster = 'default', taskDefinition, overrides, enableExecuteCommand, volumeConfigurations } = call.request;
    const entry = this.#entryOf(call);
    const { taskRoleArn, executionRoleArn } = (overrides ?? {}) as JsonObject;
    const roles = [
      taskRoleArn,
      executionRoleArn,
      ...((volumeConfigurations ?? []) as JsonObject[]).map(
        ({ managedEBSVolume }) => (managedEBSVolume as JsonObject | undefined)?.roleArn,
      ),
    ].filter((role) => role !== undefined);
    return (
      mode === 'rerun' &&
      entry !== undefined &&
      (way === 'handedOver' ? entry.handsOver === true : way === 'startFailed' || !entry.retriesItself) &&
      !LEFT_TO[way].includes(call.principal.invokedBy ?? call.principal.userAgent ?? '') &&
      !isWatched(call.request) &&
      isListed(lastPart(String(cluster)), clusters.map(lastPart)) &&
      isListed(lastPart(String(taskDefinition)).replace(/:\d+$/, ''), families) &&
      roles.every((role) => this.#allowed.allowedRoleOverrides?.includes(String(role))) &&
      (!enableExecuteCommand || this.#allowed.allowExecuteCommand === true)
    );
  }

  #entryOf({ principal }: Call): CallerEntry | undefined {
    const { arn } = principal;
    if (!this.#ofPrincipals.has(arn))
      this.#ofPrincipals.set(arn, this.#entries.get(roleOf(arn)) ?? this.#entries.get('*'));
    return this.#ofPrincipals.get(arn);
  }
}

/** Tasks that Step Functions, Batch or a service started say so. */
function isWatched({ startedBy, group, cluster }: JsonObject): boolean {
  return (
    /^(AWS Step Functions$|ecs-svc\/)/.test(String(startedBy)) ||
    String(group).startsWith('service:') ||
    /^AWSBatch-|_Batch_/.test(lastPart(String(cluster)))
  );
}

const isListed = (name: string, list: readonly string[]) => list.includes(name) || list.includes('*');
const lastPart = (reference: string) => reference.slice(reference.lastIndexOf('/') + 1);

/** The account, kind and name of what an ARN names: `111122223333/role/cron`. */
function roleOf(arn: string): string {
  const [, , , , account, resource = ''] = arn.split(':');
  const [kind, ...path] = resource.split('/');
  return kind === 'assumed-role' ? `${account}/role/${path[0]}` : `${account}/${kind}/${path.at(-1)}`;
}
