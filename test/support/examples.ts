import { vi } from 'vitest';

const CONTEXT = {
  // What tests look at needs no bundled handlers, which take seconds.
  'aws:cdk:bundling-stacks': [],
  // As in `cdk.json`: without it, what CloudFormation's rules find is a warning.
  '@aws-cdk/core:validateAgainstDefaultRules': true,
};
vi.stubEnv('CDK_CONTEXT_JSON', JSON.stringify(CONTEXT));
export const construct = await import('../../examples/construct.ts');
export const firelens = await import('../../examples/firelens.ts');
export const handOverRule = await import('../../examples/hand-over-rule.ts');
export const handOverSchedule = await import('../../examples/hand-over-schedule.ts');
export const organization = await import('../../examples/organization.ts');
vi.unstubAllEnvs();
