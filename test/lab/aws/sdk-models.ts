import { readFileSync } from 'node:fs';
import * as cloudformation from '@aws-sdk/client-cloudformation';
import * as cloudtrail from '@aws-sdk/client-cloudtrail';
import * as cloudwatch from '@aws-sdk/client-cloudwatch';
import * as logs from '@aws-sdk/client-cloudwatch-logs';
import * as dynamodb from '@aws-sdk/client-dynamodb';
import * as ecs from '@aws-sdk/client-ecs';
import * as events from '@aws-sdk/client-eventbridge';
import * as iam from '@aws-sdk/client-iam';
import * as lambda from '@aws-sdk/client-lambda';
import * as states from '@aws-sdk/client-sfn';
import * as sns from '@aws-sdk/client-sns';
import * as sqs from '@aws-sdk/client-sqs';
import * as sts from '@aws-sdk/client-sts';

/**
 * The services' own models as the SDK carries them: it exports the schema of every shape and operation under the shape's
 * name and a dollar sign. A schema is an array that begins with its kind, or a number for a simple type
 * (StaticSchemas in @smithy/types).
 */
const MODELS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  cloudformation,
  cloudtrail,
  cloudwatch,
  dynamodb,
  ecs,
  events,
  iam,
  lambda,
  logs,
  sns,
  sqs,
  states,
  sts,
};

type Schema = 'unit' | number | readonly unknown[] | (() => Schema);

const LIST = 1;
const MAP = 2;
const STRUCTURE = 3;
const UNION = 4;
/** What a number says beside the type of an element. */
const LIST_OF = 64;
const MAP_OF = 128;

const SIMPLE: Readonly<Record<number, (value: unknown) => boolean>> = {
  0: (value) => typeof value === 'string',
  1: (value) => typeof value === 'number',
  2: (value) => typeof value === 'boolean',
  // Timestamps are seconds since the epoch in all JSON protocols of these services.
  4: (value) => typeof value === 'number',
  15: () => true,
  21: (value) => typeof value === 'string' && Buffer.from(value, 'base64').toString('base64') === value,
};

const schemaOf = (service: string, name: string): readonly unknown[] | undefined =>
  MODELS[service]?.[`${name}$`] as readonly unknown[] | undefined;

/** What is wrong with an answer: members that the model does not have or requires, and values of other types. */
export function problemsOf(service: string, operation: string, output: unknown): string[] {
  const schema = schemaOf(service, operation);
  if (!schema) return [`${service} has no operation ${operation}`];
  return check(schema[5] as Schema, output, operation);
}

function check(schema: Schema, value: unknown, path: string): string[] {
  if (typeof schema === 'function') return check(schema(), value, path);
  if (typeof schema === 'number') return checkNumbered(schema, value, path);
  if (schema === 'unit') return checkStructure([STRUCTURE, '', '', 0, [], []], value, path);
  // A schema with traits of its member is a pair of the two.
  if (typeof schema[0] !== 'number' || schema.length === 2) return check(schema[0] as Schema, value, path);
  switch (schema[0]) {
    case LIST:
      return checkList(schema[4] as Schema, value, path);
    case MAP:
      return checkMap(schema[5] as Schema, value, path);
    case STRUCTURE:
    case UNION:
      return checkStructure(schema, value, path);
    default:
      return check(schema[4] as Schema, value, path);
  }
}

function checkNumbered(schema: number, value: unknown, path: string): string[] {
  if (schema >= MAP_OF) return checkMap(schema - MAP_OF, value, path);
  if (schema >= LIST_OF) return checkList(schema - LIST_OF, value, path);
  const isOfType = SIMPLE[schema];
  if (!isOfType) return [`${path}: no such simple type here: ${schema}`];
  return isOfType(value) ? [] : [`${path}: found ${JSON.stringify(value)}, expected simple type ${schema}`];
}

