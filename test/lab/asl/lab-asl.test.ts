import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runAsl } from '../../../lab/lab-asl.ts';
import { machine, output } from './support.ts';

const folder = mkdtempSync(join(tmpdir(), 'lab-asl-'));
const script = resolve(import.meta.dirname, '../../../lab/lab-asl.ts');

function lab(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], {
    encoding: 'utf8',
    env: { ...process.env, INIT_CWD: folder },
  });
  return { status, stdout, stderr };
}

function file(name: string, content: unknown): string {
  writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
  return name;
}

const INPUT = file('input.json', { n: 1 });

describe('lab:asl', () => {
  it.each([
    ['a success', output('{% $states.input.n %}'), { status: 'SUCCEEDED', output: 1, error: null, cause: null }],
    [
      'a failure',
      machine({ F: { Type: 'Fail', Error: 'E' } }),
      { status: 'FAILED', output: null, error: 'E', cause: null },
    ],
    [
      'an hour of waiting',
      machine({ W: { Type: 'Wait', Seconds: 3600, End: true } }),
      { status: 'SUCCEEDED', output: { n: 1 }, error: null, cause: null },
    ],
  ])('prints one line for %s and exits 0', (_, definition, expected) => {
    const { status, stdout, stderr } = lab(file('definition.json', definition), INPUT);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toBe(`${JSON.stringify(expected)}\n`);
  });

  const task = machine({ T: { Type: 'Task', Resource: 'arn:aws:states:::lambda:invoke', End: true } });
  it.each([
    [
      'an invalid definition',
      ['bad.json', INPUT],
      { 'bad.json': { StartAt: 1 } },
      'bad.json: $.StartAt: found 1, expected a string',
    ],
    ['a Task state', ['task.json', INPUT], { 'task.json': task }, 'task.json: Task states are not supported here: T'],
    [
      'a heartbeat that is longer than the timeout',
      ['heartbeat.json', INPUT],
      {
        'heartbeat.json': machine({
          T: {
            Type: 'Task',
            Resource: 'arn:aws:states:::lambda:invoke',
            TimeoutSeconds: 60,
            HeartbeatSeconds: 61,
            End: true,
          },
        }),
      },
      'heartbeat.json: $.States["T"].HeartbeatSeconds: found 61, expected fewer than the 60 of TimeoutSeconds',
    ],
    ['a file that is no JSON', ['text.json', INPUT], { 'text.json': 'hello' }, 'text.json: found no JSON'],
    ['a file that is not there', ['none.json', INPUT], {}, 'none.json: found no readable file'],
    [
      'an input beyond 256 KiB',
      ['pass.json', 'big.json'],
      { 'pass.json': output(1), 'big.json': 'x'.repeat(300_000) },
      'big.json: found 300000 bytes, expected at most 262144',
    ],
    ['a missing argument', ['pass.json'], {}, 'found 1 arguments, expected: '],
  ])('exits 2 with a message for %s', (_, args, files, message) => {
    for (const [name, content] of Object.entries(files)) file(name, content);
    const { status, stdout, stderr } = lab(...args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(message);
  });

  it('gives expressions an execution to look at', async () => {
    const definition = JSON.parse(JSON.stringify(output('{% $states.context.Execution.Input %}')));
    expect((await runAsl(definition, [1])).output).toEqual([1]);
  });
});
