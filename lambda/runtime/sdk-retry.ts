import { type ApiError, classifyError } from '../core/events/throttle.ts';
import { backoffSeconds } from '../core/rerun/backoff.ts';
import type { Ports } from './ports.ts';

const BACKOFF = { baseSeconds: 0.2, capSeconds: 5 } as const;
const MAX_ATTEMPTS = 6;

/**
 * Calls a service other than ECS until it answers, at most six times. The clients themselves do not retry
 * (`maxAttempts: 1`): their waits would be on a clock and a random source of their own.
 */
export async function retrying<T>(
  { clock, random }: Pick<Ports, 'clock' | 'random'>,
  call: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      if (attempt === MAX_ATTEMPTS || !isPassing(error)) throw error;
      await clock.sleep(backoffSeconds(BACKOFF, attempt, random) * 1000);
    }
  }
}

const isPassing = (error: unknown) => error instanceof Error && classifyError(apiError(error)) !== 'none';

/** What an SDK client threw, as the service said it. */
export function apiError(error: Error): ApiError & { readonly resourceIds?: readonly string[] } {
  const { $metadata, resourceIds } = error as {
    $metadata?: { httpStatusCode?: number };
    resourceIds?: readonly string[];
  };
  return {
    code: error.name,
    message: error.message,
    status: $metadata?.httpStatusCode ?? 0,
    ...(resourceIds && { resourceIds }),
  };
}

/** The name of what was thrown, for log lines: messages may hold what a caller sent. */
export function errorName(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}
