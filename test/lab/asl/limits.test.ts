import { describe, expect, it } from 'vitest';
import { MAX_DATA_BYTES } from '../../../lab/asl/index.ts';
import { events, machine, only, output, run } from './support.ts';

/** An expression for a string whose JSON has so many bytes. */
const text = (bytes: number, character = 'x') => `$pad('', ${bytes - 2}, '${character}')`;

describe('256 KiB of data', () => {
  it.each([
    ['as output', output(`{% ${text(MAX_DATA_BYTES)} %}`)],
    ['as output in characters of two bytes', output(`{% ${text(MAX_DATA_BYTES / 2 + 1, 'é')} %}`)],
  ])('fit %s', async (_, definition) => {
    expect((await run(definition)).status).toBe('SUCCEEDED');
  });

  const half = { StartAt: 'H', States: { H: { Type: 'Pass', Output: `{% ${text(150_000)} %}`, End: true } } };
  const tooMuch = `{% ${text(MAX_DATA_BYTES + 1)} %}`;
  it.each([
    ['an output', output(tooMuch)],
    ['an output in characters of two bytes', output(`{% ${text(MAX_DATA_BYTES / 2 + 2, 'é')} %}`)],
    ['a variable', only({ Type: 'Pass', Assign: { v: tooMuch }, Output: 0 })],
    ['the input of branches', only({ Type: 'Parallel', Arguments: tooMuch, Branches: [half] })],
    ['the results of a Map', only({ Type: 'Map', Items: [1, 2], ItemProcessor: half, Output: 0 })],
    [
      'the input of an iteration',
      only({ Type: 'Map', Items: [1], ItemSelector: tooMuch, ItemProcessor: half, Output: 0 }),
    ],
  ])('are exceeded by %s', async (_, definition) => {
    expect(await run(definition)).toMatchObject({
      status: 'FAILED',
      error: 'States.DataLimitExceeded',
      cause: "The state/task 'S' returned a result with a size exceeding the maximum number of bytes service limit.",
    });
  });

  it('are exceeded by the result of a task, which is named by its service', async () => {
    const definition = only({ Type: 'Task', Resource: 'arn:aws:states:::lambda:invoke', Output: 0 });
    const result = await run(definition, {}, { runTask: async () => 'x'.repeat(MAX_DATA_BYTES) });
    expect(result.cause).toBe(
      "The state/task 'lambda' returned a result with a size exceeding the maximum number of bytes service limit.",
    );
  });
});

describe('25,000 history events', () => {
  const loop = {
    C: { Type: 'Choice', Choices: [{ Condition: true, Next: 'P' }], Default: 'E' },
    P: { Type: 'Pass', Next: 'C' },
    E: { Type: 'Succeed' },
  };

  it('end an execution, the failure being the last of them', async () => {
    const result = await run(machine(loop));
    expect(result).toMatchObject({
      status: 'FAILED',
      error: 'States.Runtime',
      cause: 'The execution reached the maximum number of history events (25000).',
    });
    expect(events(result.history)).toBe(25_000);
  });

  it('count those of branches, and neither Retry nor Catch helps', async () => {
    const branch = { StartAt: 'C', States: loop };
    const definition = machine({
      S: {
        Type: 'Parallel',
        Branches: [branch],
        Retry: [{ ErrorEquals: ['States.ALL'] }],
        Catch: [{ ErrorEquals: ['States.ALL'], Next: 'D' }],
        End: true,
      },
      D: { Type: 'Succeed' },
    });
    expect(await run(definition)).toMatchObject({ status: 'FAILED', error: 'States.Runtime', seconds: 0 });
  });
});
