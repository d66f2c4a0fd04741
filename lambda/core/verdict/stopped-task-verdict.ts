import { classifyStart, shortageOfStart } from '../events/start-failure.ts';
import type { StoppedTask } from '../events/stopped-task.ts';
import { asynchronousCallId, executionName, spreadOf } from '../identity.ts';
import { listedCluster, listedFamily, unlistedReason } from '../opt-in/opt-in.ts';
import { generationPauseSeconds } from '../rerun/launch-record.ts';
import { firstLookMs } from '../rerun/lookup.ts';
import { provesUntilMs, type RerunInput, withoutRoom } from '../rerun/rerun-input.ts';
import type { Verdict, VerdictContext } from './verdict.ts';

/** The records of most calls are there by then: sooner there is nothing to find. */
const RECORD_MS = 20_000;

/**
 * Decides about a task that stopped. Its launch record says who launched it and with which request. CloudTrail is slower
 * than ECS, so the workflow waits for that record; this decision does not need it.
 */
export function decideStoppedTask(task: StoppedTask, context: VerdictContext): Verdict {
  const { awsEnvironment, settings } = context;
  const { clusterArn: cluster, taskDefinitionArn: taskDefinition, startedBy, group } = task;
  if (task.stopCode !== 'TaskFailedToStart' || classifyStart(task.reasons) === 'none') {
    return { kind: 'ignore', reason: 'notAThrottle' };
  }
  const short = shortageOfStart(task.reasons);
  if (short && !settings.capacity.rerun) return { kind: 'ignore', reason: 'noRoom' };
  const reason = unlistedReason({ cluster, taskDefinition, startedBy, group }, context);
  if (reason) return { kind: 'ignore', reason };
  const family = listedFamily(taskDefinition, settings, awsEnvironment) ?? '';
  if (task.hasRun) return { kind: 'refuse', reason: 'partlyRan', caller: '', family };

  const callId = asynchronousCallId(task.taskArn);
  const spread = spreadOf(callId);
  // Not before its next generation may start, nor before anything can be known of its launch: until then there is nothing to do.
  const dueMs = short
    ? Math.max(task.stoppedAtMs, task.createdAtMs + RECORD_MS)
    : task.stoppedAtMs + generationPauseSeconds(1, spread) * 1000;
  const settleUntilMs = context.hasTrail === false ? Math.max(dueMs, firstLookMs(task.createdAtMs, spread)) : dueMs;
  const eventTime = new Date(task.stoppedAtMs).toISOString();
  const deadline = new Date(provesUntilMs(task.stoppedAtMs, settings)).toISOString();
  const progress = short && withoutRoom({ short, sinceMs: task.stoppedAtMs }, { remaining: 1, round: 0 }, settings);
  const input: RerunInput = {
    callId,
    call: { ...awsEnvironment, cluster: listedCluster(cluster, settings, awsEnvironment) ?? '', family, eventTime },
    settleUntil: new Date(settleUntilMs).toISOString(),
    deadline: progress?.noRoom.until ?? deadline,
    failedTask: {
      taskArn: task.taskArn,
      taskDefinition: task.taskDefinitionArn,
      createdAt: new Date(task.createdAtMs).toISOString(),
      environments: task.environments,
    },
    ...(progress && { progress }),
  };
  return { kind: 'rerun', name: executionName(family, callId), input };
}
