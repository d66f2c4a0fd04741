import { hash } from 'node:crypto';
import type { Cluster, TaskDefinition } from './catalog.ts';
import type { Holding } from './room.ts';
import type { RunTaskRequest } from './run-task-request.ts';

/** What the fake keeps of a task: its full record is rendered from this when somebody asks (task-view.ts). */
export interface Task {
  /** Counts the launches of this account: the order of creation. */
  readonly number: number;
  readonly id: string;
  /** One text for all who keep it. */
  readonly arn: string;
  readonly cluster: Cluster;
  readonly definition: TaskDefinition;
  readonly request: RunTaskRequest;
  readonly createdAt: number;
  /** Which of its call's tasks it is, from 0. */
  readonly place: number;
  /** What it holds of the account's room. */
  readonly holding: Holding;
  /** Where it has its address, or should have had one; undefined where nothing bounds them. */
  readonly subnet: string | undefined;
  startedAt?: number;
  stoppedAt?: number;
  stopCode?: StopCode;
  stoppedReason?: string;
  /** Counts the stops of this account: the order in which stopped tasks are listed and forgotten. */
  stopNumber?: number;
}

export type StopCode = 'TaskFailedToStart' | 'EssentialContainerExited' | 'UserInitiated';

export type TaskStatus = 'PROVISIONING' | 'RUNNING' | 'STOPPED';

export function statusOf(task: Task): TaskStatus {
  if (task.stoppedAt !== undefined) return 'STOPPED';
  return task.startedAt === undefined ? 'PROVISIONING' : 'RUNNING';
}

export const taskArn = ({ cluster, id }: Pick<Task, 'cluster' | 'id'>): string =>
  `${cluster.arn.replace(':cluster/', ':task/')}/${id}`;

/** A UUID that follows from `parts`: what a task is made of gets the same identifiers in every rendering. */
export function derivedUuid(...parts: string[]): string {
  const hex = hash('sha256', parts.join('/'), 'hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
