import type { RoomName } from '../rate/rooms-of.ts';
import { shownFamily } from './names.ts';

/** What people call a room, and how to enlarge it. */
interface RoomText {
  readonly what: string;
  readonly enlarge: string;
}

/** Quota codes: https://docs.aws.amazon.com/general/latest/gr/ecs-service.html */
export function roomText(room: RoomName): RoomText {
  const [kind = '', ...names] = room.split(' ').map(shownFamily);
  const [cluster = '', provider] = names;
  switch (kind) {
    case 'fargate':
      return {
        what: 'Fargate On-Demand vCPUs of the account',
        enlarge: 'Ask for a higher quota: L-3032A538 (Fargate On-Demand vCPU resource count).',
      };
    case 'fargateSpot':
      return {
        what: 'Fargate Spot vCPUs of the account',
        enlarge: 'Ask for a higher quota: L-36FBB829 (Fargate Spot vCPU resource count).',
      };
    case 'fargateCapacity':
    case 'fargateSpotCapacity':
      return {
        what: `AWS’s own Fargate ${kind === 'fargateCapacity' ? 'On-Demand' : 'Spot'} capacity in the subnets’ Availability Zones`,
        enlarge: 'No quota helps. Name subnets in more Availability Zones.',
      };
    case 'instances':
      return {
        what: `instances of cluster ${cluster}${provider ? `, capacity provider ${provider}` : ''}`,
        enlarge:
          'Raise the maximum of the Auto Scaling group behind it. A task that is larger than any instance needs a larger type.',
      };
    case 'addresses':
      return {
        what: `addresses of ${names.join(', ')}`,
        enlarge: 'Name larger subnets, or more of them, in the callers’ network configuration.',
      };
    case 'provisioning':
      return {
        what: `tasks in PROVISIONING in cluster ${cluster}`,
        enlarge: 'AWS raises that limit for nobody. Use several clusters, or a provider whose instances come sooner.',
      };
    default:
      return { what: 'a room of another version', enlarge: 'See the log of the run-task function.' };
  }
}
