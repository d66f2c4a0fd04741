import type { JsonObject } from '../../kernel/json.ts';
import type { WireCall } from './wire.ts';

/** An operation of a service that names it by method and path, as Lambda does. */
interface Route {
  readonly method: string;
  readonly path: RegExp;
  readonly operation: string;
}

const MAPPINGS = '/2015-03-31/event-source-mappings/';

const ROUTES: readonly Route[] = [
  { method: 'GET', path: new RegExp(`^${MAPPINGS}?$`), operation: 'ListEventSourceMappings' },
  { method: 'GET', path: new RegExp(`^${MAPPINGS}(?<UUID>[^/]+)$`), operation: 'GetEventSourceMapping' },
  { method: 'PUT', path: new RegExp(`^${MAPPINGS}(?<UUID>[^/]+)$`), operation: 'UpdateEventSourceMapping' },
  { method: 'GET', path: /^\/2015-03-31\/functions\/?$/, operation: 'ListFunctions' },
];

/** REST with JSON: what is asked stands in method, path, query and body. https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html */
export function decodeRest(method: string, target: string, body: string): WireCall {
  const { pathname, searchParams } = new URL(target, 'http://lab');
  const route = ROUTES.find((each) => each.method === method && each.path.test(pathname));
  const named = route?.path.exec(pathname)?.groups ?? {};
  return {
    operation: route?.operation ?? `${method} ${pathname}`,
    input: {
      ...(body && (JSON.parse(body) as JsonObject)),
      ...Object.fromEntries(searchParams),
      ...Object.fromEntries(Object.entries(named).map(([name, value]) => [name, decodeURIComponent(value)])),
    },
    headers: { 'content-type': 'application/json' },
    answer: (output) => JSON.stringify(output),
    refuse: ({ code, message, members }) => ({
      body: JSON.stringify({ Type: 'User', message, Message: message, ...members }),
      headers: { 'x-amzn-errortype': code },
    }),
  };
}
