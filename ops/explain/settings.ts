import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { AwsEnvironment } from '../../lambda/core/arn.ts';
import { parseJson } from '../../lambda/core/json.ts';
import { type Settings, settingsSchema } from '../../lambda/core/settings.ts';
import { ConfigurationError, readConfiguration } from '../../lib/config/read-config.ts';
import { CONTEXT_KEY } from '../../lib/config/schema.ts';
import { BadInputError } from '../context.ts';

/** What a record is judged under: the settings, and the account and Region that they are for. */
export interface Judge {
  readonly settings: Settings;
  readonly awsEnvironment: AwsEnvironment;
}

/** Chooses what a record of this account and Region is judged under. */
export type JudgeOf = (home: AwsEnvironment) => Judge;

const EVERYTHING = settingsSchema.parse({ mode: 'rerun', clusters: ['*'], families: ['*'], callers: ['*'] });

/** With everything listed, and in every account and Region. */
export const judgeEverything: JudgeOf = (home) => ({ settings: EVERYTHING, awsEnvironment: home });

/** By the configuration in a file: the object that stands under the context key in cdk.json. */
export function judgeByFile(name: string, cwd: string): JudgeOf {
  const value = read(name, resolve(cwd, name));
  const configurations = validated(name, value);
  return (home) => {
    const own = configurations.find(({ env }) => env?.account === home.account && env.region === home.region);
    // Of a place that is not configured: decided as the first place's stack would, if the record came there.
    const { env = home, configuration } = own ?? configurations[0] ?? neverEmpty();
    return { settings: configuration, awsEnvironment: env };
  };
}

function read(name: string, path: string): object {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    throw new BadInputError(
      `${name}: found no readable file, expected the object under ${CONTEXT_KEY} of a cdk.json. Check the path.`,
    );
  }
  const value = parseJson(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new BadInputError(
      `${name}: found ${value === undefined ? 'no JSON' : 'no object'}, expected the object under ${CONTEXT_KEY} of a cdk.json.`,
    );
  }
  if ('context' in value || CONTEXT_KEY in value) {
    throw new BadInputError(
      `${name}: found a whole cdk.json, expected the object under ${CONTEXT_KEY} alone. Write it out with: jq '.context.${CONTEXT_KEY} // .${CONTEXT_KEY}' ${name}`,
    );
  }
  return value;
}

function validated(name: string, value: object) {
  try {
    // Where records come from changes no verdict, so it may be left out here.
    return readConfiguration({ cloudTrail: 'existing', ...value });
  } catch (error) {
    if (error instanceof ConfigurationError) throw new BadInputError(`${name}: ${error.message}`);
    throw error;
  }
}

function neverEmpty(): never {
  throw new Error('expected one configuration at least');
}
