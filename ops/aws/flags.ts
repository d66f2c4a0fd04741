import type { FlagParametersForType } from '@stricli/core';
import type { OpsContext } from '../context.ts';

/** Flags of every command that asks AWS. */
export interface AccessFlags {
  readonly profile?: string;
  readonly region?: string;
  readonly endpoint?: string;
  readonly json: boolean;
  readonly policy: boolean;
}

/** Of those that ask about the stack. */
export interface AwsFlags extends AccessFlags {
  readonly stack?: string;
}

const text = (value: string): string => value;
const optional = (placeholder: string, brief: string) =>
  ({ kind: 'parsed', parse: text, optional: true, placeholder, brief }) as const;

export const accessFlags: FlagParametersForType<AccessFlags, OpsContext> = {
  profile: optional('NAME', 'Profile of the AWS configuration'),
  region: optional('REGION', 'Region of the stack'),
  endpoint: optional('URL', 'Endpoint of all services: that of the live lab'),
  json: { kind: 'boolean', default: false, withNegated: false, brief: 'One JSON document' },
  policy: {
    kind: 'boolean',
    default: false,
    withNegated: false,
    brief: 'Print the least IAM policy for it, and do nothing',
  },
};

export const awsFlags: FlagParametersForType<AwsFlags, OpsContext> = {
  ...accessFlags,
  stack: optional('NAME', 'Name of the stack; default: the only one that is deployed'),
};

/** Of commands that change something. */
export interface YesFlag {
  readonly yes: boolean;
}

export const yesFlag: FlagParametersForType<YesFlag, OpsContext> = {
  yes: { kind: 'boolean', default: false, withNegated: false, brief: 'Do it without asking' },
};
