import type { JsonObject } from '../kernel/json.ts';
import type { LogLine, MetricValue } from '../world/sandbox.ts';

type Own<T> = Omit<T, 'handler'>;

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html */
interface EmbeddedMetrics {
  readonly CloudWatchMetrics: readonly {
    readonly Dimensions: readonly (readonly string[])[];
    readonly Metrics: readonly { readonly Name: string }[];
  }[];
}

/** What CloudWatch makes of a line that a function printed. */
export interface Output {
  readonly log?: Own<LogLine>;
  readonly metrics?: readonly Own<MetricValue>[];
}

/** Reads a line that a function printed; undefined for what is neither a structured log line nor metrics. */
export function readLine(line: string): Output | undefined {
  if (!line.startsWith('{')) return undefined;
  const { _aws: embedded, level, message, ...fields } = JSON.parse(line) as JsonObject;
  if (embedded === undefined) {
    const log = { level: String(level).toLowerCase(), message: String(message), fields };
    return { log: log as Own<LogLine> };
  }
  const metrics = (embedded as unknown as EmbeddedMetrics).CloudWatchMetrics.flatMap(({ Dimensions, Metrics }) =>
    Metrics.map(({ Name }) => ({
      name: Name,
      value: Number(fields[Name]),
      dimensions: Object.fromEntries(Dimensions.flat().map((dimension) => [dimension, String(fields[dimension])])),
    })),
  );
  return { metrics };
}
