import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../../lab/kernel/json.ts';
import { holdToModels } from '../held-to-models.ts';
import { arnsOf, objects, refusalOf, world } from '../world.ts';

const LONGER_WORDING =
  'Error retrieving subnet information for [subnet-0aaa, subnet-0bbb]: Request limit exceeded. Account 111122223333 has been throttled on ec2:DescribeSubnets because it exceeded its request rate limit.';

holdToModels();

const emptyBucket = { buckets: { clusterResourceModify: { burst: 1, refillPerSecond: 0.001 } } };
const NO_NETWORK = { networkConfiguration: {} };
const containerOverrides = (...entries: JsonObject[]) => ({ overrides: { containerOverrides: entries } });

describe('RunTask refuses', () => {
  const cases: [name: string, input: JsonObject, code: string, message: string | RegExp][] = [
    ['an unknown cluster', { cluster: 'nowhere' }, 'ClusterNotFoundException', 'Cluster not found.'],
    ['an unknown family', { taskDefinition: 'nothing' }, 'ClientException', 'TaskDefinition not found.'],
    ['an unknown revision', { taskDefinition: 'report:9' }, 'ClientException', 'TaskDefinition not found.'],
    ['an inactive revision', { taskDefinition: 'report:4' }, 'InvalidParameterException', 'TaskDefinition is inactive'],
    ['a count of 0', { count: 0 }, 'InvalidParameterException', /between 1 and 10/],
    ['a count of 11', { count: 11 }, 'InvalidParameterException', /between 1 and 10/],
    ['a token of 65 characters', { clientToken: 'x'.repeat(65) }, 'InvalidParameterException', /ClientToken/],
    ['a token with a space', { clientToken: 'a b' }, 'InvalidParameterException', /ClientToken/],
    ['an empty token', { clientToken: '' }, 'InvalidParameterException', /ClientToken/],
    ['a long startedBy', { startedBy: 'x'.repeat(129) }, 'InvalidParameterException', 'startedBy longer than 128.'],
    [
      'a launch type together with a capacity provider strategy',
      { capacityProviderStrategy: [{ capacityProvider: 'FARGATE_SPOT' }] },
      'InvalidParameterException',
      /^Specifying both a launch type and capacity provider strategy is not supported/,
    ],
    [
      'overrides of more than 8,192 characters',
      containerOverrides({ name: 'app', environment: [{ name: 'X', value: 'x'.repeat(8192) }] }),
      'InvalidParameterException',
      'Container Overrides length must be at most 8192',
    ],
    [
      'an override of a container that the definition has not',
      containerOverrides({ name: 'aws-guardduty-agent-x' }),
      'InvalidParameterException',
      'Override for container named aws-guardduty-agent-x is not a container in the TaskDefinition.',
    ],
    [
      'Fargate without a network',
      NO_NETWORK,
      'InvalidParameterException',
      "Network Configuration must be provided when networkMode 'awsvpc' is specified.",
    ],
    [
      'a network without subnets',
      { networkConfiguration: { awsvpcConfiguration: {} } },
      'InvalidParameterException',
      /subnets/,
    ],
    ['a count that is text', { count: '1' }, 'SerializationException', /count/],
  ];
  test.each(cases)('%s', (_name, input, code, message) => {
    const { runTask, transitions, requests } = world();
    const error = refusalOf(() => runTask(input));
    expect(error).toMatchObject({ code, status: 400, message: expect.stringMatching(message) });
    expect(transitions).toEqual([]);
    expect(requests).toMatchObject([{ operation: 'RunTask', outcome: { code } }]);
  });
});

describe('RunTask accepts', () => {
  const cases: [name: string, input: JsonObject][] = [
    ['ten tasks', { count: 10 }],
    ['an absent count, which means one', { count: null }],
    ['a token of 64 printable characters', { clientToken: '!'.repeat(64) }],
    ['an empty container override', containerOverrides({})],
    ['EC2 without a network', { launchType: 'EC2', ...NO_NETWORK }],
    ['a task definition by its ARN', { taskDefinition: 'arn:aws:ecs:us-east-1:111122223333:task-definition/report:3' }],
    ['a cluster by its ARN', { cluster: 'arn:aws:ecs:us-east-1:111122223333:cluster/batch' }],
  ];
  test.each(cases)('%s', (_name, input) => {
    const { tasks, failures } = world().runTask(input);
    expect(tasks).toHaveLength(typeof input.count === 'number' ? input.count : 1);
    expect(failures).toEqual([]);
  });

  test('a bare family as its latest active revision', () => {
    const [task] = objects(world().runTask({ taskDefinition: 'report' }).tasks);
    expect(task?.taskDefinitionArn).toBe('arn:aws:ecs:us-east-1:111122223333:task-definition/report:3');
  });

  test('no cluster as the cluster called default', () => {
    const [task] = objects(world().runTask({ cluster: null }).tasks);
    expect(task?.clusterArn).toBe('arn:aws:ecs:us-east-1:111122223333:cluster/default');
  });
});

describe('a throttled RunTask', () => {
  test('is a ThrottlingException, and comes before any look at its parameters', () => {
    const { runTask } = world(emptyBucket);
    runTask();
    const error = refusalOf(() => runTask({ cluster: 'nowhere' }));
    expect(error).toMatchObject({ code: 'ThrottlingException', message: 'Rate exceeded', status: 400 });
  });

  test("is disguised in the scenario's share of cases, with the request's own subnets or security groups", () => {
    const { runTask } = world({ ...emptyBucket, disguisedShare: 0.4 });
    runTask();
    const errors = Array.from({ length: 2000 }, () => refusalOf(() => runTask()));
    const disguised = errors.filter(({ code }) => code === 'InvalidParameterException');
    expect(disguised.length / errors.length).toBeCloseTo(0.4, 1);
    expect(new Set(disguised.map(({ message }) => message))).toEqual(
      new Set([
        'Error retrieving subnet information for [subnet-0aaa, subnet-0bbb]: Rate exceeded (ErrorCode: Throttling)',
        'Error retrieving security group information for [sg-0aaa]: Request limit exceeded. (ErrorCode: RequestLimitExceeded)',
        `${LONGER_WORDING} (ErrorCode: RequestLimitExceeded)`,
        LONGER_WORDING,
      ]),
    );
  });

  test('on Fargate needs both buckets, and takes from neither where one is empty', () => {
    const buckets = {
      clusterResourceModify: { burst: 4, refillPerSecond: 0.001 },
      fargateRunTask: { burst: 2, refillPerSecond: 0.001 },
    };
    const { runTask } = world({ buckets });
    const spot = { launchType: null, capacityProviderStrategy: [{ capacityProvider: 'FARGATE_SPOT' }] };
    runTask();
    runTask(spot);
    for (let n = 0; n < 5; n++) expect(refusalOf(() => runTask()).code).toBe('ThrottlingException');
    const onEc2 = () => runTask({ launchType: 'EC2' });
    onEc2();
    onEc2();
    expect(refusalOf(onEc2).code).toBe('ThrottlingException');
  });

  test('leaves the read bucket alone, and reads leave it its own', () => {
    const { runTask, call } = world({
      buckets: { ...emptyBucket.buckets, clusterResourceRead: { burst: 2, refillPerSecond: 0.001 } },
    });
    const [task = ''] = arnsOf(runTask());
    call('DescribeTasks', { cluster: 'batch', tasks: [task] });
    call('ListTasks', { cluster: 'batch' });
    expect(refusalOf(() => call('ListClusters', {})).code).toBe('ThrottlingException');
  });
});
