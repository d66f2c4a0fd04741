import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take long come first; the rest fills what the cores have left at the end. */
export function longFirst(isLong: RegExp) {
  return class LongFirst extends BaseSequencer {
    override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
      const sorted = await super.sort(files);
      return [
        ...sorted.filter(({ moduleId }) => isLong.test(moduleId)),
        ...sorted.filter(({ moduleId }) => !isLong.test(moduleId)),
      ];
    }
  };
}
