import { CborCodec } from '@smithy/core/cbor';
import type { NormalizedSchema } from '@smithy/core/schema';
import type { Json, JsonObject } from '../../kernel/json.ts';
import { type Model, toSdkValue } from './models.ts';
import type { WireCall } from './wire.ts';

/** `/service/GraniteServiceVersion20100801/operation/DescribeAlarms` */
const PATH = /\/operation\/(?<operation>\w+)$/;

/** CBOR, which newer clients speak to CloudWatch. https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html */
export async function decodeCbor(path: string, body: Uint8Array, model: Model | undefined): Promise<WireCall> {
  const operation = PATH.exec(path)?.groups?.operation ?? '';
  const [input, output] = [model?.input(operation), model?.output(operation)];
  const headers = { 'content-type': 'application/cbor', 'smithy-protocol': 'rpc-v2-cbor' };
  const given = input && body.length > 0 ? await new CborCodec().createDeserializer().read(input, body) : {};
  return {
    operation,
    input: toJson(given) as JsonObject,
    headers,
    answer: (value) => (output ? write(output, toSdkValue(output, value)) : write(DOCUMENT, {})),
    refuse: ({ code, message, members }) => ({
      body: write(DOCUMENT, { __type: code, message, ...members }),
      headers: {},
    }),
  };
}

/** The schema of any value at all. */
const DOCUMENT = 15;

function write(schema: NormalizedSchema | typeof DOCUMENT, value: unknown): Uint8Array {
  const serializer = new CborCodec().createSerializer();
  serializer.write(schema, value);
  return serializer.flush();
}

/** Times are seconds since the epoch in the fakes. */
function toJson(value: unknown): Json {
  if (value instanceof Date) return value.getTime() / 1000;
  if (Array.isArray(value)) return value.map(toJson);
  if (typeof value !== 'object' || value === null) return value as Json;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, toJson(inner)]));
}
