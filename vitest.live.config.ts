import { defineConfig } from 'vitest/config';

/** What runs on the wall clock or in processes of its own takes as long as the machine is busy: apart from the tests that are run all the time. */
export default defineConfig({
  test: {
    include: ['test/{live,clients}/**/*.e2e.ts'],
    testTimeout: 120_000,
    hookTimeout: 60_000,
  },
});
