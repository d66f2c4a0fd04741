import type { JsonObject } from '../../kernel/json.ts';
import { modelOf } from './models.ts';
import { decodeRest } from './rest-protocol.ts';
import type { WireCall, WireRequest } from './wire.ts';

const UTF8 = new TextDecoder();

/**
 * Reads a request as the front door of a service would: JSON where a header names the operation, which is answered at once as it
 * is what the lab's own handlers speak; REST where the service has it; else CBOR or AWS query, which need the service's model.
 */
export function decode(service: string, request: WireRequest): WireCall | Promise<WireCall> {
  const { headers, method = 'POST', path = '/', body = '' } = request;
  if (service === 'lambda') return decodeRest(method, path, textOf(body));
  const target = headers['x-amz-target'];
  if (target !== undefined)
    return decodeJson(target, textOf(body), 'x-amzn-query-mode' in headers ? service : undefined);
  return decodeOther(path, headers, body, modelOf(service));
}

/** Loaded where they are needed, once: what was loaded before a run costs it no real time. */
const loaded: {
  cbor?: Promise<typeof import('./cbor-protocol.ts')>;
  query?: Promise<typeof import('./query-protocol.ts')>;
} = {};

async function decodeOther(
  path: string,
  headers: WireRequest['headers'],
  body: unknown,
  model: ReturnType<typeof modelOf>,
): Promise<WireCall> {
  if (headers['smithy-protocol'] === 'rpc-v2-cbor') {
    loaded.cbor ??= import('./cbor-protocol.ts');
    const { decodeCbor } = await loaded.cbor;
    return decodeCbor(path, body as Uint8Array, await model);
  }
  loaded.query ??= import('./query-protocol.ts');
  const { decodeQuery } = await loaded.query;
  return decodeQuery(textOf(body), await model);
}

const textOf = (body: unknown): string => (typeof body === 'string' ? body : UTF8.decode(body as Uint8Array));

function decodeJson(target: string, body: string, former: string | undefined): WireCall {
  const operation = target.slice(target.lastIndexOf('.') + 1);
  return jsonCall(operation, JSON.parse(body || '{}') as JsonObject, former);
}

/** `former` names a service that once spoke AWS query: clients look for the codes of that time first. */
export const jsonCall = (operation: string, input: JsonObject, former: string | undefined): WireCall => ({
  operation,
  input,
  headers: { 'content-type': 'application/x-amz-json-1.1' },
  answer: (output) => JSON.stringify(output),
  refuse: async (error) => {
    const { code, status, message, members } = error;
    const headers: Record<string, string> = {};
    const fault = status < 500 ? 'Sender' : 'Receiver';
    if (former) headers['x-amzn-query-error'] = `${(await modelOf(former))?.queryCode(code) ?? code};${fault}`;
    return { body: JSON.stringify({ __type: code, message, ...members }), headers };
  },
});
