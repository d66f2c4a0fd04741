import type { AwsError } from '../../kernel/aws-service.ts';
import type { JsonObject } from '../../kernel/json.ts';

/** The part of an SDK request that says what is asked. */
export interface WireRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly method?: string;
  /** With its query. */
  readonly path?: string;
  readonly body?: unknown;
}

export interface Refusal {
  readonly body: string | Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}

export interface WireCall {
  readonly operation: string;
  readonly input: JsonObject;
  /** Of every response. */
  readonly headers: Readonly<Record<string, string>>;
  readonly answer: (output: JsonObject, requestId: string) => string | Uint8Array;
  readonly refuse: (error: AwsError, requestId: string) => Refusal | Promise<Refusal>;
}
