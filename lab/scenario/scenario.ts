import { z } from 'zod';
import { Catalog } from '../aws/ecs/catalog.ts';
import type { JsonObject } from '../kernel/json.ts';
import { account, count, probability, seconds } from './account.ts';
import { faultContradiction, faultSchema } from './fault-schema.ts';

/**
 * The format of a scenario file; docs/scenario.schema.json is generated from it. Lists default to empty. A choice that
 * needs a reason has it next to its key.
 */

/** An open JSON object: someone else (the product, the bus, ECS) judges what is in it. */
const anyObject = z.record(z.string(), z.json());
const callerKeys = {
  name: z.string().min(1),
  principalArn: z
    .string()
    .regex(
      /^arn:[\w-]+:(sts::\d{12}:assumed-role\/[^/]+\/[^/]+|iam::\d{12}:(role|user)\/.+|events:[\w-]+:\d{12}:rule\/.+)$/,
    )
    .describe(
      'an assumed role (arn:aws:sts::…:assumed-role/ROLE/SESSION), an IAM role, an IAM user, or an EventBridge rule that targets the hand-over queue',
    ),
  startAt: seconds.default(0),
  // What AWS SDKs do where nobody configures them: https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
  maxAttempts: count.default(3),
  userAgent: z.string().optional(),
  invokedBy: z.string().optional(),
  retriesWithNewToken: z
    .strictObject({ after: seconds, times: count })
    .optional()
    .describe('a scheduler above the SDK: `after` seconds without a task, the whole call again, up to `times` times'),
  handsOver: z
    .boolean()
    .default(false)
    .describe('sends what was throttled or found no room to the stack’s hand-over queue when its attempts are over'),
  copies: count.default(1).describe('how often it sends each hand-over message'),
  neverAttempts: z.boolean().default(false).describe('hands over at once, with a key, instead of calling RunTask'),
  callerErrors: probability
    .default(0)
    .describe('how likely a send fails for a reason of the caller’s own, before or after its effect with even odds'),
  // `"clientToken": null` is understood on both levels.
  clientToken: z.null().optional().describe('null: the client sends no clientToken'),
  request: z
    .object({ cluster: z.string().optional(), taskDefinition: z.string(), clientToken: z.null().optional() })
    .catchall(z.json())
    .describe('the input of RunTask'),
};

const finiteCaller = z.strictObject({
  ...callerKeys,
  calls: count,
  // All at once, the harshest storm.
  overSeconds: seconds.default(0),
});

const rateCaller = z.strictObject({
  ...callerKeys,
  callsPerSecond: z.number().positive(),
  arrival: z.enum(['even', 'poisson']).default('even'),
  // Other operations take from RunTask's bucket.
  operation: z
    .enum(['RunTask', 'StopTask'])
    .default('RunTask')
    .describe('what is called; StopTask asks for a task that is gone, which takes from the bucket as any request does'),
  // Live traffic ends with the drain; `false` ends it with the last finite caller.
  untilDrained: z.boolean().default(true),
});

const scenarioSchema = z.strictObject({
  name: z.string().min(1),
  seed: z.int(),
  remediation: z
    .strictObject({
      enabled: z.boolean().default(true),
      config: anyObject.default({}).describe("merged deeply over cdk.json's configuration; the product validates it"),
    })
    .prefault({}),
  account: account.prefault({}),
  callers: z.array(z.union([finiteCaller, rateCaller])).default([]),
  events: z.array(z.strictObject({ at: seconds, event: anyObject })).default([]),
  faults: z.array(faultSchema).default([]),
});

export type Scenario = z.output<typeof scenarioSchema>;
export type FiniteCaller = z.output<typeof finiteCaller>;
export type RateCaller = z.output<typeof rateCaller>;
export type Caller = FiniteCaller | RateCaller;

/** Whether a caller is an EventBridge rule, which has no role of its own at a queue. */
export const isRuleArn = (arn: string): boolean => arn.split(':')[2] === 'events';

export const isRateCaller = (caller: Caller): caller is RateCaller => 'callsPerSecond' in caller;

export class BadScenarioError extends Error {
  override readonly name = 'BadScenarioError';
}

/** Reads a scenario; throws a `BadScenarioError` with one line per problem: path in the file, found, expected. */
export function readScenario(text: string, fileName: string): Scenario {
  const raise = (problems: readonly string[]): never => {
    throw new BadScenarioError(problems.map((problem) => `${fileName}: ${problem}`).join('\n'));
  };
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return raise([`found text that is not JSON (${(error as Error).message}), expected a scenario`]);
  }
  const parsed = scenarioSchema.safeParse(json);
  if (!parsed.success) return raise(parsed.error.issues.flatMap((issue) => describe(json, issue)));
  const problems = [...contradictions(parsed.data)].map(({ path, expected }) => problem(json, path, expected));
  return problems.length > 0 ? raise(problems) : parsed.data;
}

