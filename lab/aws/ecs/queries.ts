import { z } from 'zod';
import { AwsError, UnsupportedError } from '../../kernel/aws-service.ts';
import type { JsonObject } from '../../kernel/json.ts';
import type { Cluster } from './catalog.ts';
import { launchTypeOf } from './run-task-request.ts';
import type { Task } from './task.ts';

const text = z.string().nullish();

const decoder =
  <T>(schema: z.ZodType<T>) =>
  (input: JsonObject): T => {
    const parsed = schema.safeParse(input);
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    throw new AwsError('InvalidParameterException', `${issue?.path.join('.')}: ${issue?.message}`);
  };

export const decodeStopTask = decoder(z.looseObject({ cluster: text, task: z.string(), reason: text }));

export const decodeDescribeTasks = decoder(
  z.looseObject({ cluster: text, tasks: z.array(z.string()).min(1).max(100), include: z.array(z.string()).nullish() }),
);

export const decodeDescribeClusters = decoder(
  z.looseObject({ clusters: z.array(z.string()).min(1).max(100).default(['default']) }),
);

const listTasksSchema = z.looseObject({
  cluster: text,
  desiredStatus: z.enum(['RUNNING', 'PENDING', 'STOPPED']).nullish(),
  family: text,
  launchType: text,
  startedBy: text,
  maxResults: z.int().min(1).max(100).nullish(),
  nextToken: z.string().regex(/^\d+$/).nullish(),
});
export type ListTasksQuery = z.output<typeof listTasksSchema>;

export function decodeListTasks(input: JsonObject): ListTasksQuery {
  const query = decoder(listTasksSchema)(input);
  for (const filter of ['containerInstance', 'serviceName', 'daemonName'])
    if (input[filter] != null) throw new UnsupportedError(`the lab's ListTasks has no filter ${filter}`);
  // "When you specify startedBy as the filter, it must be the only filter that you use."
  if (query.startedBy != null && [query.family, query.launchType].some((filter) => filter != null))
    throw new AwsError('InvalidParameterException', 'startedBy must be the only filter.');
  return query;
}

/** One page of task ARNs; the token is the place of the last one in the order in which tasks come. `tasksAfter` may leave out those up to a place. */
export function page(
  tasksAfter: (place: number) => Iterable<Task>,
  cluster: Cluster,
  query: ListTasksQuery,
): JsonObject {
  const after = query.nextToken == null ? -1 : Number(query.nextToken);
  const size = query.maxResults ?? 100;
  const found: Task[] = [];
  for (const task of tasksAfter(after)) {
    if (placeOf(task) <= after || task.cluster !== cluster || !matches(task, query)) continue;
    if (found.length === size)
      return { taskArns: found.map(({ arn }) => arn), nextToken: String(placeOf(found.at(-1) as Task)) };
    found.push(task);
  }
  return { taskArns: found.map(({ arn }) => arn) };
}

const placeOf = (task: Task): number => task.stopNumber ?? task.number;

const matches = ({ definition, request }: Task, { family, launchType, startedBy }: ListTasksQuery): boolean =>
  (family == null || definition.family === family) &&
  (launchType == null || launchTypeOf(request) === launchType) &&
  (startedBy == null || request.startedBy === startedBy);
