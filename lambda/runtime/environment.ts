import type { AwsEnvironment } from '../core/arn.ts';
import { ENVIRONMENT } from '../core/contract.ts';
import { type Settings, settingsSchema } from '../core/settings.ts';

/** The names and settings that constructs pass to handlers. */
export interface Environment {
  readonly settings: Settings;
  readonly awsEnvironment: AwsEnvironment;
  variable(name: keyof typeof ENVIRONMENT): string;
}

/** Reads a function's environment variables. Throws if the construct did not set one that the handler needs. */
export function readEnvironment(variables: Readonly<Record<string, string | undefined>>): Environment {
  const read = (name: string): string => {
    const value = variables[name];
    if (!value) throw new Error(`environment variable ${name}: found nothing, expected the construct to set it`);
    return value;
  };
  return {
    settings: settingsSchema.parse(JSON.parse(read(ENVIRONMENT.settings))),
    // Lambda sets AWS_REGION itself, but no variable for the account.
    awsEnvironment: { account: read(ENVIRONMENT.accountId), region: read('AWS_REGION') },
    variable: (name) => read(ENVIRONMENT[name]),
  };
}
