/** The parts of an SDK client and of its command that turn a call into a request and a response into an answer. */
interface ClientParts {
  readonly config: {
    readonly protocol: {
      serializeRequest(operation: Operation, input: object, context: object): Promise<unknown>;
      deserializeResponse(operation: Operation, context: object, response: unknown): Promise<unknown>;
    };
    readonly requestHandler: { handle(request: unknown): Promise<{ readonly response: unknown }> };
  };
  send: unknown;
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

/**
 * Has a client with the lab's configuration go straight from the SDK's serializer to the service, and from there to the
 * SDK's deserializer. What stands between them (endpoints, signatures, user agents, retries, logs) changes nothing in a
 * process and takes three quarters of a call's time.
 */
export function direct<Client extends { readonly send: unknown }>(client: Client): Client {
  const parts = client as unknown as ClientParts;
  const { protocol, requestHandler } = parts.config;
  const context = { ...parts.config, endpoint: async () => undefined };
  parts.send = async ({ input, schema }: CommandParts): Promise<unknown> => {
    const [, namespace, name, traits, inputSchema, outputSchema] = schema;
    const operation = { namespace, name, traits, input: inputSchema, output: outputSchema };
    const request = await protocol.serializeRequest(operation, input, context);
    const { response } = await requestHandler.handle(request);
    return protocol.deserializeResponse(operation, context, response);
  };
  return client;
}
