import { describe, expect, test } from 'vitest';
import type { StoppedTask } from '../../../lambda/core/events/stopped-task.ts';
import { makeStoppedTasks } from '../../../lambda/sources/stopped-tasks.ts';
import { type Answer, awsError, dependenciesWith } from '../../support/dependencies.ts';
import { CREATED_MS, EVENT_TIME_MS, HOME, stoppedText } from '../../support/records.ts';

const { detail } = JSON.parse(stoppedText());
/** As DescribeTasks of the SDK answers: times are dates. */
const described = (taskArn: string) => ({
  ...detail,
  taskArn,
  createdAt: new Date(CREATED_MS),
  stoppedAt: new Date(EVENT_TIME_MS),
});
const clusterArn = (name: string, account = HOME.account) => `arn:aws:ecs:us-east-1:${account}:cluster/${name}`;

/** ECS with so many stopped tasks in each cluster. */
const ecsWith =
  (tasks: Record<string, number>): Answer =>
  ({ name, input }) => {
    if (name === 'ListClustersCommand') {
      const [first, ...rest] = Object.keys(tasks).map((cluster) => clusterArn(cluster));
      return input.nextToken
        ? { clusterArns: rest }
        : { clusterArns: [first, clusterArn('x', '999999999999')], nextToken: '1' };
    }
    if (name === 'DescribeTasksCommand') return { tasks: input.tasks.map(described) };
    const from = Number(input.nextToken ?? 0);
    const all = Array.from({ length: tasks[input.cluster] ?? 0 }, (_, n) => `${input.cluster}-${n}`);
    const nextToken = from + 100 < all.length ? String(from + 100) : undefined;
    return { taskArns: all.slice(from, from + 100), nextToken };
  };

async function read(ecs: Answer, cluster: string, clusters = ['batch', 'default']) {
  const world = dependenciesWith({ ecs }, { clusters });
  const found: StoppedTask[] = [];
  const stoppedTasks = makeStoppedTasks(world.dependencies);
  for (const name of await stoppedTasks.clustersOf(cluster)) {
    let nextToken: string | undefined;
    do {
      const page = await stoppedTasks.page(name, nextToken, () => false);
      found.push(...page.tasks);
      nextToken = page.nextToken;
    } while (nextToken !== undefined);
  }
  return { ...world, found, arns: found.map(({ taskArn }) => taskArn) };
}

test('a sweep of all reads the clusters that a pattern names, and no other', async () => {
  const { arns } = await read(ecsWith({ 'nightly-a': 1, 'nightly-b': 1, web: 1, 'a-nightly': 1 }), '*', ['nightly-*']);
  expect(arns).toEqual(['nightly-a-0', 'nightly-b-0']);
});

describe('the stopped tasks of a cluster', () => {
  test('are read in hundreds', async () => {
    const { arns, named } = await read(ecsWith({ batch: 250 }), 'batch');
    expect(arns).toEqual(Array.from({ length: 250 }, (_, n) => `batch-${n}`));
    expect(named('ListTasksCommand').map(({ input }) => input)).toEqual(
      [undefined, '100', '200'].map((nextToken) => ({
        cluster: 'batch',
        desiredStatus: 'STOPPED',
        maxResults: 100,
        nextToken,
      })),
    );
    expect(named('DescribeTasksCommand').map(({ input }) => input.tasks.length)).toEqual([100, 100, 50]);
  });

  test('are read five requests a second at most, on the clock that was given', async () => {
    const { sleeps, sent } = await read(ecsWith({ batch: 250 }), 'batch');
    expect(sent).toHaveLength(6);
    expect(sleeps).toEqual(Array(6).fill(200));
  });

  test('are those of events, whose times are texts', async () => {
    const { found } = await read(ecsWith({ batch: 1 }), 'batch');
    expect(found).toMatchObject([
      {
        kind: 'stoppedTask',
        ...HOME,
        stoppedAtMs: EVENT_TIME_MS,
        createdAtMs: CREATED_MS,
        stopCode: 'TaskFailedToStart',
      },
    ]);
  });

  test('that are none ask for no description', async () => {
    expect((await read(ecsWith({}), 'batch')).sent.map(({ name }) => name)).toEqual(['ListTasksCommand']);
  });

  test('may leave one out that nobody can read, or that ECS has forgotten', async () => {
    const ecs = ecsWith({ batch: 3 });
    const { arns } = await read((sent) => {
      if (sent.name !== 'DescribeTasksCommand') return ecs(sent);
      return { tasks: [described('batch-0'), { taskArn: 'batch-1' }], failures: [{ reason: 'MISSING' }] };
    }, 'batch');
    expect(arns).toEqual(['batch-0']);
  });
});

describe('the stopped tasks of every cluster', () => {
  const everywhere = ecsWith({ batch: 1, other: 1, default: 1 });

  test('are those of the listed ones, by name or ARN', async () => {
    const { arns, named } = await read(everywhere, '*', [
      clusterArn('other'),
      'default',
      clusterArn('x', '999999999999'),
    ]);
    expect(arns).toEqual(['other-0', 'default-0']);
    expect(named('ListClustersCommand')).toEqual([]);
  });

  test('are those of all that there are, page by page, where any may be', async () => {
    const { arns, named } = await read(everywhere, '*', ['*']);
    expect(arns).toEqual(['batch-0', 'other-0', 'default-0']);
    expect(named('ListClustersCommand')).toHaveLength(2);
  });

  const withoutBatch =
    (errorName: string): Answer =>
    (sent) => {
      if (sent.input.cluster === 'batch') throw awsError(errorName);
      return everywhere(sent);
    };

  test.each(['ClusterNotFoundException', 'AccessDeniedException'])(
    'leave out a cluster that cannot be read, with a line that says so: %s',
    async (error) => {
      const { arns, lines } = await read(withoutBatch(error), '*');
      expect(arns).toEqual(['default-0']);
      expect(lines).toMatchObject([{ level: 'error', cluster: 'batch', error }]);
    },
  );

  test('are an error where ECS fails for another reason', async () => {
    await expect(read(withoutBatch('InvalidParameterException'), '*')).rejects.toThrow();
  });

  test('of a cluster that is not listed are nobody’s business: the function may not read them', async () => {
    expect((await read(everywhere, 'other')).sent).toEqual([]);
  });
});
