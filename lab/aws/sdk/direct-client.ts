import { DynamoDBJsonCodec } from '@aws-sdk/dynamodb-codec';
import { JsonCodec } from '@smithy/core/protocols';
import { isObject, type JsonObject } from '../../kernel/json.ts';
import type { InProcessClientConfig } from './transport.ts';

/** The parts of an SDK client and of its command that turn a call into a request and a response into an answer. */
interface ClientParts {
  readonly config: {
    readonly protocol: Protocol;
    readonly requestHandler: InProcessClientConfig['requestHandler'];
    readonly serviceId: string;
  };
  send: unknown;
}
interface Protocol {
  serializeRequest(operation: Operation, input: object, context: object): Promise<never>;
  deserializeResponse(operation: Operation, context: object, response: unknown): Promise<unknown>;
  /** Of a protocol that is JSON. */
  readonly codec?: { readonly settings: ConstructorParameters<typeof JsonCodec>[0] };
  /** Whether the service spoke AWS query before. */
  readonly awsQueryCompatible?: boolean;
}
interface CommandParts {
  readonly input: object;
  readonly schema: readonly [
    id: number,
    namespace: string,
    name: string,
    traits: unknown,
    input: unknown,
    output: unknown,
  ];
}
interface Operation {
  readonly namespace: string;
  readonly name: string;
  readonly traits: unknown;
  readonly input: unknown;
  readonly output: unknown;
}

/** The SDK's walk through a value by its schema, from what programs have to what is written as JSON, and back. */
interface Values {
  readonly toJson: (schema: unknown, value: object) => JsonObject;
  readonly fromJson: (schema: unknown, value: JsonObject) => object;
}

/**
 * Has a client with the lab's configuration go straight from the SDK's serializer to the service, and from there to the
 * SDK's deserializer. What stands between them (endpoints, signatures, user agents, retries, logs) changes nothing in a
 * process and takes three quarters of a call's time. Where both sides speak JSON, nor does its text, which takes half of the rest.
 */
export function direct<Client extends { readonly send: unknown }>(client: Client): Client {
  const parts = client as unknown as ClientParts;
  const { protocol, requestHandler, serviceId } = parts.config;
  const context = { ...parts.config, endpoint: async () => undefined };
  const values = valuesOf(protocol, serviceId);
  parts.send = async ({ input, schema }: CommandParts): Promise<unknown> => {
    const [, namespace, name, traits, inputSchema, outputSchema] = schema;
    const operation = { namespace, name, traits, input: inputSchema, output: outputSchema };
    if (!values) {
      const request = await protocol.serializeRequest(operation, input, context);
      const { response } = await requestHandler.handle(request);
      return protocol.deserializeResponse(operation, context, response);
    }
    const asked = values.toJson(inputSchema, input);
    const answer = await requestHandler.call(name, asked, protocol.awsQueryCompatible === true);
    if ('response' in answer) return protocol.deserializeResponse(operation, context, answer.response);
    const { output, requestId } = answer;
    return Object.assign(values.fromJson(outputSchema, output), { $metadata: { httpStatusCode: 200, requestId } });
  };
  return client;
}

/** Lists that were pushed to keep room for sixteen more, and some of what is asked is kept to the end of a run. */
function fitted(asked: JsonObject): JsonObject {
  for (const name of Object.keys(asked)) {
    const member = asked[name];
    if (typeof member !== 'object' || member === null) continue;
    if (Array.isArray(member)) asked[name] = member.map((item) => (isObject(item) ? fitted(item) : item));
    else fitted(member);
  }
  return asked;
}

/** DynamoDB's client has a walk of its own. */
function valuesOf({ codec }: Protocol, serviceId: string): Values | undefined {
  if (!codec) return undefined;
  const walks = serviceId === 'DynamoDB' ? new DynamoDBJsonCodec() : new JsonCodec(codec.settings);
  const [serializer, deserializer] = [walks.createSerializer(), walks.createDeserializer()];
  return {
    toJson: (schema, value) => {
      serializer.write(schema as never, value);
      // What `flush` would turn into text.
      return fitted((serializer as unknown as { readonly buffer: JsonObject }).buffer);
    },
    fromJson: (schema, value) => deserializer.readObject(schema as never, value) as object,
  };
}
