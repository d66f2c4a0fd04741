import { type ApiError, classifyError } from '../core/events/throttle.ts';
import { backoffSeconds } from '../core/rerun/backoff.ts';
import type { Ports } from './ports.ts';

const BACKOFF = { baseSeconds: 0.2, capSeconds: 5 } as const;
const MAX_ATTEMPTS = 6;

/**
 * Calls a service until it answers, at most MAX_ATTEMPTS times. RunTask is not called this way. The clients do not retry by
 * themselves (`maxAttempts: 1`): their waits would use the real clock and their own randomness.
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

/** DynamoDB did a part of a batch: the rest is to be asked for again, later. */
export class NotProcessedError extends Error {
  override readonly name = 'NotProcessedError';
}

const isPassing = (error: unknown) =>
  error instanceof NotProcessedError || (error instanceof Error && classifyError(apiError(error)) !== 'none');

/** The service's error in what an SDK client threw. */
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

/** The name of what was thrown, for log lines. A message may hold parts of a caller's request. */
export function errorName(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}
