import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { ITEM_KINDS } from '../../lambda/core/contract.ts';
import { readConfiguration } from '../../lib/config/read-config.ts';
import { CONTEXT_KEY, configurationSchema } from '../../lib/config/schema.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const PAGES = ['', 'docs', 'docs/adr'].flatMap((folder) =>
  readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name)),
);

/** As Markdown is shown: lower case, no punctuation, hyphens for spaces. */
const anchorOf = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
const anchorsOf = (page: string) => [...page.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchorOf(heading));
const linksOf = (page: string) =>
  [...page.replace(/```.*?```/gs, '').matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);

/** What is wrong with a link of a page, or undefined. */
function problemOf(file: string, link: string): string | undefined {
  if (/^https?:/.test(link)) return undefined;
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? file : relative(ROOT, join(ROOT, dirname(file), path));
  if (!existsSync(join(ROOT, target))) return `${link}: no such file`;
  return anchor === undefined || anchorsOf(read(target)).includes(anchor) ? undefined : `${link}: no such heading`;
}

/** The first cells of the table under a heading. */
function firstCells(page: string, heading: string): string[] {
  const [, after = ''] = page.split(new RegExp(`^#+ ${heading}$`, 'm'));
  const [section = ''] = after.split(/^#/m);
  return [...section.matchAll(/^\| `([^`]+)`/gm)].map(([, cell = '']) => cell);
}

describe('the pages', () => {
  test.each(PAGES)('%s links to what there is', (file) => {
    const problems = linksOf(read(file)).map((link) => problemOf(file, link));
    expect(problems.filter((problem) => problem !== undefined)).toEqual([]);
  });

  test('would be found out by a link to no file or to no heading', () => {
    expect(problemOf('README.md', 'docs/none.md')).toBe('docs/none.md: no such file');
    expect(problemOf('docs/lab.md', '../README.md#none')).toBe('../README.md#none: no such heading');
  });

  test('docs/architecture.md has a row for each kind of item in the state table', () => {
    const kinds = firstCells(read('docs/architecture.md'), 'The state table').map((id) => id.split('#')[0]);
    expect(kinds.toSorted()).toEqual(Object.values(ITEM_KINDS).toSorted());
  });

  test('the README has a row for each key of the configuration', () => {
    const { shape } = configurationSchema();
    expect(firstCells(read('README.md'), 'Configuration').toSorted()).toEqual(
      [...Object.keys(shape), 'environments'].toSorted(),
    );
  });

  test('the README’s configuration to copy is one that can be used', () => {
    const [, text = ''] = /```json\n(.*?)```/s.exec(read('README.md')) ?? [];
    const context = JSON.parse(text)[CONTEXT_KEY];
    const [stack] = readConfiguration(context);
    for (const list of ['clusters', 'families', 'callers', 'passRoleArns'] as const) {
      expect(stack?.configuration[list].length).toBeGreaterThan(0);
    }
  });
});
