import type { AccessFlags } from '../aws/flags.ts';

export interface ProbeFlags extends AccessFlags {
  readonly days: number;
  readonly records?: readonly string[];
  readonly rewind?: string;
  readonly html?: string;
}
