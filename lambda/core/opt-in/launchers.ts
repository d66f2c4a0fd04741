import type { Caller } from '../events/run-task-record.ts';

/** An AWS service that makes RunTask calls for its users, and retries rejected calls by itself. */
interface Launcher {
  readonly name: string;
  /** Whether it treats an accepted call as a started task, and so does not notice that the start fails later. */
  readonly isBlindToFailedStarts: boolean;
}

/** Who retries what, and for how long: docs/launchers.md. */
const LAUNCHERS: readonly Launcher[] = [
  { name: 'events.amazonaws.com', isBlindToFailedStarts: true },
  { name: 'scheduler.amazonaws.com', isBlindToFailedStarts: true },
  { name: 'pipes.amazonaws.com', isBlindToFailedStarts: true },
  /*
   * EventBridge's custom event buses. They give up, by default after five attempts or 300 seconds, but up to a day where the
   * subscriber says so; nothing in a record tells when. Each attempt may have a token of its own, so that a re-run beside
   * them would start the task twice: what they drop is in their dead-letter queue. That their records have this name and not
   * that of EventBridge is not verified.
   * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-custom-bus-retry.html
   */
  { name: 'eventsv2.amazonaws.com', isBlindToFailedStarts: true },
  { name: 'states.amazonaws.com', isBlindToFailedStarts: false },
  { name: 'batch.amazonaws.com', isBlindToFailedStarts: false },
  { name: 'ecs.amazonaws.com', isBlindToFailedStarts: false },
];

/** The launcher that made a call, if any. */
export function launcherOf({ invokedBy, userAgent, sourceService }: Caller): Launcher | undefined {
  return LAUNCHERS.find(({ name }) => [invokedBy, userAgent, sourceService].includes(name));
}

/** The parts of a request or task that say what it is for. */
export interface Purpose {
  readonly cluster: string | undefined;
  readonly taskDefinition: string | undefined;
  readonly startedBy: string | undefined;
  readonly group: string | undefined;
}

/** Whether an AWS service watches the task. Batch's clusters have its name; Step Functions and the service scheduler mark their tasks. */
export function isWatchedByLauncher({ cluster = '', startedBy = '', group = '' }: Purpose): boolean {
  const clusterId = cluster.slice(cluster.lastIndexOf('/') + 1);
  return (
    startedBy === 'AWS Step Functions' ||
    startedBy.startsWith('ecs-svc/') ||
    group.startsWith('service:') ||
    clusterId.startsWith('AWSBatch-') ||
    clusterId.includes('_Batch_')
  );
}
