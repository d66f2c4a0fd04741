/** The plugins of Fluent Bit that send lines to CloudWatch Logs: the one in C, and its predecessor in Go. */
export type CloudWatchPlugin = 'cloudwatch_logs' | 'cloudwatch';

/** What streams are named after; what follows is FireLens's tag, `{container}-firelens-{task id}`. */
const STREAM_PREFIX = 'ecs/';

/**
 * How often a chunk of lines is sent again; Fluent Bit's own default is once, and then the lines are gone. It waits at
 * random between 5 s and 5 s * 2^n before the n-th: https://docs.fluentbit.io/manual/administration/scheduling-and-retries.
 * Five tries last 2.8 minutes on average, in which CloudWatch Logs creates some 8,000 streams; meanwhile the chunk is
 * held in the router's memory.
 */
const RETRY_LIMIT = 5;

export interface OutputOptionsProps {
  readonly plugin: CloudWatchPlugin;
  readonly containerName: string;
  readonly logGroupName: string;
  readonly region: string;
}

/** Options of a container's log driver that give each of its tasks a log stream; the same one from either plugin. */
export function outputOptions(props: OutputOptionsProps): Record<string, string> {
  const { plugin, containerName, logGroupName, region } = props;
  return {
    Name: plugin,
    region,
    log_group_name: logGroupName,
    // A group that the router made would have neither a retention nor a key.
    auto_create_group: 'false',
    retry_limit: `${RETRY_LIMIT}`,
    ...(plugin === 'cloudwatch_logs'
      ? { log_stream_prefix: STREAM_PREFIX }
      : { log_stream_name: `${STREAM_PREFIX}${containerName}-firelens-$(ecs_task_id)` }),
  };
}
