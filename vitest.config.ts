import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // Half of the time would go into loading the CDK and the SDK anew for each file.
    isolate: false,
  },
});
