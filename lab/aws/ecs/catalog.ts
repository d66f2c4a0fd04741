import type { Account } from '../../scenario/account.ts';

export interface Cluster {
  readonly name: string;
  readonly arn: string;
}

export type TaskDefinition = Account['taskDefinitions'][number] & { readonly arn: string };

/** The clusters and task definitions of the account, found by every form of name that ECS accepts. */
export class Catalog {
  readonly #clusters = new Map<string, Cluster>();
  readonly #definitions = new Map<string, TaskDefinition>();
  /** Of everything in this account and Region. */
  readonly arnPrefix: string;

  constructor({ id, region, clusters, taskDefinitions }: Account) {
    const prefix = `arn:aws:ecs:${region}:${id}`;
    this.arnPrefix = prefix;
    for (const name of clusters) {
      const cluster = { name, arn: `${prefix}:cluster/${name}` };
      for (const form of [name, cluster.arn]) this.#clusters.set(form, cluster);
    }
    for (const entry of taskDefinitions.toSorted((a, b) => a.revision - b.revision)) {
      const revision = `${entry.family}:${entry.revision}`;
      const definition = { ...entry, arn: `${prefix}:task-definition/${revision}` };
      const forms = [revision, definition.arn];
      // A bare family means its latest active revision: the sorted order lets the latest overwrite the others.
      if (entry.status === 'ACTIVE') forms.push(entry.family, `${prefix}:task-definition/${entry.family}`);
      for (const form of forms) this.#definitions.set(form, definition);
    }
  }

  get clusters(): Cluster[] {
    return [...new Set(this.#clusters.values())];
  }

  /** By name or ARN; absent means the cluster called `default`. */
  cluster(reference: string | null | undefined): Cluster | undefined {
    return this.#clusters.get(reference ?? 'default');
  }

  /** By family, family and revision, or ARN. An inactive revision is found only by its number. */
  taskDefinition(reference: string): TaskDefinition | undefined {
    return this.#definitions.get(reference);
  }
}
