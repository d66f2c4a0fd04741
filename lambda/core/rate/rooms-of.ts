import * as z from 'zod';
import { type AwsEnvironment, clusterName } from '../arn.ts';
import type { RunTaskRequest } from '../events/run-task-request.ts';
import { SHORTAGES, type Shortage } from '../events/texts.ts';

/**
 * A room: a limit on tasks that are there at the same time. Its name says what there is too little of when it is full, and where:
 * `fargate`, `fargateSpot`, `fargateCapacity`, `fargateSpotCapacity`, `instances CLUSTER PROVIDER`, `addresses SUBNET SUBNET`,
 * `provisioning CLUSTER`. The quota of vCPUs is the account's, whatever the cluster.
 */
export type RoomName = string;

/** What a request says of where its tasks go; CloudTrail's records and state-change events say as much. */
export type Placement = Pick<
  RunTaskRequest,
  'cluster' | 'launchType' | 'capacityProviderStrategy' | 'networkConfiguration'
>;

const text = z.string().optional().catch(undefined);
const placementSchema = z.object({
  taskDefinition: text,
  cluster: text,
  launchType: text,
  capacityProviderStrategy: z
    .array(z.object({ capacityProvider: z.string() }))
    .optional()
    .catch(undefined),
  networkConfiguration: z
    .object({ awsvpcConfiguration: z.object({ subnets: z.array(z.string()) }).optional() })
    .optional()
    .catch(undefined),
});

/** The placement in `requestParameters` that nobody has decoded: of whatever is no request's, nothing. */
export function placementOf(
  requestParameters: unknown,
): (Placement & { readonly taskDefinition?: string | undefined }) | undefined {
  return placementSchema.safeParse(requestParameters).data;
}

const SPOT = 'FARGATE_SPOT';

/** The provider that a strategy places a task with first: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CapacityProviderStrategyItem.html */
function providerOf({ capacityProviderStrategy = [] }: Placement): string | undefined {
  const [first] = capacityProviderStrategy.toSorted(
    (a, b) => (b.base ?? 0) - (a.base ?? 0) || (b.weight ?? 0) - (a.weight ?? 0),
  );
  return first?.capacityProvider;
}

/** The capacity that a task is placed on, by launch type or provider: how Fargate's rooms begin, or a name of instances. */
function capacityOf(launchType: string | undefined, provider: string | undefined): 'fargate' | 'fargateSpot' | string {
  if (provider === SPOT) return 'fargateSpot';
  if (provider === 'FARGATE' || (provider === undefined && launchType === 'FARGATE')) return 'fargate';
  return provider ?? '';
}

const instances = (cluster: string, provider: string): RoomName => `instances ${cluster} ${provider}`.trimEnd();
const provisioning = (cluster: string): RoomName => `provisioning ${cluster}`;
const addresses = (subnets: readonly string[]): RoomName => `addresses ${[...new Set(subnets)].toSorted().join(' ')}`;

const isFargate = (capacity: string) => capacity === 'fargate' || capacity === 'fargateSpot';
const subnetsOf = ({ networkConfiguration }: Placement) => networkConfiguration?.awsvpcConfiguration?.subnets ?? [];

/** All rooms that a request needs a place in, as far as the request tells: a cluster's own default strategy is not known. */
export function roomsOf(request: Placement, awsEnvironment: AwsEnvironment): RoomName[] {
  const cluster = clusterName(request.cluster, awsEnvironment) ?? '';
  const capacity = capacityOf(request.launchType, providerOf(request));
  const subnets = subnetsOf(request);
  return [
    ...(isFargate(capacity) ? [capacity, `${capacity}Capacity`] : [instances(cluster, capacity)]),
    provisioning(cluster),
    ...(subnets.length > 0 ? [addresses(subnets)] : []),
  ];
}

/** What is short of where a request's tasks would be placed, if ECS does not say it. */
export function shortageIn(request: Placement): Shortage {
  return isFargate(capacityOf(request.launchType, providerOf(request))) ? 'fargate' : 'instances';
}

/** The room that was full, by what ECS said was short. */
export function roomOf(short: Shortage, request: Placement, awsEnvironment: AwsEnvironment): RoomName {
  const cluster = clusterName(request.cluster, awsEnvironment) ?? '';
  const capacity = capacityOf(request.launchType, providerOf(request));
  switch (short) {
    case 'fargate':
      return capacity === 'fargateSpot' ? 'fargateSpot' : 'fargate';
    case 'fargateCapacity':
      return capacity === 'fargateSpot' ? 'fargateSpotCapacity' : 'fargateCapacity';
    case 'instances':
      return instances(cluster, isFargate(capacity) ? '' : capacity);
    case 'addresses':
      return addresses(subnetsOf(request));
    case 'provisioning':
      return provisioning(cluster);
    default:
      return short satisfies never;
  }
}

/** What is short in one of the rooms of a request. */
export const shortageOf = (room: RoomName, request: Placement, awsEnvironment: AwsEnvironment): Shortage =>
  SHORTAGES.find((short) => roomOf(short, request, awsEnvironment) === room) ?? shortageIn(request);

/** Where a task is, by its state-change event. */
export interface TaskPlace {
  readonly cluster: string;
  readonly launchType: string | undefined;
  readonly capacityProvider: string | undefined;
  readonly subnet: string | undefined;
}

/** Whether a task takes a place of a room. One of `provisioning` is taken until the task leaves that status. */
export function isIn(room: RoomName, { cluster, launchType, capacityProvider, subnet }: TaskPlace): boolean {
  const [kind, first = '', ...rest] = room.split(' ');
  const capacity = capacityOf(launchType, capacityProvider);
  switch (kind) {
    case 'fargate':
    case 'fargateCapacity':
      return capacity === 'fargate';
    case 'fargateSpot':
    case 'fargateSpotCapacity':
      return capacity === 'fargateSpot';
    case 'instances':
      return !isFargate(capacity) && cluster === first && capacity === (rest[0] ?? '');
    case 'addresses':
      return subnet !== undefined && [first, ...rest].includes(subnet);
    default:
      return cluster === first;
  }
}

export const isProvisioning = (room: RoomName): boolean => room.startsWith('provisioning ');
/** Whether a request may be refused by chance while there is room for others: these are no quotas but what there is of AWS's or one's own machines. */
export const isRefusedByChance = (room: RoomName): boolean => /^(instances |fargate(Spot)?Capacity$)/.test(room);
export const isInstances = (room: RoomName): boolean => room.startsWith('instances ');
