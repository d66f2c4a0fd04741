import type { AwsFlags, YesFlag } from '../aws/flags.ts';

export type OperateFlags = AwsFlags & YesFlag;
export interface SweepFlags extends OperateFlags {
  readonly cluster?: string;
  readonly since?: number;
}
export interface RedriveFlags extends OperateFlags {
  readonly since?: number;
  readonly reason?: string;
}
