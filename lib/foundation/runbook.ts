import { readFileSync } from 'node:fs';

/** Where the runbook is, for whoever has this project. */
export const RUNBOOK = 'docs/runbook.md';

/** The anchor that Markdown viewers derive from a heading. */
export const anchorOf = (heading: string): string => heading.toLowerCase().replaceAll(' ', '-');

/** A section about an alarm, for those who read a mail or the dashboard and have no copy of this project. */
export interface FirstSteps {
  readonly heading: string;
  /** Where to look and what to do, without formatting. */
  readonly text: string;
}

let sections: ReadonlyMap<string, FirstSteps> | undefined;

/** The first steps of each alarm, by the anchor of its section: the runbook's own words, so that there are no others to keep up with it. */
export function firstSteps(): ReadonlyMap<string, FirstSteps> {
  sections ??= readSections(readFileSync(new URL(`../../${RUNBOOK}`, import.meta.url), 'utf8'));
  return sections;
}

function readSections(page: string): ReadonlyMap<string, FirstSteps> {
  const [, rest = ''] = page.split(/^## Alarms$/m);
  const [alarms = ''] = rest.split(/^## /m);
  const entries = alarms
    .split(/^### /m)
    .slice(1)
    .map((section) => {
      const [heading = ''] = section.split('\n', 1);
      const text = ['Investigation', 'Resolution'].map((part) => `${part}: ${paragraph(section, part)}`).join(' ');
      return [anchorOf(heading), { heading, text }] as const;
    });
  return new Map(entries);
}

/** The paragraph of a section that begins with this word, links as their text. */
function paragraph(section: string, word: string): string {
  const [, text] = new RegExp(`\\*\\*${word}\\.\\*\\*(.*?)(?:\\n\\n|$)`, 's').exec(section) ?? [];
  if (text === undefined) throw new Error(`${RUNBOOK}: expected a paragraph "${word}" in ${section.slice(0, 40)}`);
  return text
    .replace(/\[([^\]]+)\]\([^)]*\)/g, '$1')
    .replaceAll('`', '')
    .replace(/\s+/g, ' ')
    .trim();
}
