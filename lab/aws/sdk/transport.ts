import { AwsError, type FakeService, LostConnectionError, type Principal } from '../../kernel/aws-service.ts';
import type { JsonObject } from '../../kernel/json.ts';
import { decode, jsonCall } from './protocols.ts';
import type { Refusal, WireCall, WireRequest } from './wire.ts';

/** What a run hangs into every call. */
export interface CallHooks {
  /**
   * Stands between the client and the effect. It may take virtual time, and may throw an `AwsError` or a
   * `LostConnectionError` before the effect or, which loses the answer of a call that succeeded, after it.
   */
  around?<T>(service: string, operation: string, call: () => T | Promise<T>, input: JsonObject): Promise<T>;
  /** Told of whatever is no answer of AWS's: what a fake cannot do, and its own defects. The run must fail. */
  onUnsupported?(error: unknown): void;
}

export interface WireResponse {
  statusCode: number;
  headers: Record<string, string>;
  body: Uint8Array;
}

/** What an operation returns, or how the service says that it does not. */
export type DirectAnswer =
  | { readonly output: JsonObject; readonly requestId: string }
  | { readonly response: WireResponse };

export interface InProcessClientConfig {
  region: string;
  credentials: { accessKeyId: string; secretAccessKey: string };
  requestHandler: {
    handle(request: WireRequest): Promise<{ response: WireResponse }>;
    /** The same for a client that speaks JSON, without the text of it: what is answered is not to be changed. */
    call(operation: string, input: JsonObject, isFormer: boolean): Promise<DirectAnswer>;
    updateHttpClientConfig(): void;
    httpHandlerConfigs(): Record<string, never>;
  };
  maxAttempts: number;
  retryMode: string;
  signer: { sign<T>(request: T): Promise<T> };
  authSchemePreference: string[];
  userAgentAppId: string;
  useFipsEndpoint: boolean;
  useDualstackEndpoint: boolean;
  ignoreConfiguredEndpointUrls: boolean;
  accountIdEndpointMode: 'disabled';
}

/** Spreads into the constructor of any SDK client, which then calls `service`, in this process, as `principal`. */
export function clientConfig(
  service: FakeService,
  principal: Principal,
  region: string,
  hooks: CallHooks = {},
): InProcessClientConfig {
  let calls = 0;
  const nextId = () => `lab-${service.name}-${++calls}`;
  return {
    region,
    credentials: { accessKeyId: 'LAB', secretAccessKey: 'LAB' },
    requestHandler: {
      handle: async (request) => ({ response: await exchange(service, principal, hooks, request, nextId()) }),
      call: async (operation, input, isFormer) => {
        const requestId = nextId();
        try {
          return { output: await perform(service, principal, hooks, operation, input), requestId };
        } catch (error) {
          const call = jsonCall(operation, input, isFormer ? service.name : undefined);
          const refusal = refusalIn(error, hooks);
          return { response: refused(call, refusal, requestId, await call.refuse(refusal, requestId)) };
        }
      },
      updateHttpClientConfig: () => {},
      httpHandlerConfigs: () => ({}),
    },
    // The SDK's own retries wait on real timers with a real random jitter.
    maxAttempts: 1,
    // The principal is known without a signature, which would cost a third of each call.
    signer: { sign: async (request) => request },
    // Whatever is left out here, the SDK looks for in ~/.aws before its first send: real I/O, outside virtual time.
    retryMode: 'standard',
    authSchemePreference: [],
    userAgentAppId: '',
    useFipsEndpoint: false,
    useDualstackEndpoint: false,
    ignoreConfiguredEndpointUrls: true,
    accountIdEndpointMode: 'disabled',
  };
}

/** Answers one request as the service's front door would; rejects where there is no answer of AWS's. */
export async function exchange(
  service: FakeService,
  principal: Principal,
  hooks: CallHooks,
  request: WireRequest,
  requestId: string,
): Promise<WireResponse> {
  const decoded = decode(service.name, request);
  const call = decoded instanceof Promise ? await decoded : decoded;
  try {
    const output = await perform(service, principal, hooks, call.operation, call.input);
    return respond(call, 200, call.answer(output, requestId), requestId);
  } catch (error) {
    const refusal = refusalIn(error, hooks);
    return refused(call, refusal, requestId, await call.refuse(refusal, refusal.requestId ?? requestId));
  }
}

function perform(
  service: FakeService,
  principal: Principal,
  hooks: CallHooks,
  operation: string,
  input: JsonObject,
): JsonObject | Promise<JsonObject> {
  const effect = () => service.call(operation, input, principal);
  return hooks.around ? hooks.around(service.name, operation, effect, input) : effect();
}

/** What the service answers instead; throws where there is no answer of AWS's. */
function refusalIn(error: unknown, hooks: CallHooks): AwsError {
  if (error instanceof AwsError) return error;
  if (!(error instanceof LostConnectionError)) hooks.onUnsupported?.(error);
  throw error;
}

/** What the caller is told is what its record says. */
const refused = (call: WireCall, error: AwsError, requestId: string, { body, headers }: Refusal): WireResponse =>
  respond(call, error.status, body, error.requestId ?? requestId, headers);

const respond = (
  call: WireCall,
  statusCode: number,
  body: string | Uint8Array,
  requestId: string,
  headers: Readonly<Record<string, string>> = {},
): WireResponse => ({
  statusCode,
  headers: { 'x-amzn-requestid': requestId, ...call.headers, ...headers },
  body: Buffer.from(body as Uint8Array),
});
