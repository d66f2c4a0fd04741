import { describe, expect, it } from 'vitest';
import { InvalidDefinitionError, parseDefinition } from '../../../lab/asl/index.ts';
import { UnsupportedError } from '../../../lab/kernel/aws-service.ts';
import { machine, only, run } from './support.ts';

const flow = { StartAt: 'I', States: { I: { Type: 'Pass', End: true } } };
const task = { Type: 'Task', Resource: 'arn:aws:states:::lambda:invoke' };
const done = { D: { Type: 'Succeed' } };

describe('a definition is invalid', () => {
  it.each<[string, unknown, string]>([
    ['that is no object', [], '$: found [], expected an object'],
    ['without StartAt', { QueryLanguage: 'JSONata', States: {} }, '$.StartAt: found nothing'],
    ['without States', { QueryLanguage: 'JSONata', StartAt: 'A' }, '$.States: found nothing, expected an object'],
    [
      'that starts at no state',
      machine({ A: { Type: 'Pass', End: true } }, { StartAt: 'B' }),
      '$.States: found "B", expected one of its states: A',
    ],
    ['with an unknown field', machine({ A: { Type: 'Pass', End: true } }, { Foo: 1 }), '$.Foo: found 1'],
    ['with an unknown query language', machine({}, { QueryLanguage: 'SQL' }), 'expected JSONata or JSONPath'],
    [
      'with a timeout of 0',
      machine(done, { TimeoutSeconds: 0 }),
      'TimeoutSeconds: found 0, expected an integer between 1 and 99999999',
    ],
    [
      'with a heartbeat as long as the timeout',
      only({ ...task, TimeoutSeconds: 10, HeartbeatSeconds: 10 }),
      '$.States["S"].HeartbeatSeconds: found 10, expected fewer than the 10 of TimeoutSeconds',
    ],
    [
      'with a heartbeat longer than the timeout, in a branch',
      only({
        Type: 'Map',
        ItemProcessor: {
          StartAt: 'I',
          States: { I: { ...task, TimeoutSeconds: 9, HeartbeatSeconds: 10, End: true } },
        },
      }),
      'HeartbeatSeconds: found 10, expected fewer than the 9 of TimeoutSeconds',
    ],
    ['with an unknown type of state', only({ Type: 'Loop' }), '$.States["S"].Type: found "Loop"'],
    [
      'with an unknown field of a state',
      only({ Type: 'Pass', Foo: 1 }),
      '$.States["S"].Foo: found 1, expected no such field here',
    ],
    ['with a field of JSONPath', only({ Type: 'Pass', Result: 1 }), '$.States["S"].Result'],
    ['with Next and End', only({ Type: 'Pass', Next: 'S' }), 'either Next or End'],
    ['with neither Next nor End', machine({ S: { Type: 'Pass' } }), '.Next: found nothing'],
    ['with a Next that is no state', machine({ S: { Type: 'Pass', Next: 'T' } }), 'found "T"'],
    [
      'with a Next out of its branch',
      machine({
        P: { Type: 'Parallel', Branches: [{ StartAt: 'A', States: { A: { Type: 'Pass', Next: 'D' } } }], End: true },
        ...done,
      }),
      'found "D"',
    ],
    ['with a Catch on a Pass', only({ Type: 'Pass', Catch: [] }), '.Catch'],
    ['with JSONPath in one state', only({ Type: 'Pass', QueryLanguage: 'JSONPath', InputPath: '$.a' }), 'JSONata, as'],
    ['with an Assign on a Succeed', machine({ S: { Type: 'Succeed', Assign: {} } }), '.Assign'],
    [
      'with an Assign that is one expression',
      only({ Type: 'Pass', Assign: '{% $states.input %}' }),
      '.Assign: found "{% $states.input %}", expected an object',
    ],
    [
      'with a syntax error',
      only({ Type: 'Pass', Output: { v: '{% 1 + %}' } }),
      '$.States["S"].Output/v: found "{% 1 + %}", expected valid JSONata (S0207: Unexpected end of expression)',
    ],
    [
      'with two states of one name',
      machine({ I: { Type: 'Pass', Next: 'M' }, M: { Type: 'Map', ItemProcessor: flow, End: true } }),
      'found "I", expected a name that no other state',
    ],
    ['with a state name of 81 characters', machine({ ['x'.repeat(81)]: { Type: 'Succeed' } }), '1 to 80 characters'],
    ['with a variable $states', only({ Type: 'Pass', Assign: { states: 1 } }), '$states is reserved'],
    ['with a variable that is no identifier', only({ Type: 'Pass', Assign: { 'a-b': 1 } }), 'Unicode identifier'],
    [
      'with an inner variable of an outer name',
      machine({
        A: { Type: 'Pass', Assign: { v: 1 }, Next: 'M' },
        M: {
          Type: 'Map',
          ItemProcessor: { StartAt: 'I', States: { I: { Type: 'Pass', Assign: { v: 2 }, End: true } } },
          End: true,
        },
      }),
      'found "v"',
    ],
    [
      'with a $states.result where there is none',
      only({ Type: 'Pass', Output: '{% $states.result %}' }),
      'no $states.result',
    ],
    ['with a $states.result in Arguments', only({ ...task, Arguments: '{% $states.result.a %}' }), 'no $states.result'],
    [
      'with a $states.errorOutput outside a Catch',
      only({ ...task, Output: '{% $exists($states.errorOutput) %}' }),
      'no $states.errorOutput',
    ],
    [
      'with a Choice without rules',
      machine({ C: { Type: 'Choice', Choices: [], Default: 'D' }, ...done }),
      'Choices: found [], expected a non-empty array',
    ],
    [
      'with a condition that is text',
      machine({ C: { Type: 'Choice', Choices: [{ Condition: 'x', Next: 'D' }] }, ...done }),
      '.Choices[0].Condition: found "x"',
    ],
    [
      'with a rule of JSONPath',
      machine({ C: { Type: 'Choice', Choices: [{ Variable: '$.a', IsNull: true, Next: 'D' }] }, ...done }),
      '.Choices[0].Variable: found "$.a"',
    ],
    ['with a Wait for nothing', only({ Type: 'Wait' }), 'either Seconds or Timestamp'],
    [
      'with a Wait for both',
      only({ Type: 'Wait', Seconds: 1, Timestamp: '2026-01-01T00:00:00Z' }),
      'either Seconds or Timestamp',
    ],
    ['with a Wait for less than nothing', only({ Type: 'Wait', Seconds: -1 }), 'Seconds: found -1'],
    ['with a Wait for a part of a second', only({ Type: 'Wait', Seconds: 1.5 }), 'Seconds: found 1.5'],
    ['with a Wait for too long', only({ Type: 'Wait', Seconds: 100_000_000 }), 'Seconds: found 100000000'],
    [
      'with a timestamp without an offset',
      only({ Type: 'Wait', Timestamp: '2026-01-01T00:00:00' }),
      'Timestamp: found',
    ],
    ['with Items that are no array', only({ Type: 'Map', Items: 'x', ItemProcessor: flow }), 'Items: found "x"'],
    ['with no resource', only({ ...task, Resource: 'lambda' }), 'Resource: found "lambda"'],
    [
      'with States.ALL among others',
      only({ ...task, Retry: [{ ErrorEquals: ['States.ALL', 'E'] }] }),
      'States.ALL alone',
    ],
    [
      'with States.ALL before others',
      only({ ...task, Retry: [{ ErrorEquals: ['States.ALL'] }, { ErrorEquals: ['E'] }] }),
      'in the last entry',
    ],
    [
      'with a backoff rate below 1',
      only({ ...task, Retry: [{ ErrorEquals: ['E'], BackoffRate: 0.5 }] }),
      'BackoffRate: found 0.5, expected a number at least 1',
    ],
    [
      'with a longest delay below the first',
      only({ ...task, Retry: [{ ErrorEquals: ['E'], IntervalSeconds: 5, MaxDelaySeconds: 5 }] }),
      'more than IntervalSeconds',
    ],
    [
      'with another jitter',
      only({ ...task, Retry: [{ ErrorEquals: ['E'], JitterStrategy: 'SOME' }] }),
      'JitterStrategy: found "SOME", expected FULL or NONE',
    ],
  ])('%s', (_, definition, message) => {
    expect(() => parseDefinition(definition)).toThrow(InvalidDefinitionError);
    expect(() => parseDefinition(definition)).toThrow(message);
  });
});

