import { DescribeTasksCommand, ListClustersCommand, ListTasksCommand } from '@aws-sdk/client-ecs';
import { clusterName } from '../core/arn.ts';
import { decodeStoppedTask, type StoppedTask, stoppedTaskSchema } from '../core/events/stopped-task.ts';
import { ANY, isPattern, listedCluster } from '../core/opt-in/opt-in.ts';
import type { HandlerDependencies } from '../runtime/ports.ts';
import { errorName, retrying } from '../runtime/sdk-retry.ts';

export interface StoppedTaskPage {
  readonly tasks: readonly StoppedTask[];
  readonly nextToken: string | undefined;
}

/** Stopped tasks that ECS still shows. It shows them for an hour at least. */
export interface StoppedTasks {
  /** The listed clusters that a sweep of `cluster` (`*`: all) has to read. */
  clustersOf(cluster: string): Promise<string[]>;
  /** `isKnown` leaves out tasks that were looked at before: what stopped stays as it is. */
  page(cluster: string, nextToken: string | undefined, isKnown: (taskArn: string) => boolean): Promise<StoppedTaskPage>;
}

/** Read requests are spaced by this: a quarter of the bucket's refill, the rest is everybody else's. */
const REQUEST_SPACING_MS = 200;
/** Errors of one cluster that must not stop a sweep of the others. */
const UNREADABLE = ['ClusterNotFoundException', 'AccessDeniedException'];

export function makeStoppedTasks({ clients, environment, log, ...ports }: HandlerDependencies<'ecs'>): StoppedTasks {
  const { awsEnvironment, settings } = environment;

  async function spaced<T>(send: () => Promise<T>): Promise<T> {
    const [answer] = await Promise.all([retrying(ports, send), ports.clock.sleep(REQUEST_SPACING_MS)]);
    return answer;
  }

  async function read(
    cluster: string,
    nextToken: string | undefined,
    isKnown: (taskArn: string) => boolean,
  ): Promise<StoppedTaskPage> {
    const query = { cluster, desiredStatus: 'STOPPED', maxResults: 100, nextToken } as const;
    const page = await spaced(() => clients.ecs.send(new ListTasksCommand(query)));
    const tasks = (page.taskArns ?? []).filter((taskArn) => !isKnown(taskArn));
    if (tasks.length === 0) return { tasks: [], nextToken: page.nextToken };
    const described = await spaced(() => clients.ecs.send(new DescribeTasksCommand({ cluster, tasks })));
    const decoded = (described.tasks ?? []).flatMap((task) => {
      // JSON turns the SDK's dates into the text form of an event.
      const { data } = stoppedTaskSchema.safeParse(JSON.parse(JSON.stringify(task)));
      if (!data) log.warn('a stopped task could not be read', { taskArn: task.taskArn });
      return data ? [decodeStoppedTask(data, awsEnvironment)] : [];
    });
    return { tasks: decoded, nextToken: page.nextToken };
  }

  return {
    async clustersOf(cluster) {
      if (cluster !== ANY) return listedCluster(cluster, settings, awsEnvironment) === undefined ? [] : [cluster];
      if (!settings.clusters.some(isPattern))
        return settings.clusters.flatMap((entry) => clusterName(entry, awsEnvironment) ?? []);
      const clusters: string[] = [];
      let nextToken: string | undefined;
      do {
        const page = await spaced(() => clients.ecs.send(new ListClustersCommand({ nextToken })));
        clusters.push(...(page.clusterArns ?? []).flatMap((arn) => listedCluster(arn, settings, awsEnvironment) ?? []));
        nextToken = page.nextToken;
      } while (nextToken !== undefined);
      return clusters;
    },

    async page(cluster, nextToken, isKnown) {
      try {
        return await read(cluster, nextToken, isKnown);
      } catch (error) {
        if (!UNREADABLE.includes(errorName(error))) throw error;
        log.error('a cluster could not be read', { cluster, error: errorName(error) });
        return { tasks: [], nextToken: undefined };
      }
    },
  };
}
