import { randomInt } from 'node:crypto';
import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { dimensionSets, type HandlerName, METRIC_NAMESPACE, METRICS } from '../core/contract.ts';
import type { Ports } from './ports.ts';

/**
 * The options of every SDK client: no retries of its own (see `retrying`), and a timeout. By default the SDK only logs a
 * warning when a request takes longer than its timeout.
 */
export const CLIENT_CONFIG = {
  maxAttempts: 1,
  requestHandler: { connectionTimeout: 2000, requestTimeout: 15_000, throwOnRequestTimeout: true },
} as const;

/** The most that `randomInt` draws from. */
const RANDOM_RANGE = 2 ** 48 - 1;

/** The real world: system clock, random numbers that nobody can guess, log lines and metrics on standard output. */
export function lambdaPorts(handler: HandlerName): Ports {
  const logger = new Logger({ serviceName: handler });
  const metrics = new Metrics({ namespace: METRIC_NAMESPACE, serviceName: handler });
  return {
    clock: { now: () => Date.now(), sleep: (ms) => new Promise((resolve) => setTimeout(resolve, Math.max(0, ms))) },
    random: () => randomInt(RANDOM_RANGE) / RANDOM_RANGE,
    log: {
      info: (message, fields) => logger.info(message, { ...fields }),
      warn: (message, fields) => logger.warn(message, { ...fields }),
      error: (message, fields) => logger.error(message, { ...fields }),
    },
    metrics: {
      add(name, value, dimensions = {}) {
        metrics.addDimensions({ ...dimensions });
        metrics.addMetric(name, name === METRICS.waitSeconds ? MetricUnit.Seconds : MetricUnit.Count, value);
        const line = metrics.serializeMetrics();
        metrics.clearDimensions();
        metrics.clearMetrics();
        // Added one by one, sets that share a dimension make the library print a warning, in the clear, for each metric.
        const sets = dimensionSets(dimensions).map((set) => ['service', ...Object.keys(set)]);
        const directives = line._aws.CloudWatchMetrics.map((directive) => ({ ...directive, Dimensions: sets }));
        process.stdout.write(`${JSON.stringify({ ...line, _aws: { ...line._aws, CloudWatchMetrics: directives } })}\n`);
      },
    },
  };
}

/** Builds a handler at its first invocation, not when its module is loaded: tests load it without an environment. */
export function lazily<Event, Reply>(build: () => (event: Event) => Promise<Reply>): (event: Event) => Promise<Reply> {
  let handler: ((event: Event) => Promise<Reply>) | undefined;
  return (event) => {
    handler ??= build();
    return handler(event);
  };
}
