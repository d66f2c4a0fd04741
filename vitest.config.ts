import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** These play whole storms or search whole worlds, which takes seconds; the rest fills what the cores have left at the end. */
const isLong = ({ moduleId }: TestSpecification) => /\/test\/(model|lab)\/[^/]+$/.test(moduleId);

class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: 'test/support/temporary-folder.ts',
    // A test that hangs is rarer than a machine that is busy; and what goes on after its time is over disturbs the tests that follow.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Half of the time would go into loading the CDK and the SDK anew for each file.
    isolate: false,
    // vitest leaves one core to itself: of two, that is half of them.
    maxWorkers: '100%',
    sequence: { sequencer: LongFirst },
    // CloudFormation's own rules take longer than all the rest of a synthesis. One file holds templates against them.
    env: { CDK_VALIDATION: 'false' },
  },
});
