import * as z from 'zod';
import { explain } from './explain.ts';
import { foreignArns, type Place } from './foreign-arns.ts';
import { merged } from './merged.ts';
import { CONTEXT_KEY, type Configuration, configurationSchema, environmentsSchema, KNOWN_KEYS } from './schema.ts';

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
 * Reads what stands under the context key. Without `environments` it is one stack in the environment of the CLI, which is
 * known where the CLI has credentials; otherwise one stack for each, with the entry's own keys merged over the common ones.
 */
export function readConfiguration(context: unknown, cli?: Place): EnvironmentConfiguration[] {
  const { environments, ...common } = orThrow(check(z.looseObject({}), context ?? {}, CONTEXT_KEY));
  if (environments === undefined) return [{ configuration: orThrow(checkConfiguration(common, CONTEXT_KEY, cli)) }];
  const root = `${CONTEXT_KEY}.environments`;
  const places = check(environmentsSchema, environments, root);
  // What is wrong beside a place that cannot be used is said at once, too.
  const entries = z.array(z.looseObject({})).safeParse(environments).data ?? [];
  const checked = entries.map(({ account: _, region: __, ...own }, index) => {
    const where = (line: string) => whereItStands(line, own, `environments[${index}].`);
    return checkConfiguration(merged(common, own), `${root}[${index}]`, places.value?.[index], where);
  });
  const problems = new Set([...places.problems, ...checked.flatMap((each) => each.problems)]);
  if (problems.size > 0) throw unusable([...problems]);
  return checked.map(({ value }, index) => {
    const { account = '', region = '' } = places.value?.[index] ?? {};
    return { env: { account, region }, configuration: value as Configuration };
  });
}

/** A line about a key that an environment has from the common ones: it is to be mended there. */
function whereItStands(line: string, own: object, environment: string): string {
  const [, key = ''] = /^- [^.]+\.environments\[\d+\]\.(\w+)/.exec(line) ?? [];
  return key in own || line.includes(': found nothing') ? line : line.replace(environment, '');
}

/** Checks a configuration that was put together in code. `names` are the keys that are called otherwise there. */
export function checkedProps(
  value: unknown,
  root: string,
  place: Place | undefined,
  names: Readonly<Record<string, string>>,
): Configuration {
  const { problems, value: configuration } = checkConfiguration(value, root, place);
  const inCode = (line: string) =>
    Object.entries(names).reduce((text, [key, name]) => text.replace(`- ${root}.${key}`, `- ${root}.${name}`), line);
  if (problems.length > 0)
    throw new ConfigurationError(`Props that cannot be used:\n${problems.map(inCode).join('\n')}`);
  return configuration as Configuration;
}

/** What was read, or one line for each thing that is wrong with it. */
interface Checked<T> {
  readonly value?: T;
  readonly problems: readonly string[];
}

function orThrow<T>({ value, problems }: Checked<T>): T {
  if (problems.length > 0) throw unusable(problems);
  return value as T;
}

function checkConfiguration(
  value: unknown,
  root: string,
  place: Place | undefined,
  where = (line: string) => line,
): Checked<Configuration> {
  const checked = check(configurationSchema(), value, root);
  if (checked.value === undefined) return { problems: checked.problems.map(where) };
  const foreign = foreignArns(checked.value, place).map((problem) => `- ${root}.${problem}`);
  return { value: checked.value, problems: foreign };
}

function check<T>(schema: z.ZodType<T>, value: unknown, root: string): Checked<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return { value: parsed.data, problems: [] };
  return { problems: parsed.error.issues.flatMap((issue) => explain(issue, value, root, KNOWN_KEYS)) };
}

/** Reads one part of a configuration by itself. */
export function parse<T>(schema: z.ZodType<T>, value: unknown, root: string): T {
  return orThrow(check(schema, value, root));
}

function unusable(lines: readonly string[]): ConfigurationError {
  return new ConfigurationError(`The configuration in cdk.json cannot be used:\n${lines.join('\n')}`);
}
