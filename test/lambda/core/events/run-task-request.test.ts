import { describe, expect, test } from 'vitest';
import { readRunTaskRequest } from '../../../../lambda/core/events/run-task-request.ts';
import { FULL_REQUEST } from '../../../support/full-request.ts';

type Json = Record<string, unknown>;
const HIDDEN = 'HIDDEN_DUE_TO_SECURITY_REASONS';

const reasonOf = (parameters: unknown) => {
  const read = readRunTaskRequest(parameters);
  return 'problem' in read ? read.problem : undefined;
};

/** The path of every object within, the root included. */
function objectsIn(value: unknown, path: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [];
  const within = Object.entries(value).flatMap(([key, inner]) => objectsIn(inner, [...path, key]));
  return Array.isArray(value) ? within : [[...path], ...within];
}

/** A copy of the full request in which `change` was applied to the object at `path`. */
function changedAt(path: readonly string[], change: (object: Json) => void): Json {
  const copy = structuredClone(FULL_REQUEST) as unknown as Json;
  change(path.reduce<Json>((inner, key) => inner[key] as Json, copy));
  return copy;
}

describe('a recorded request', () => {
  test('with every member ECS knows is read to the letter', () => {
    expect(readRunTaskRequest(FULL_REQUEST)).toEqual({ request: FULL_REQUEST });
  });

  test.each(objectsIn(FULL_REQUEST).map((path) => [path.join('.') || 'the request', path] as const))(
    'with an unknown member in %s is named, whatever the member holds',
    (_, path) => {
      const member = [...path, 'brandNew'].join('.');
      for (const value of ['canary', { canary: 1 }, ['canary']]) {
        const problem = reasonOf(changedAt(path, (object) => Object.assign(object, { brandNew: value })));
        expect(problem).toEqual({ reason: 'unknownParameter', members: [member] });
      }
    },
  );

  test.each(objectsIn(FULL_REQUEST).map((path) => [path.join('.') || 'the request', path] as const))(
    'reads an unknown null in %s as absent',
    (_, path) => {
      expect(readRunTaskRequest(changedAt(path, (object) => Object.assign(object, { brandNew: null })))).toEqual({
        request: FULL_REQUEST,
      });
    },
  );

  test('reads a known null as absent', () => {
    const given = {
      taskDefinition: 'report',
      clientToken: null,
      overrides: { cpu: null, containerOverrides: [{ name: null }] },
    };
    expect(readRunTaskRequest(given)).toEqual({
      request: { taskDefinition: 'report', overrides: { containerOverrides: [{}] } },
    });
  });

  test.each(['__proto__', 'constructor', 'toString'])('with a member called %s hides nothing', (name) => {
    expect(reasonOf(JSON.parse(`{"taskDefinition":"report","overrides":{"${name}":{"cpu":"1"}}}`))).toEqual({
      reason: 'unknownParameter',
      members: [`overrides.${name}`],
    });
  });

  test('passes values that are newer than this code', () => {
    expect(readRunTaskRequest({ taskDefinition: 'report', launchType: 'MOON' })).toEqual({
      request: { taskDefinition: 'report', launchType: 'MOON' },
    });
  });
});

describe('a recorded request that cannot be repeated', () => {
  const container = (environment: unknown) => ({
    taskDefinition: 'report',
    overrides: { containerOverrides: [{ name: 'app' }, { name: 'sidecar', environment }] },
  });

  const omitted = { reason: 'canary too large', omitted: true, originalSize: 149_893 };
  test.each(
    objectsIn(FULL_REQUEST)
      .filter((path) => path.length > 0)
      .map((path) => [path.join('.'), path] as const),
  )('because CloudTrail left out %s', (member, path) => {
    const [last = ''] = path.slice(-1);
    const parameters = changedAt(path.slice(0, -1), (object) => Object.assign(object, { [last]: omitted }));
    expect(reasonOf(parameters)).toEqual({ reason: 'missingParameters', members: [member] });
  });

  test('where CloudTrail left out and hid: what is gone comes first', () => {
    const parameters = { ...container(HIDDEN), tags: omitted };
    expect(reasonOf(parameters)).toEqual({ reason: 'missingParameters', members: ['tags'] });
  });

  test.each<[string, unknown, string, string[]]>([
    ['is left out whole', omitted, 'missingParameters', []],
    [
      'has a list left out',
      { taskDefinition: 'report', placementStrategy: omitted },
      'missingParameters',
      ['placementStrategy'],
    ],
    ['has a text left out', { taskDefinition: omitted }, 'missingParameters', ['taskDefinition']],
    ['is null', null, 'missingParameters', []],
    ['is a string', 'canary', 'missingParameters', []],
    ['is a list', [FULL_REQUEST], 'missingParameters', []],
    ['is empty', {}, 'missingParameters', ['taskDefinition']],
    ['has a null task definition', { taskDefinition: null }, 'missingParameters', ['taskDefinition']],
    ['asks for no task', { taskDefinition: 'report', count: 0 }, 'invalidParameter', ['count']],
    ['asks for less than none', { taskDefinition: 'report', count: -1e6 }, 'invalidParameter', ['count']],
    ['asks for more than ECS takes', { taskDefinition: 'report', count: 11 }, 'invalidParameter', ['count']],
    ['has a task definition of the wrong type', { taskDefinition: 3 }, 'invalidParameter', ['taskDefinition']],
    [
      'has a hidden environment',
      container(HIDDEN),
      'hiddenEnvironment',
      ['overrides.containerOverrides.1.environment'],
    ],
    [
      'has a hidden value deep within',
      container([{ name: 'A', value: HIDDEN }]),
      'hiddenEnvironment',
      ['overrides.containerOverrides.1.environment.0.value'],
    ],
    [
      'is hidden and has unknown members',
      { ...container(HIDDEN), x: 1 },
      'hiddenEnvironment',
      ['overrides.containerOverrides.1.environment'],
    ],
    [
      'has a text in place of an environment',
      container('canary'),
      'invalidParameter',
      ['overrides.containerOverrides.1.environment'],
    ],
    ['has a null in a list', { taskDefinition: 'report', tags: [null] }, 'invalidParameter', ['tags.0']],
    ['has a text for a number', { taskDefinition: 'report', count: '2' }, 'invalidParameter', ['count']],
    ['has half a task', { taskDefinition: 'report', count: 1.5 }, 'invalidParameter', ['count']],
  ])('because it %s', (_, parameters, reason, members) => {
    const problem = reasonOf(parameters);
    expect(problem).toEqual({ reason, members });
    expect(JSON.stringify(problem)).not.toContain('canary');
  });
});
