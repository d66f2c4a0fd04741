import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import * as sfn from '@aws-sdk/client-sfn';
import * as sqs from '@aws-sdk/client-sqs';
import { describe, expect, test } from 'vitest';

const page = (name: string) => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');
const runbook = page('runbook.md');
const blocks = [...runbook.matchAll(/^( *)```sh\n(.*?)^\1```/gms)].map(([, indent = '', text = '']) =>
  text.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
);

/** Of the services whose clients are here: what the CLI calls an operation, and the SDK. */
const OPERATIONS: Readonly<Record<string, object>> = { stepfunctions: sfn, sqs };
const commandsOf = (text: string) => [...text.matchAll(/\baws (stepfunctions|sqs) ([a-z-]+)/g)];
const className = (operation: string) =>
  `${operation.replaceAll(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase())}Command`;

describe('commands of the runbook', () => {
  test('are what a shell can read, one block after the other', () => {
    expect(blocks.length).toBeGreaterThan(3);
    const { status, stderr } = spawnSync('sh', ['-n'], { input: blocks.join('\n'), encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
  });

  test('take no variable that none of them sets', () => {
    const all = blocks.join('\n');
    const used = [...all.matchAll(/\$([A-Z_]+)/g)].map(([, name]) => name);
    const set = [...all.matchAll(/(?:^|export |read -r .*|for )([A-Z_]+)(?:=| in )/gm)].map(([, name]) => name);
    expect(used.filter((name) => !set.includes(name))).toEqual([]);
  });

  test.each([
    ['the runbook', runbook],
    ['mails', page('mails.md')],
  ])('of %s are operations that there are', (_, text) => {
    const found = commandsOf(text);
    expect(found.length).toBeGreaterThan(0);
    for (const [, service = '', operation = ''] of found) {
      expect(Object.keys(OPERATIONS[service] ?? {})).toContain(className(operation));
    }
  });

  test('name outputs that the stack has', () => {
    const outputs = [...runbook.matchAll(/\$\(output (\w+)\)/g)].map(([, name = '']) => name);
    const sources = ['lib/throttle-remediation.ts', 'lib/remediation/hand-over.ts'].map((file) =>
      readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8'),
    );
    expect(outputs.length).toBeGreaterThan(3);
    for (const name of outputs) {
      const key = `${name[0]?.toLowerCase()}${name.slice(1)}`;
      expect(
        sources.some((text) => text.includes(`'${name}'`) || text.includes(`OUTPUTS.${key}`)),
        name,
      ).toBe(true);
    }
  });
});