describe('a definition is beyond the lab', () => {
  it.each<[string, unknown]>([
    ['with JSONPath', { StartAt: 'S', States: { S: { Type: 'Pass', Result: 1, End: true } } }],
    [
      'with a Wait of JSONPath that reads its input',
      { StartAt: 'S', States: { S: { Type: 'Wait', SecondsPath: '$.s', End: true } } },
    ],
    [
      'with a Fail of JSONPath whose text would be an expression of JSONata',
      { StartAt: 'S', States: { S: { Type: 'Fail', Cause: '{% 1 %}' } } },
    ],
    [
      'with a distributed Map',
      only({ Type: 'Map', ItemProcessor: { ProcessorConfig: { Mode: 'DISTRIBUTED' }, ...flow } }),
    ],
    ['with an ItemReader', only({ Type: 'Map', ItemReader: {}, ItemProcessor: flow })],
    ['with credentials', only({ ...task, Credentials: {} })],
  ])('%s', (_, definition) => {
    expect(() => parseDefinition(definition)).toThrow(UnsupportedError);
  });
});

describe('a definition is fine', () => {
  it.each<[string, Record<string, unknown>]>([
    [
      'with comments everywhere',
      machine(
        {
          C: { Comment: 'x', Type: 'Choice', Choices: [{ Comment: 'x', Condition: true, Next: 'M' }] },
          M: {
            Type: 'Map',
            Items: [],
            ItemProcessor: { Comment: 'x', ProcessorConfig: { Mode: 'INLINE' }, ...flow },
            Retry: [{ Comment: 'x', ErrorEquals: ['E'] }],
            Catch: [{ Comment: 'x', ErrorEquals: ['E'], Next: 'M' }],
            End: true,
          },
        },
        { Comment: 'x', Version: '1.0' },
      ),
    ],
    [
      'with states that choose JSONata themselves',
      {
        StartAt: 'S',
        States: { S: { Type: 'Pass', QueryLanguage: 'JSONata', Output: '{% 1 %}', Next: 'E' }, E: { Type: 'Succeed' } },
      },
    ],
    ['with empty Retry and Catch', only({ Type: 'Map', Items: [], ItemProcessor: flow, Retry: [], Catch: [] })],
    ['with empty Assign', only({ Type: 'Pass', Assign: {} })],
  ])('%s', async (_, definition) => {
    expect((await run(definition)).status).toBe('SUCCEEDED');
  });
});