function checkList(element: Schema, value: unknown, path: string): string[] {
  if (!Array.isArray(value)) return [`${path}: found ${JSON.stringify(value)}, expected a list`];
  return value.flatMap((item, index) => check(element, item, `${path}[${index}]`));
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function checkMap(element: Schema, value: unknown, path: string): string[] {
  if (!isObject(value)) return [`${path}: found ${JSON.stringify(value)}, expected a map`];
  return Object.entries(value).flatMap(([key, item]) => check(element, item, `${path}.${key}`));
}

function checkStructure(schema: readonly unknown[], value: unknown, path: string): string[] {
  if (!isObject(value)) return [`${path}: found ${JSON.stringify(value)}, expected an object`];
  const names = schema[4] as readonly string[];
  const members = schema[5] as readonly Schema[];
  const required = names.slice(0, (schema[6] as number | undefined) ?? 0);
  const missing = required.filter((name) => value[name] === undefined);
  return [
    ...missing.map((name) => `${path}.${name}: found nothing, expected a required member`),
    ...Object.entries(value).flatMap(([name, member]) => {
      const index = names.indexOf(name);
      if (index < 0) return [`${path}.${name}: no such member in the model`];
      return member === undefined ? [] : check(members[index] as Schema, member, `${path}.${name}`);
    }),
  ];
}

const CLIENTS: Readonly<Record<string, string>> = { states: 'sfn', logs: 'cloudwatch-logs', events: 'eventbridge' };

/** The errors that an operation's model lists: schemas lack them, the SDK's declarations have them as `@throws`. */
function listedErrors(service: string, operation: string): readonly string[] {
  const client = import.meta.resolve(`@aws-sdk/client-${CLIENTS[service] ?? service}`);
  const declarations = new URL(`../dist-types/commands/${operation}Command.d.ts`, client);
  return [...readFileSync(declarations, 'utf8').matchAll(/@throws \{@link (\w+)\}/g)].map(([, name]) => String(name));
}

const listed = new Map<string, readonly string[]>();
function isListed(service: string, operation: string, code: string): boolean {
  const key = `${service} ${operation}`;
  if (!listed.has(key)) listed.set(key, listedErrors(service, operation));
  return listed.get(key)?.includes(code) ?? false;
}

/** Errors that every operation may answer, though none lists them: "Common Errors" of each service's API reference. */
const COMMON: Readonly<Record<string, number>> = {
  AccessDeniedException: 400,
  InternalFailure: 500,
  ServiceUnavailable: 503,
  ThrottlingException: 400,
};
const COMMON_OF: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  // What is no RunTask at all: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/CommonErrors.html
  ecs: { SerializationException: 400 },
  // https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
  dynamodb: { ValidationException: 400 },
  // https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/CommonErrors.html
  cloudformation: { ValidationError: 400 },
  events: { ValidationException: 400 },
  sts: { ValidationError: 400 },
  // The service's model has it, Publish does not list it: what Publish says when it is throttled is unknown.
  sns: { ThrottledException: 429 },
  // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonErrors.html
  sqs: { AccessDenied: 403, InvalidParameterValue: 400, MissingParameter: 400 },
};

/** Statuses that were seen where the schema has another. */
const SEEN: Readonly<Record<string, number>> = {
  // https://github.com/pulumi/docs/issues/2860
  'ecs AccessDeniedException': 400,
};

/** The HTTP statuses that an operation may answer an error with: none where the service does not have it there. */
export function statusesOf(service: string, operation: string, code: string): number[] {
  const common = COMMON_OF[service]?.[code] ?? COMMON[code];
  if (common === undefined && !isListed(service, operation, code)) return [];
  const traits = schemaOf(service, code)?.[3] as { error?: string; httpError?: number } | undefined;
  const modelled = traits?.error && (traits.httpError ?? (traits.error === 'client' ? 400 : 500));
  const seen = SEEN[`${service} ${code}`];
  return [modelled || common, seen].filter((status) => typeof status === 'number');
}

/** The names of all errors in a service's model. */
export const errorsOf = (service: string): string[] =>
  Object.entries(MODELS[service] ?? {})
    .filter(([, schema]) => Array.isArray(schema) && schema[3]?.error !== undefined)
    .map(([name]) => name.slice(0, -1));

/** What a service with a former protocol calls an error there; the error's name where it has no other. */
export function queryCodeOf(service: string, code: string): string {
  const traits = schemaOf(service, code)?.[3] as { awsQueryError?: readonly [string, number] } | undefined;
  return traits?.awsQueryError?.[0] ?? code;
}

/** What is wrong with the members of an error beside its message. */
export function memberProblems(service: string, code: string, members: object): string[] {
  const schema = schemaOf(service, code);
  return check(schema ? [STRUCTURE, '', code, 0, schema[4], schema[5]] : 'unit', members, code);
}
