import type { Principal } from '../../kernel/aws-service.ts';
import type { JsonObject } from '../../kernel/json.ts';

/** One request of anybody, as CloudTrail learns of it: also the throttled and the rejected ones. */
export interface ApiRequest {
  readonly operation: string;
  readonly readOnly: boolean;
  readonly principal: Principal;
  readonly input: JsonObject;
  readonly outcome: Answered | Refused;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly requestId: string;
  readonly eventId: string;
}

export interface Answered {
  /** Renders the answer once more, so that a hundred thousand records need not keep theirs. */
  output(): JsonObject;
}

export interface Refused {
  readonly code: string;
  readonly message: string;
}
