import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { longFirst } from './test/support/long-first.ts';

/** Commands and clients in turn, each a process of its own: as long as they take, the others fit in beside them. */
const LONG = /\/(live\/transcript|clients\/\w+)\.e2e\.ts$/;

/** What runs on the wall clock or in processes of its own takes as long as the machine is busy: apart from the tests that are run all the time. */
export default defineConfig({
  test: {
    include: ['test/{live,clients}/**/*.e2e.ts'],
    globalSetup: 'test/support/temporary-folder.ts',
    testTimeout: 120_000,
    hookTimeout: 60_000,
    // Half of the time of a short file would go into loading the CDK and the SDK anew.
    isolate: false,
    // Some file always waits: for a permit, a record, an interval.
    maxWorkers: availableParallelism() + 1,
    sequence: { sequencer: longFirst(LONG) },
    env: {
      // `npm run synth` and one file of `npm test` hold templates against CloudFormation's own rules.
      CDK_VALIDATION: 'false',
      // For the commands that tests start as people do, which npm scripts start with scripts/compile-cache.mjs.
      NODE_COMPILE_CACHE: fileURLToPath(new URL('node_modules/.cache/compiled', import.meta.url)),
    },
  },
});
