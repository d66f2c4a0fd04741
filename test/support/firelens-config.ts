/** What `/fluent-bit/configs/output-metrics-healthcheck.conf` in AWS's image holds, as of aws-for-fluent-bit 2.34 and 3.4. */
const INCLUDED = `[SERVICE]
    HTTP_Server            On
    HTTP_Listen            0.0.0.0
    HTTP_PORT              2020
    Health_Check           On
    HC_Errors_Count        5
    HC_Retry_Failure_Count 5
    HC_Period              5
    Grace                  30
    Flush                  1
`;

/**
 * The configuration that ECS makes of a container's log driver options:
 * https://github.com/aws/amazon-ecs-agent/blob/master/agent/taskresource/firelens/firelensconfig_unix.go,
 * https://github.com/aws-samples/amazon-ecs-firelens-under-the-hood/tree/mainline/generated-configs/fluent-bit
 */
export function generatedByFireLens(
  containerName: string,
  options: Readonly<Record<string, string>>,
  socket: string,
): string {
  const { Name, ...others } = options;
  const lines = Object.entries(others).map(([key, value]) => `    ${key} ${value}`);
  return [
    `[INPUT]\n    Name forward\n    unix_path ${socket}\n`,
    '[FILTER]\n    Name record_modifier\n    Match *\n    Record ecs_cluster batch\n',
    INCLUDED,
    `[OUTPUT]\n    Name ${Name}\n    Match ${containerName}-firelens*\n${lines.join('\n')}\n`,
  ].join('\n');
}
