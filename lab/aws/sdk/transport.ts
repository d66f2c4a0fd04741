import { AwsError, type FakeService, LostConnectionError, type Principal } from '../../kernel/aws-service.ts';
import { decode } from './protocols.ts';
import type { WireRequest } from './wire.ts';

/** What a run hangs into every call. */
export interface CallHooks {
  /**
   * Stands between the client and the effect. It may take virtual time, and may throw an `AwsError` or a
   * `LostConnectionError` before the effect or, which loses the answer of a call that succeeded, after it.
   */
  around?<T>(service: string, operation: string, call: () => T | Promise<T>): Promise<T>;
  /** Told of whatever is no answer of AWS's: what a fake cannot do, and its own defects. The run must fail. */
  onUnsupported?(error: unknown): void;
}

export interface WireResponse {
  statusCode: number;
  headers: Record<string, string>;
  body: Uint8Array;
}

export interface InProcessClientConfig {
  region: string;
  credentials: { accessKeyId: string; secretAccessKey: string };
  requestHandler: {
    handle(request: WireRequest): Promise<{ response: WireResponse }>;
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
  return {
    region,
    credentials: { accessKeyId: 'LAB', secretAccessKey: 'LAB' },
    requestHandler: {
      handle: async (request) => ({
        response: await exchange(service, principal, hooks, request, `lab-${service.name}-${++calls}`),
      }),
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
  const respond = (
    statusCode: number,
    body: string | Uint8Array,
    headers: Record<string, string> = {},
  ): WireResponse => ({
    statusCode,
    headers: { 'x-amzn-requestid': requestId, ...call.headers, ...headers },
    body: Buffer.from(body as Uint8Array),
  });
  try {
    const effect = () => service.call(call.operation, call.input, principal);
    const output = await (hooks.around ? hooks.around(service.name, call.operation, effect) : effect());
    return respond(200, call.answer(output, requestId));
  } catch (error) {
    if (error instanceof AwsError) {
      const { body, headers } = await call.refuse(error, error.requestId ?? requestId);
      return respond(error.status, body, {
        // What the caller is told is what its record says.
        ...(error.requestId !== undefined && { 'x-amzn-requestid': error.requestId }),
        ...headers,
      });
    }
    if (!(error instanceof LostConnectionError)) hooks.onUnsupported?.(error);
    throw error;
  }
}
