import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { exchange, type WireResponse } from '../aws/sdk/transport.ts';
import { AwsError, type FakeService, LostConnectionError, type Principal } from '../kernel/aws-service.ts';
import type { SandboxOptions } from '../world/sandbox.ts';

export interface EndpointOptions extends Pick<SandboxOptions, 'hooks' | 'region'> {
  readonly services: readonly FakeService[];
  /** Who signs with an access key. Signatures are not checked: all that is known of a client is the key it names. */
  readonly principalOf: (accessKeyId: string) => Principal | undefined;
  /** Whether clients may repeat requests by themselves. */
  readonly clientsRetry: boolean;
  readonly port?: number;
  /** What people see who open the endpoint in a browser; undefined where there is nothing at a path. */
  readonly page?: (path: string) => Promise<Page | undefined>;
}

export interface Page {
  readonly contentType: string;
  readonly body: string;
}

/** An AWS endpoint: that of one sandbox, where everybody is that sandbox's function, or that of a scenario's callers. */
export interface Endpoint {
  readonly url: string;
  close(): void;
}

/** `AWS4-HMAC-SHA256 Credential=LAB/20260115/us-east-1/states/aws4_request, …` is for `states` in us-east-1, by `LAB`. */
const SIGNED_FOR = /Credential=(?<key>[^,]+?)\/\d+\/(?<region>[\w-]+)\/(?<service>[\w-]+)\/aws4_request/;

/** Services that sign under another name than that of their permissions. */
const SIGNING_NAMES: Readonly<Record<string, string>> = { monitoring: 'cloudwatch' };

/** Services that every Region's clients sign for in one Region. */
const GLOBAL: readonly string[] = ['iam', 'sts'];

const HTML_HEADERS = {
  // The page needs nothing but itself and this endpoint.
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'",
  'cache-control': 'no-store',
};

/** Serves the lab's services over HTTP on the loopback interface, in the services' own protocols. */
export async function serve(options: EndpointOptions): Promise<Endpoint> {
  const { hooks, region, page, port = 0 } = options;
  const origins = { here: '', sqs: sqsOrigin(region) };
  let requests = 0;

  async function answer(request: IncomingMessage): Promise<WireResponse> {
    const { authorization } = request.headers;
    if (authorization === undefined && request.method === 'GET' && page) return show(request, page, origins.here);
    const {
      key = '',
      region: signedRegion = '',
      service: signed = '',
    } = SIGNED_FOR.exec(authorization ?? '')?.groups ?? {};
    const name = SIGNING_NAMES[signed] ?? signed;
    const asked = asks(options, { key, name, signedRegion, attempts: request.headers['amz-sdk-request'] });
    const headers = Object.fromEntries(Object.entries(request.headers).map(([key, value]) => [key, String(value)]));
    const given = await buffer(request);
    const isText = headers['smithy-protocol'] !== 'rpc-v2-cbor';
    // Queues go by their URL, which has to name this endpoint: SDK clients send to the host of a queue's URL.
    const body = isText ? replaced(given.toString(), origins.here, origins.sqs) : given;
    const wire = { headers, body, path: request.url ?? '/' };
    const answered = await exchange(
      asked,
      options.principalOf(key) ?? { arn: key },
      hooks,
      wire,
      `lab-${name}-${++requests}`,
    );
    if (!isText) return answered;
    return { ...answered, body: Buffer.from(replaced(answered.body.toString(), origins.sqs, origins.here)) };
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
    server.listen(port, '127.0.0.1', resolve);
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

const replaced = (text: string, from: string, to: string): string =>
  text.replaceAll(from, to).replaceAll(encodeURIComponent(from), encodeURIComponent(to));

interface Asking {
  readonly key: string;
  readonly name: string;
  readonly signedRegion: string;
  readonly attempts: string | string[] | undefined;
}

/** The service that a request is for; or one that refuses, where the request is not as it has to be. */
function asks(options: EndpointOptions, { key, name, signedRegion, attempts }: Asking): FakeService {
  const { services, principalOf, clientsRetry, region } = options;
  if (name === '') return refusing('sts', 'MissingAuthenticationToken', 'Request is missing Authentication Token', 403);
  // Handlers retry by themselves: what a client repeated on its own would be hidden from the rate.
  if (!clientsRetry && attempts !== 'attempt=1; max=1')
    throw new Error(`${name}: found ${attempts}, expected one attempt at most`);
  if (!principalOf(key)) {
    // https://docs.aws.amazon.com/IAM/latest/UserGuide/CommonErrors.html
    const code = name === 'sqs' ? 'InvalidClientTokenId' : 'UnrecognizedClientException';
    return refusing(name, code, 'The security token included in the request is invalid.', 403);
  }
  if (signedRegion !== region && !GLOBAL.includes(name)) {
    const scope = `Credential should be scoped to a valid region, not '${signedRegion}'.`;
    return refusing(name, 'InvalidSignatureException', `${scope} The lab is in ${region}.`, 403);
  }
  const service = services.find((each) => each.name === name);
  if (service) return service;
  const has = services.map((each) => each.name).join(', ');
  return refusing(name, NOT_SUPPORTED, `The lab has no service that signs as "${name}". It has ${has}.`, 400);
}

/** The code under which the lab says what it cannot do: no service of AWS has it. */
export const NOT_SUPPORTED = 'NotSupportedByTheLab';

const refusing = (name: string, code: string, message: string, status: number): FakeService => ({
  name,
  call: () => {
    throw new AwsError(code, message, { status });
  },
});

async function show({ url = '/', headers }: IncomingMessage, page: NonNullable<EndpointOptions['page']>, here: string) {
  const respond = (statusCode: number, contentType: string, body: string): WireResponse => ({
    statusCode,
    headers: { ...HTML_HEADERS, 'content-type': `${contentType}; charset=utf-8` },
    body: Buffer.from(body),
  });
  // A name that somebody else has pointed to this machine is none of ours.
  if (!/^(127\.0\.0\.1|localhost)(:\d+)?$/.test(headers.host ?? ''))
    return respond(403, 'text/plain', `Open ${here}/\n`);
  const shown = await page(new URL(url, here).pathname);
  return shown ? respond(200, shown.contentType, shown.body) : respond(404, 'text/plain', 'There is nothing here.\n');
}

/** Where queue URLs of a template point to. */
export const sqsOrigin = (region: string): string => `https://sqs.${region}.amazonaws.com`;
