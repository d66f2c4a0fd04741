import { readFileSync } from 'node:fs';
import type { AwsEnvironment } from '../core/arn.ts';
import { ENVIRONMENT, SETTINGS_FILE, SETTINGS_VALUES } from '../core/contract.ts';
import { readSettings, type Settings } from '../core/settings.ts';

/** The names and settings that constructs pass to handlers. */
export interface Environment {
  readonly settings: Settings;
  readonly awsEnvironment: AwsEnvironment;
  variable(name: keyof typeof ENVIRONMENT): string;
}

/** Reads a function's environment variables and its settings; throws where the construct and the handler disagree about them. */
export function readEnvironment(
  variables: Readonly<Record<string, string | undefined>>,
  settingsText: string,
): Environment {
  const read = (name: string): string => {
    const value = variables[name];
    if (!value) throw new Error(`environment variable ${name}: found nothing, expected the construct to set it`);
    return value;
  };
  return {
    settings: readSettings(settingsText, variables[SETTINGS_VALUES]),
    // Lambda sets AWS_REGION itself, but no variable for the account.
    awsEnvironment: { account: read(ENVIRONMENT.accountId), region: read('AWS_REGION') },
    variable: (name) => read(ENVIRONMENT[name]),
  };
}

/** Where a deployed function runs: the bundling puts the settings beside the one module that all of this becomes. */
export function deployedEnvironment(): Environment {
  return readEnvironment(process.env, readFileSync(new URL(SETTINGS_FILE, import.meta.url), 'utf8'));
}
