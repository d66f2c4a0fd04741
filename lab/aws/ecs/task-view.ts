import type { Json, JsonObject } from '../../kernel/json.ts';
import { capacityProviderOf, launchTypeOf } from './run-task-request.ts';
import { derivedUuid, type Task, type TaskStatus } from './task.ts';

/**
 * The two forms in which ECS shows a task: the API's Task and the detail of `ECS Task State Change`
 * (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_task_events.html).
 */
interface Form {
  readonly time: (milliseconds: number) => Json;
  readonly attachmentType: string;
  readonly apiOnly: boolean;
}

const API: Form = { time: (at) => Math.floor(at) / 1000, attachmentType: 'ElasticNetworkInterface', apiOnly: true };
const EVENT: Form = { time: (at) => new Date(at).toISOString(), attachmentType: 'eni', apiOnly: false };

export const taskInApi = (task: Task, status: TaskStatus): JsonObject => render(task, status, API);

export const TASK_STATE_CHANGE = 'ECS Task State Change';

export function taskStateChange(task: Task, status: TaskStatus, at: number): JsonObject {
  const [region = '', account = ''] = task.cluster.arn.split(':').slice(3);
  const time = new Date(at).toISOString();
  return {
    version: '0',
    id: derivedUuid(task.id, status),
    'detail-type': TASK_STATE_CHANGE,
    source: 'aws.ecs',
    account,
    time: `${time.slice(0, 19)}Z`,
    region,
    resources: [task.arn],
    detail: { ...render(task, status, EVENT), updatedAt: time },
  };
}

const IMAGE = 'public.ecr.aws/docker/library/busybox:stable';
const CPU = '256';
const MEMORY = '512';

/** Leaves room for the states in between (PENDING, ACTIVATING, DEPROVISIONING …), which the fake passes over. */
const VERSIONS: Record<TaskStatus, number> = { PROVISIONING: 1, RUNNING: 3, STOPPED: 5 };
const ATTACHMENT_STATUS: Record<TaskStatus, string> = {
  PROVISIONING: 'PRECREATED',
  RUNNING: 'ATTACHED',
  STOPPED: 'DELETED',
};
const CONTAINER_STATUS: Record<TaskStatus, string> = {
  PROVISIONING: 'PENDING',
  RUNNING: 'RUNNING',
  STOPPED: 'STOPPED',
};

/** The task as it was in `status`, also when it has moved on since: an idempotent answer shows the original. */
function render(task: Task, status: TaskStatus, form: Form): JsonObject {
  const { request, definition, cluster } = task;
  const eni = derivedUuid(task.id, 'eni');
  const launchType = launchTypeOf(request);
  const capacityProvider = capacityProviderOf(request);
  const started = status === 'PROVISIONING' ? undefined : task.startedAt;
  const stopped = status === 'STOPPED' ? task.stoppedAt : undefined;
  return {
    ...(request.networkConfiguration?.awsvpcConfiguration && { attachments: [attachment(task, status, form, eni)] }),
    attributes: [{ name: 'ecs.cpu-architecture', value: 'x86_64' }],
    availabilityZone: `${cluster.arn.split(':')[3]}a`,
    ...(capacityProvider && { capacityProviderName: capacityProvider }),
    clusterArn: cluster.arn,
    ...(started !== undefined && { connectivity: 'CONNECTED', connectivityAt: form.time(started) }),
    containers: definition.containers.map((name) => container(task, name, status, eni)),
    cpu: request.overrides?.cpu ?? CPU,
    createdAt: form.time(task.createdAt),
    desiredStatus: status === 'STOPPED' ? 'STOPPED' : 'RUNNING',
    enableExecuteCommand: request.enableExecuteCommand ?? false,
    group: request.group ?? `family:${definition.family}`,
    lastStatus: status,
    launchType,
    memory: request.overrides?.memory ?? MEMORY,
    overrides: overrides(task, form),
    ...(launchType === 'FARGATE' && {
      platformVersion: platformVersion(request.platformVersion),
      platformFamily: 'Linux',
    }),
    ...(started !== undefined && { startedAt: form.time(started) }),
    ...(request.startedBy && { startedBy: request.startedBy }),
    ...(stopped !== undefined && {
      stopCode: task.stopCode ?? null,
      stoppedAt: form.time(stopped),
      stoppedReason: task.stoppedReason ?? null,
      stoppingAt: form.time(stopped),
    }),
    ...(form.apiOnly && { tags: (request.tags ?? []) as Json[] }),
    taskArn: task.arn,
    taskDefinitionArn: definition.arn,
    version: VERSIONS[status],
  };
}

const platformVersion = (requested: string | null | undefined): string =>
  !requested || requested === 'LATEST' ? '1.4.0' : requested;

/** Every container of the definition has its entry; environment values are visible, unlike in CloudTrail. */
function overrides({ request, definition }: Task, form: Form): JsonObject {
  const given = request.overrides?.containerOverrides ?? [];
  return {
    ...(request.overrides as JsonObject | undefined),
    containerOverrides: definition.containers.map(
      (name) => (given.find((override) => override.name === name) ?? { name }) as JsonObject,
    ),
    ...(form.apiOnly && { inferenceAcceleratorOverrides: [] }),
  };
}

function container(task: Task, name: string, status: TaskStatus, eni: string): JsonObject {
  const arn = task.arn;
  const ended = status === 'STOPPED';
  return {
    containerArn: `${arn.replace(':task/', ':container/')}/${derivedUuid(task.id, name)}`,
    cpu: '0',
    ...(ended && task.stopCode === 'EssentialContainerExited' && { exitCode: 0 }),
    image: IMAGE,
    lastStatus: CONTAINER_STATUS[status],
    name,
    networkInterfaces:
      task.startedAt === undefined || status === 'PROVISIONING'
        ? []
        : [{ attachmentId: eni, privateIpv4Address: address(task) }],
    // Pulling an image is a container's own failure; the other start failures are the task's.
    ...(ended && task.stoppedReason?.startsWith('CannotPull') && { reason: task.stoppedReason }),
    taskArn: arn,
  };
}

function attachment(task: Task, status: TaskStatus, form: Form, eni: string): JsonObject {
  const subnets = task.request.networkConfiguration?.awsvpcConfiguration?.subnets ?? [];
  const provisioned = status !== 'PROVISIONING' && task.startedAt !== undefined;
  const ip = address(task);
  return {
    id: eni,
    type: form.attachmentType,
    status: ATTACHMENT_STATUS[status],
    details: [
      { name: 'subnetId', value: task.subnet ?? subnets[task.number % subnets.length] ?? null },
      ...(provisioned
        ? [
            { name: 'networkInterfaceId', value: `eni-0${task.id.slice(0, 16)}` },
            { name: 'macAddress', value: `0e:${task.id.slice(0, 10).match(/../g)?.join(':')}` },
            { name: 'privateDnsName', value: `ip-${ip.replaceAll('.', '-')}.ec2.internal` },
            { name: 'privateIPv4Address', value: ip },
          ]
        : []),
    ],
  };
}

const address = ({ id }: Task): string =>
  `10.0.${Number.parseInt(id.slice(0, 2), 16)}.${Number.parseInt(id.slice(2, 4), 16)}`;