/** The JSON Schema of what a scenario file may hold (docs/scenario.schema.json). */
export function scenarioJsonSchema(): JsonObject {
  return z.toJSONSchema(scenarioSchema, { io: 'input' }) as JsonObject;
}

type Path = readonly PropertyKey[];

/** What is well-formed and still makes no sense. */
function* contradictions({ account, callers, faults }: Scenario): Generator<{ path: Path; expected: string }> {
  const families = new Set(account.taskDefinitions.map(({ family }) => family));
  for (const list of ['startFailures', 'placementFailures'] as const)
    for (const [index, { family }] of account[list].entries())
      if (!families.has(family))
        yield { path: ['account', list, index, 'family'], expected: `a family of account.taskDefinitions` };

  const catalog = new Catalog(account);
  for (const [index, limit] of account.room.entries())
    if ('cluster' in limit && !catalog.cluster(limit.cluster))
      yield { path: ['account', 'room', index, 'cluster'], expected: 'a cluster of account.clusters' };
  const names = new Set<string>();
  for (const [index, caller] of callers.entries()) {
    const { name, request } = caller;
    if (names.has(name)) yield { path: ['callers', index, 'name'], expected: 'a name that no other caller has' };
    names.add(name);
    if (!catalog.cluster(request.cluster))
      yield { path: ['callers', index, 'request', 'cluster'], expected: 'a cluster of account.clusters' };
    if (!catalog.taskDefinition(request.taskDefinition))
      yield { path: ['callers', index, 'request', 'taskDefinition'], expected: 'one of account.taskDefinitions' };
    for (const { key, expected } of handOverContradictions(caller)) yield { path: ['callers', index, key], expected };
  }

  for (const [index, fault] of faults.entries()) {
    const found = faultContradiction(fault);
    if (found) yield { path: ['faults', index, ...(found.key ? [found.key] : [])], expected: found.expected };
  }
}

function* handOverContradictions(caller: Caller): Generator<{ key: string; expected: string }> {
  const { handsOver, copies, neverAttempts, callerErrors } = caller;
  if (!handsOver) {
    const meant = { copies: copies > 1, neverAttempts, callerErrors: callerErrors > 0 };
    for (const [key, isMeant] of Object.entries(meant))
      if (isMeant) yield { key, expected: 'nothing where handsOver is not true' };
  }
  if (handsOver && isRateCaller(caller) && caller.operation !== 'RunTask')
    yield { key: 'handsOver', expected: 'false where the operation is not RunTask' };
  if (isRuleArn(caller.principalArn) && !neverAttempts)
    yield {
      key: 'principalArn',
      expected: 'a role or user, or neverAttempts: a rule calls no RunTask in its own name',
    };
}

type Issue = z.core.$ZodIssue;

export function describe(json: unknown, issue: Issue, prefix: Path = []): string[] {
  const path = [...prefix, ...issue.path];
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) =>
      problem(json, [...path, key], 'no such key (docs/scenario.schema.json has them all)'),
    );
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    // The kind of caller that the file comes nearest to.
    const nearest = issue.errors.reduce((best, errors) => (errors.length < best.length ? errors : best));
    return nearest.flatMap((error) => describe(json, error, path));
  }
  return [problem(json, path, expectation(issue))];
}

function expectation(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.expected === 'int' ? 'a whole number' : issue.expected;
    case 'invalid_value':
      return issue.values.map((value) => JSON.stringify(value)).join(' or ');
    case 'invalid_union':
      return `one of the documented values of ${issue.discriminator ?? 'this key'}`;
    case 'invalid_format':
      return issue.pattern ? `text that matches ${issue.pattern}` : issue.format;
    case 'too_small':
      return `${issue.inclusive ? 'at least' : 'more than'} ${issue.minimum}${issue.origin === 'string' ? ' characters' : ''}`;
    case 'too_big':
      return `${issue.inclusive ? 'at most' : 'less than'} ${issue.maximum}`;
    default:
      return issue.message;
  }
}

function problem(json: unknown, path: Path, expected: string): string {
  let found: unknown = json;
  for (const key of path) found = (found as Record<PropertyKey, unknown> | undefined)?.[key];
  const where = path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
  const shown = found === undefined ? 'nothing' : JSON.stringify(found).slice(0, 80);
  return `${where.replace(/^\./, '') || 'the file'}: found ${shown}, expected ${expected}`;
}
