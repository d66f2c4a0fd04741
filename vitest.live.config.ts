import { defineConfig } from 'vitest/config';

/** What runs on the wall clock takes as long as the machine is busy: apart from the tests that are run all the time. */
export default defineConfig({
  test: {
    include: ['test/live/**/*.e2e.ts'],
    testTimeout: 120_000,
  },
});
