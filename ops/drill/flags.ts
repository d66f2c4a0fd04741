import type { AwsFlags, YesFlag } from '../aws/flags.ts';

export interface DrillFlags extends AwsFlags, YesFlag {
  readonly family?: string;
  readonly cluster?: string;
  readonly roleArn?: string;
}
