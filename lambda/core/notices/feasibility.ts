import type { RunTaskRecord } from './run-task-record.ts';
import { hiddenMembers } from './run-task-request.ts';

/** What a rejected call's record holds of what a faithful re-run needs: people look at it before they let calls be re-run. */
export interface Feasibility {
  readonly hadParameters: boolean;
  readonly hadClientToken: boolean;
  /** Whether no environment value was hidden. */
  readonly hadEnvironment: boolean;
}

export function feasibilityOf({ requestParameters }: RunTaskRecord): Feasibility {
  const request = requestParameters as { readonly clientToken?: unknown } | null;
  return {
    hadParameters: request !== null,
    hadClientToken: typeof request?.clientToken === 'string' && request.clientToken !== '',
    hadEnvironment: request !== null && hiddenMembers(request).length === 0,
  };
}
