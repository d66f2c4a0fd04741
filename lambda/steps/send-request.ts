import { RunTaskCommand, type RunTaskCommandInput } from '@aws-sdk/client-ecs';
import type { RunTaskRequest } from '../core/events/run-task-request.ts';
import { judgeConflict } from '../core/rerun/conflict.ts';
import { answerOutcome, CONFLICT, errorOutcome } from '../core/rerun/outcome.ts';
import type { RerunInput } from '../core/rerun/rerun-input.ts';
import type { HandlerDependencies } from '../runtime/ports.ts';
import { apiError } from '../runtime/sdk-retry.ts';
import { makeLaunchStore } from '../state/launch-store.ts';

/** Sends one RunTask request and reads what ECS says to it. */
export function makeSender(dependencies: HandlerDependencies<'ecs' | 'dynamoDb'>) {
  const { clients, clock, environment } = dependencies;
  const launches = makeLaunchStore(dependencies);

  /** `unknown` where the token is in use, and it is not known yet by whom. */
  return async function send(request: RunTaskRequest, rerun: RerunInput, isOwnToken: boolean) {
    const sentAtMs = clock.now();
    const requested = request.count ?? 1;
    try {
      // The schema leaves enumerations open, the SDK's type does not.
      const { tasks = [], failures = [] } = await clients.ecs.send(new RunTaskCommand(request as RunTaskCommandInput));
      const answer = {
        tasks: tasks.map((task) => ({ taskArn: task.taskArn ?? '', createdAtMs: task.createdAt?.getTime() })),
        failures: failures.map((failure) => ({ reason: failure.reason ?? '' })),
      };
      return answerOutcome(answer, requested, sentAtMs);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      const { resourceIds: taskArns = [], ...answer } = apiError(error);
      if (answer.code !== CONFLICT) return errorOutcome(answer);
      const known = await Promise.all(taskArns.map((taskArn) => launches.get(taskArn)));
      const records = known.map((launch) => launch?.record);
      const conflict = { taskArns, records, requested, isOwnToken };
      return judgeConflict(conflict, rerun, environment.awsEnvironment, clock.now());
    }
  };
}
