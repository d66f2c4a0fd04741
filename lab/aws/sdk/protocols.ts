import type { AwsError } from '../../kernel/aws-service.ts';
import type { Json, JsonObject } from '../../kernel/json.ts';

/** The part of an SDK request that says what is asked. */
export interface WireRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export interface WireCall {
  readonly operation: string;
  readonly input: JsonObject;
  readonly answer: (output: JsonObject, requestId: string) => string;
  readonly refuse: (error: AwsError, requestId: string) => { body: string; headers: Record<string, string> };
}

const UTF8 = new TextDecoder();

/** Reads a request as the service's front door would: AWS query where there is no target header (SNS, IAM, SQS for older clients), else JSON. */
export function decode(request: WireRequest): WireCall {
  const body = typeof request.body === 'string' ? request.body : UTF8.decode(request.body as Uint8Array);
  const target = request.headers['x-amz-target'];
  return target === undefined ? decodeQuery(body) : decodeJson(target, body, 'x-amzn-query-mode' in request.headers);
}

/**
 * Codes of SQS's former protocol, where they differ from the error's name. The service sends them along in
 * `x-amzn-query-error`, and the SDK looks there first: `awsQueryError` in the SDK's schemas,
 * https://smithy.io/2.0/aws/protocols/aws-query-protocol.html#awsquerycompatible-trait
 */
const QUERY_CODES: Readonly<Record<string, string>> = {
  BatchEntryIdsNotDistinct: 'AWS.SimpleQueueService.BatchEntryIdsNotDistinct',
  EmptyBatchRequest: 'AWS.SimpleQueueService.EmptyBatchRequest',
  KmsAccessDenied: 'KMS.AccessDeniedException',
  QueueDoesNotExist: 'AWS.SimpleQueueService.NonExistentQueue',
  TooManyEntriesInBatchRequest: 'AWS.SimpleQueueService.TooManyEntriesInBatchRequest',
  UnsupportedOperation: 'AWS.SimpleQueueService.UnsupportedOperation',
};

const fault = (error: AwsError): string => (error.status < 500 ? 'Sender' : 'Receiver');

function decodeJson(target: string, body: string, queryCompatible: boolean): WireCall {
  return {
    operation: target.slice(target.indexOf('.') + 1),
    input: JSON.parse(body) as JsonObject,
    answer: (output) => JSON.stringify(output),
    refuse: (error) => {
      const headers: Record<string, string> = {};
      if (queryCompatible) headers['x-amzn-query-error'] = `${QUERY_CODES[error.code] ?? error.code};${fault(error)}`;
      return { body: JSON.stringify({ __type: error.code, message: error.message, ...error.members }), headers };
    },
  };
}

function decodeQuery(body: string): WireCall {
  const { Action, Version, ...input } = unflatten(new URLSearchParams(body));
  const operation = String(Action);
  const metadata = (requestId: string) => `<RequestId>${requestId}</RequestId>`;
  return {
    operation,
    input,
    answer: (output, requestId) =>
      `<${operation}Response><${operation}Result>${xml(output)}</${operation}Result>` +
      `<ResponseMetadata>${metadata(requestId)}</ResponseMetadata></${operation}Response>`,
    refuse: (error, requestId) => {
      // The query code is the shape's name without its suffix: NotFoundException is sent as NotFound. SQS has its own.
      const code = QUERY_CODES[error.code] ?? error.code.replace(/Exception$/, '');
      const details = { Type: fault(error), Code: code, Message: error.message };
      return {
        body: `<ErrorResponse><Error>${xml(details)}</Error>${metadata(requestId)}</ErrorResponse>`,
        headers: {},
      };
    },
  };
}

/** `A.entry.1.Name=k&A.entry.1.Value.B=v` → `{A: {k: {B: 'v'}}}`, `A.member.1=x` → `{A: ['x']}`. */
function unflatten(parameters: URLSearchParams): JsonObject {
  const root: JsonObject = {};
  for (const [name, value] of parameters) {
    const steps = name.split('.');
    const leaf = steps.pop() ?? name;
    let node = root;
    for (const step of steps) {
      node[step] ??= {};
      node = node[step] as JsonObject;
    }
    node[leaf] = value;
  }
  return collapse(root) as JsonObject;
}

function collapse(node: Json): Json {
  if (typeof node !== 'object' || node === null || Array.isArray(node)) return node;
  if (node.member !== undefined) return Object.values(node.member as JsonObject).map(collapse);
  if (node.entry !== undefined) {
    const entries = Object.values(node.entry as JsonObject) as JsonObject[];
    return Object.fromEntries(entries.map((entry) => [String(entry.Name), collapse(entry.Value ?? null)]));
  }
  return Object.fromEntries(Object.entries(node).map(([name, child]) => [name, collapse(child)]));
}

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function xml(node: Json): string {
  if (typeof node !== 'object' || node === null) return String(node).replace(/[&<>"]/g, (c) => ESCAPES[c] ?? c);
  if (Array.isArray(node)) return node.map((child) => `<member>${xml(child)}</member>`).join('');
  return Object.entries(node)
    .map(([name, child]) => `<${name}>${xml(child)}</${name}>`)
    .join('');
}
