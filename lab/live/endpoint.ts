import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { exchange } from '../aws/sdk/transport.ts';
import type { SandboxOptions } from '../world/sandbox.ts';

export type EndpointOptions = Pick<SandboxOptions, 'services' | 'principal' | 'hooks' | 'region'>;

/** The AWS endpoint of one sandbox: whoever calls it is that sandbox's function. */
export interface Endpoint {
  readonly url: string;
  close(): void;
}

/** `AWS4-HMAC-SHA256 Credential=LAB/20260115/us-east-1/states/aws4_request, …` is for `states`. */
const SIGNED_FOR = /Credential=[^/]+\/\d+\/[\w-]+\/(?<service>\w+)\/aws4_request/;

/** Services that sign under another name than that of their permissions. */
const SIGNING_NAMES: Readonly<Record<string, string>> = { monitoring: 'cloudwatch' };

/** Serves the lab's services over HTTP on the loopback interface, in the services' own protocols. */
export async function serve({ services, principal, hooks, region }: EndpointOptions): Promise<Endpoint> {
  const origins = { here: '', sqs: sqsOrigin(region) };
  let requests = 0;

  async function answer(request: IncomingMessage) {
    const { service: signed = '' } = SIGNED_FOR.exec(request.headers.authorization ?? '')?.groups ?? {};
    const name = SIGNING_NAMES[signed] ?? signed;
    const service = Object.values(services).find((each) => each.name === name);
    if (!service) throw new Error(`found a request signed for "${name}", expected one of the lab's services`);
    // Handlers retry by themselves: what a client repeated on its own would be hidden from the rate.
    const attempts = request.headers['amz-sdk-request'];
    if (attempts !== 'attempt=1; max=1') throw new Error(`${name}: found ${attempts}, expected one attempt at most`);
    // Queues go by their URL, which has to name this endpoint: SDK clients send to the host of a queue's URL.
    const body = (await text(request)).replaceAll(origins.here, origins.sqs);
    const headers = Object.fromEntries(Object.entries(request.headers).map(([key, value]) => [key, String(value)]));
    return exchange(service, principal, hooks, { headers, body }, `lab-${name}-${++requests}`);
  }

  const server = createServer((request, response) => {
    answer(request).then(
      ({ statusCode, headers, body }) => response.writeHead(statusCode, headers).end(body),
      (error) => {
        hooks.onUnsupported(error);
        response.destroy();
      },
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  origins.here = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: origins.here,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Where queue URLs of a template point to. */
export const sqsOrigin = (region: string): string => `https://sqs.${region}.amazonaws.com`;
