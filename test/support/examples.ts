import { vi } from 'vitest';

// What tests look at needs no bundled handlers, which take seconds.
vi.stubEnv('CDK_CONTEXT_JSON', JSON.stringify({ 'aws:cdk:bundling-stacks': [] }));
export const construct = await import('../../examples/construct.ts');
export const firelens = await import('../../examples/firelens.ts');
export const handOverRule = await import('../../examples/hand-over-rule.ts');
export const handOverSchedule = await import('../../examples/hand-over-schedule.ts');
export const organization = await import('../../examples/organization.ts');
vi.unstubAllEnvs();
