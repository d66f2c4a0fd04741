import type { RoomChange, RoomLimit } from '../aws/ecs/room.ts';

/** The tasks that held room of one kind, by seconds since the run began. */
export interface RoomOverTime {
  readonly name: string;
  /** How many may at the same time. */
  readonly limit: number;
  /** The most within each second, up to the last one in which something changed. */
  readonly held: readonly number[];
}

export function roomOverTime(
  limits: readonly RoomLimit[],
  changes: readonly RoomChange[],
  startedAt: number,
): RoomOverTime[] {
  return limits.map((limit, place) => {
    const held: number[] = [];
    let now = 0;
    for (const { at, by } of changes.filter((change) => change.limit === place)) {
      const second = Math.floor((at - startedAt) / 1000);
      while (held.length <= second) held.push(now);
      now += by;
      held[second] = Math.max(held[second] ?? 0, now);
    }
    return { name: nameOf(limit), limit: limit.tasks, held };
  });
}

function nameOf(limit: RoomLimit): string {
  switch (limit.kind) {
    case 'fargate':
      return limit.launchType === 'FARGATE' ? 'Fargate' : 'Fargate Spot';
    case 'instances':
      return `instances of ${limit.cluster}`;
    case 'provisioning':
      return `PROVISIONING in ${limit.cluster}`;
    case 'addresses':
      return `addresses of ${limit.subnet}`;
    default:
      return limit satisfies never;
  }
}
