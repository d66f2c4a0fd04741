import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readScenario } from '../../lab/scenario/scenario.ts';
import { conclude, start } from '../../lab/start.ts';
import { story } from './story.fixture.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'start-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

const place = (name: string) => pathToFileURL(`${join(directory, name)}/`);
const page = (name: string) => readFileSync(new URL('index.html', place(name)), 'utf8');
function listen() {
  const written: string[] = [];
  return { terminal: { write: (text: string) => written.push(text) }, text: () => written.join('') };
}

describe('a small scenario from end to end', () => {
  const file = new URL('../../lab/scenarios/one-lost-call.json', import.meta.url);
  const { terminal, text } = listen();
  let exitCode: number;
  beforeAll(async () => {
    exitCode = await start(readScenario(readFileSync(file, 'utf8'), 'one-lost-call.json'), place('end'), terminal);
  });

  test('ends with 0 and says that the call is back', () => {
    expect(exitCode).toBe(0);
    expect(text()).toContain('✔ 1 call brought back: none lost, none run twice.');
    expect(text()).toContain(new URL('index.html', place('end')).href);
  });

  test('writes a page with every plot, the workflow and the configuration', () => {
    expect(page('end')).toContain('Throttling took 1 of 2 calls. All came back.');
    expect(page('end').match(/<div class="chart"/g)).toHaveLength(5);
    expect(page('end')).toContain('>Wait for a permit<');
    expect(page('end')).toContain('<code>graceSeconds</code>');
  });
});

test('a violated invariant ends with 1, and both the terminal and the page say which', async () => {
  const { terminal, text } = listen();
  expect(await conclude(story({ violations: ['duplicated: 2'] }), place('violated'), terminal)).toBe(1);
  expect(text()).toContain('✘ violated: duplicated: 2');
  expect(page('violated')).toContain('✘ Violated: duplicated: 2');
});
