import type * as z from 'zod';

/** What could not be decoded: where, what was expected there. Never what was found, which may be somebody's secret. */
export interface Malformed {
  readonly problems: readonly string[];
}

/** Places and expectations only: `detail.eventTime: Invalid ISO datetime`. */
export function problemsOf(error: z.ZodError, whole: string): string[] {
  return error.issues.map((issue) => `${issue.path.join('.') || whole}: ${issue.message}`);
}
