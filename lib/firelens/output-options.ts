/** The plugins of Fluent Bit that send lines to CloudWatch Logs: the one in C, and its predecessor in Go. */
export type CloudWatchPlugin = 'cloudwatch_logs' | 'cloudwatch';

/** The beginning of stream names. FireLens's tag follows: `{container}-firelens-{task id}`. */
const STREAM_PREFIX = 'ecs/';

/**
 * How often a chunk of lines is sent again. Fluent Bit's default is once; then the lines are lost. Before the n-th retry it
 * waits a random time between 5 s and 5 s * 2^n: https://docs.fluentbit.io/manual/administration/scheduling-and-retries.
 * Five retries last 2.8 minutes on average. CloudWatch Logs creates about 8,000 streams in that time. The chunk stays in the
 * router's memory.
 */
const RETRY_LIMIT = 5;

export interface OutputOptionsProps {
  readonly plugin: CloudWatchPlugin;
  readonly containerName: string;
  readonly logGroupName: string;
  readonly region: string;
}

/** Options of a container's log driver that give each of its tasks a log stream. Both plugins use the same stream names. */
export function outputOptions(props: OutputOptionsProps): Record<string, string> {
  const { plugin, containerName, logGroupName, region } = props;
  return {
    Name: plugin,
    region,
    log_group_name: logGroupName,
    // A group that the router creates has neither a retention nor a key.
    auto_create_group: 'false',
    retry_limit: `${RETRY_LIMIT}`,
    ...(plugin === 'cloudwatch_logs'
      ? { log_stream_prefix: STREAM_PREFIX }
      : { log_stream_name: `${STREAM_PREFIX}${containerName}-firelens-$(ecs_task_id)` }),
  };
}
