import * as z from 'zod';
import { foreignArns, type Place } from './foreign-arns.ts';
import { CONTEXT_KEY, type Configuration, configurationSchema, environmentsSchema } from './schema.ts';

/** One stack's configuration and, if configured, its place. */
export interface EnvironmentConfiguration {
  readonly env?: Place;
  readonly configuration: Configuration;
}

/** A configuration that cannot be used. The message has one line for each problem. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}

/**
 * Reads the value of the context key. Without `environments` there is one stack, in the environment of the CLI. Otherwise
 * there is one stack for each entry, whose own keys override the common ones.
 */
export function readConfiguration(context: unknown): EnvironmentConfiguration[] {
  const { environments, ...common } = parse(z.looseObject({}), context ?? {}, CONTEXT_KEY);
  if (environments === undefined) return [{ configuration: parse(configurationSchema(), common, CONTEXT_KEY) }];
  const places = parse(environmentsSchema, environments, `${CONTEXT_KEY}.environments`);
  return places.map(({ account, region, ...own }, index) => {
    const root = `${CONTEXT_KEY}.environments[${index}]`;
    const configuration = parse(configurationSchema(), { ...common, ...own }, root);
    const foreign = foreignArns(configuration, { account, region });
    if (foreign.length > 0) throw unusable(foreign.map((problem) => `- ${root}.${problem}`));
    return { env: { account, region }, configuration };
  });
}

export function parse<T>(schema: z.ZodType<T>, value: unknown, root: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw unusable(parsed.error.issues.flatMap((issue) => explain(issue, value, root)));
}

function unusable(lines: readonly string[]): ConfigurationError {
  return new ConfigurationError(`The configuration in cdk.json cannot be used:\n${lines.join('\n')}`);
}

function explain(issue: z.core.$ZodIssue, value: unknown, root: string): string[] {
  const key = [root, ...issue.path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))].join(
    '',
  );
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((unknown) => `- ${key}.${unknown}: found an unknown key, expected one that the README lists`);
  }
  const found = issue.path.reduce<unknown>((inner, part) => (inner as Record<PropertyKey, unknown>)?.[part], value);
  const expected = issue.message.replace(/^Invalid input: expected /, '').replace(/^Invalid option: expected /, '');
  return [`- ${key}: found ${found === undefined ? 'nothing' : JSON.stringify(found)}, expected ${expected}`];
}
