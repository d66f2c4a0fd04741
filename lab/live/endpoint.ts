import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { exchange } from '../aws/sdk/transport.ts';
import { AwsError, type FakeService, LostConnectionError, type Principal } from '../kernel/aws-service.ts';
import type { SandboxOptions } from '../world/sandbox.ts';

export interface EndpointOptions extends Pick<SandboxOptions, 'hooks' | 'region'> {
  readonly services: Readonly<Record<string, FakeService>>;
  /** Who signs with an access key. Signatures are not checked: all that is known of a client is the key it names. */
  readonly principalOf: (accessKeyId: string) => Principal | undefined;
  /** Whether clients may repeat requests by themselves. */
  readonly clientsRetry: boolean;
}

/** An AWS endpoint: that of one sandbox, where everybody is that sandbox's function, or that of a scenario's callers. */
export interface Endpoint {
  readonly url: string;
  close(): void;
}

/** `AWS4-HMAC-SHA256 Credential=LAB/20260115/us-east-1/states/aws4_request, …` is for `states`, by `LAB`. */
const SIGNED_FOR = /Credential=(?<key>[^,]+?)\/\d+\/[\w-]+\/(?<service>\w+)\/aws4_request/;

/** Services that sign under another name than that of their permissions. */
const SIGNING_NAMES: Readonly<Record<string, string>> = { monitoring: 'cloudwatch' };

/** Serves the lab's services over HTTP on the loopback interface, in the services' own protocols. */
export async function serve(options: EndpointOptions): Promise<Endpoint> {
  const { services, principalOf, hooks, region, clientsRetry } = options;
  const origins = { here: '', sqs: sqsOrigin(region) };
  let requests = 0;

  async function answer(request: IncomingMessage) {
    const { key = '', service: signed = '' } = SIGNED_FOR.exec(request.headers.authorization ?? '')?.groups ?? {};
    const name = SIGNING_NAMES[signed] ?? signed;
    const service = Object.values(services).find((each) => each.name === name);
    if (!service) throw new Error(`found a request signed for "${name}", expected one of the lab's services`);
    // Handlers retry by themselves: what a client repeated on its own would be hidden from the rate.
    const attempts = request.headers['amz-sdk-request'];
    if (!clientsRetry && attempts !== 'attempt=1; max=1')
      throw new Error(`${name}: found ${attempts}, expected one attempt at most`);
    // Queues go by their URL, which has to name this endpoint: SDK clients send to the host of a queue's URL.
    const body = (await text(request))
      .replaceAll(origins.here, origins.sqs)
      .replaceAll(encodeURIComponent(origins.here), encodeURIComponent(origins.sqs));
    const headers = Object.fromEntries(Object.entries(request.headers).map(([key, value]) => [key, String(value)]));
    const principal = principalOf(key);
    const asked = principal ? service : unknownTo(name);
    return exchange(asked, principal ?? { arn: key }, hooks, { headers, body }, `lab-${name}-${++requests}`);
  }

  const server = createServer((request, response) => {
    answer(request).then(
      ({ statusCode, headers, body }) => response.writeHead(statusCode, headers).end(body),
      (error) => {
        if (!(error instanceof LostConnectionError)) hooks.onUnsupported(error);
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

/** A service that does not know who asks. https://docs.aws.amazon.com/IAM/latest/UserGuide/CommonErrors.html */
const unknownTo = (name: string): FakeService => ({
  name,
  call: () => {
    const code = name === 'sqs' ? 'InvalidClientTokenId' : 'UnrecognizedClientException';
    throw new AwsError(code, 'The security token included in the request is invalid.', { status: 403 });
  },
});

/** Where queue URLs of a template point to. */
export const sqsOrigin = (region: string): string => `https://sqs.${region}.amazonaws.com`;
