import { defineConfig } from 'vitest/config';
import { longFirst } from './test/support/long-first.ts';

/** These play whole storms or search whole worlds, which takes seconds. */
const LONG = /\/test\/(model|lab)\/[^/]+$/;

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: 'test/support/temporary-folder.ts',
    // A test that hangs is rarer than a machine that is busy; and what goes on after its time is over disturbs the tests that follow.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Half of the time would go into loading the CDK and the SDK anew for each file.
    isolate: false,
    // Node.js loads TypeScript by itself: an eighth of the time went into doing so once more.
    experimental: { viteModuleRunner: false },
    execArgv: ['--import', './scripts/compile-cache.mjs'],
    // vitest leaves one core to itself: of two, that is half of them.
    maxWorkers: '100%',
    sequence: { sequencer: longFirst(LONG) },
    // CloudFormation's own rules take longer than all the rest of a synthesis. One file holds templates against them.
    env: { CDK_VALIDATION: 'false' },
  },
});
