import type { AwsFlags } from '../aws/flags.ts';

export interface AuditFlags extends AwsFlags {
  readonly since?: number;
  readonly records?: readonly string[];
  readonly logs?: readonly string[];
}
