import { NormalizedSchema } from '@smithy/core/schema';

/**
 * The services' own models as the SDK carries them: each client exports the schema of every shape and operation under its
 * name and a dollar sign. What JSON has no need of (how lists, maps and times are written) the other protocols take from here.
 */
export interface Model {
  readonly input: (operation: string) => NormalizedSchema | undefined;
  readonly output: (operation: string) => NormalizedSchema | undefined;
  /** What the query protocol calls an error. */
  readonly queryCode: (code: string) => string;
}

/** Of the services that are spoken to in another protocol than JSON by some client. */
const CLIENTS: Readonly<Record<string, () => Promise<object>>> = {
  cloudformation: () => import('@aws-sdk/client-cloudformation'),
  cloudwatch: () => import('@aws-sdk/client-cloudwatch'),
  iam: () => import('@aws-sdk/client-iam'),
  sns: () => import('@aws-sdk/client-sns'),
  sqs: () => import('@aws-sdk/client-sqs'),
  sts: () => import('@aws-sdk/client-sts'),
};

const loaded = new Map<string, Model>();

/** The model of a service, at once where it was loaded before; undefined where nobody needs one. */
export function modelOf(service: string): Model | undefined | Promise<Model | undefined> {
  return loaded.get(service) ?? load(service);
}

async function load(service: string): Promise<Model | undefined> {
  const shapes = (await CLIENTS[service]?.()) as Readonly<Record<string, unknown>> | undefined;
  if (!shapes) return undefined;
  const shape = (name: string) => shapes[`${name}$`] as readonly unknown[] | undefined;
  const side = (index: number) => (operation: string) => {
    const schema = shape(operation)?.[index];
    return schema === undefined ? undefined : NormalizedSchema.of(schema as never);
  };
  const model: Model = {
    input: side(4),
    output: side(5),
    queryCode: (code) => {
      const { awsQueryError } = (shape(code)?.[3] ?? {}) as { awsQueryError?: readonly [string, number] };
      return awsQueryError?.[0] ?? code;
    },
  };
  loaded.set(service, model);
  return model;
}

/** A value as the services' JSON has it, with times and bytes as the SDK's serializers want them. */
export function toSdkValue(schema: NormalizedSchema, value: unknown): unknown {
  if (value === null || value === undefined) return undefined;
  if (schema.isTimestampSchema()) return new Date(Number(value) * 1000);
  if (schema.isBlobSchema()) return Buffer.from(String(value), 'base64');
  if (schema.isListSchema()) return (value as unknown[]).map((item) => toSdkValue(schema.getValueSchema(), item));
  if (schema.isMapSchema()) return mapValues(value, () => schema.getValueSchema());
  if (!schema.isStructSchema()) return value;
  const members = new Map(schema.structIterator());
  return mapValues(value, (name) => members.get(name));
}

const mapValues = (value: unknown, schemaOf: (name: string) => NormalizedSchema | undefined) =>
  Object.fromEntries(
    Object.entries(value as object).flatMap(([name, inner]) => {
      const schema = schemaOf(name);
      if (!schema) throw new Error(`found the member ${name}, expected one of the service's model`);
      return [[name, toSdkValue(schema, inner)]];
    }),
  );
