import { DescribeTasksCommand, ListClustersCommand, ListTasksCommand } from '@aws-sdk/client-ecs';
import { clusterName } from './core/arn.ts';
import { ANY } from './core/policy.ts';
import { decodeStoppedTask, type StoppedTask, stoppedTaskSchema } from './core/stopped-task.ts';
import type { Wiring } from './ports.ts';
import { retrying } from './retrying.ts';

/** Read requests are spaced by this: a fifth of the bucket's refill, the rest is everybody else's. */
const REQUEST_SPACING_MS = 250;

/** The stopped tasks of a cluster (`*`: of every listed one) that ECS still shows, an hour's worth at least. */
export function makeStoppedTasks({ clients, environment, ...ports }: Wiring<'ecs'>) {
  const { home, settings } = environment;

  async function paced<T>(send: () => Promise<T>): Promise<T> {
    const [answer] = await Promise.all([retrying(ports, send), ports.clock.sleep(REQUEST_SPACING_MS)]);
    return answer;
  }

  async function clustersOf(cluster: string): Promise<string[]> {
    if (cluster !== ANY) return [cluster];
    if (!settings.clusters.includes(ANY)) return settings.clusters.flatMap((entry) => clusterName(entry, home) ?? []);
    const clusters: string[] = [];
    let nextToken: string | undefined;
    do {
      const page = await paced(() => clients.ecs.send(new ListClustersCommand({ nextToken })));
      clusters.push(...(page.clusterArns ?? []).flatMap((arn) => clusterName(arn, home) ?? []));
      nextToken = page.nextToken;
    } while (nextToken !== undefined);
    return clusters;
  }

  return async function* stoppedTasks(cluster: string): AsyncGenerator<StoppedTask> {
    for (const name of await clustersOf(cluster)) {
      let nextToken: string | undefined;
      do {
        const query = { cluster: name, desiredStatus: 'STOPPED', maxResults: 100, nextToken } as const;
        const page = await paced(() => clients.ecs.send(new ListTasksCommand(query)));
        nextToken = page.nextToken;
        const { taskArns: tasks = [] } = page;
        if (tasks.length === 0) continue;
        const described = await paced(() => clients.ecs.send(new DescribeTasksCommand({ cluster: name, tasks })));
        for (const task of described.tasks ?? []) {
          // As JSON the SDK's dates become those of an event.
          const parsed = stoppedTaskSchema.safeParse(JSON.parse(JSON.stringify(task)));
          if (parsed.success) yield decodeStoppedTask(parsed.data, home);
        }
      } while (nextToken !== undefined);
    }
  };
}
