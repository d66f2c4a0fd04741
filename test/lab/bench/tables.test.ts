import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CASES, README_CASES } from '../../../lab/bench/cases.ts';
import { CONTENDERS } from '../../../lab/bench/contenders.ts';
import type { Figures } from '../../../lab/bench/measure.ts';
import { withBench } from '../../../lab/bench/page.ts';
import { summarize } from '../../../lab/bench/summary.ts';
import { caseTables, caseTitle, overviewTable } from '../../../lab/bench/tables.ts';

const FIGURES: Figures = {
  drainRatio: 0.986,
  roomRatio: null,
  callsPerOwed: 1.0002,
  pointsAdded: -0.01,
  roomPointsAdded: null,
  lost: 0,
  waitP50: 112,
  waitP99: 225,
  transitionsPerOwed: 6.007,
  dollarsPerThousand: 0.169,
  hasEnded: true,
};
const NOTHING: Figures = {
  ...FIGURES,
  drainRatio: null,
  callsPerOwed: null,
  lost: 4703,
  waitP50: null,
  waitP99: null,
  transitionsPerOwed: null,
  dollarsPerThousand: null,
};
const [storm] = CASES as [(typeof CASES)[0], ...typeof CASES];

test.each(['README.md', 'docs/bench.md'])('%s has the place for the tables, and they are in it', (name) => {
  const page = readFileSync(new URL(`../../../${name}`, import.meta.url), 'utf8');
  const written = withBench(page, 'the tables', name);
  expect(written).toContain('<!-- bench:begin -->\n\nthe tables\n\n<!-- bench:end -->');
  expect(withBench(written, 'the tables', name)).toBe(written);
  const [, tables = ''] = page.split(/<!-- bench:(?:begin|end) -->/);
  for (const contender of CONTENDERS) expect(tables).toContain(`| ${contender} `);
});

test('a page without the place is an error that says which', () => {
  expect(() => withBench('# A page', 'the tables', 'docs/bench.md')).toThrow(
    'docs/bench.md: found no <!-- bench:begin --> before <!-- bench:end -->, expected both',
  );
});

test('a case has all figures, and a dash for what has no meaning', () => {
  const rows = [
    { storm, contender: 'this project', figures: FIGURES },
    { storm, contender: 'no remediation', figures: NOTHING },
    { storm, contender: 'for ever', figures: { ...FIGURES, hasEnded: false } },
  ];
  const [title, , , , ours = '', nothing = '', forEver = ''] = caseTables([storm], rows)
    .split('\n')
    .map((line) => line.replace(/ +/g, ' '));
  expect(title).toBe('**bucket 100/40, 3,000 calls in 60 s, 3 attempts each, others 15/s**');
  expect(ours).toBe('| this project | 0.99 | 1.00 | 0.0 | 0 | 1 min 52 s | 3 min 45 s | 6.0 | $0.17 |');
  expect(nothing).toBe('| no remediation | - | - | 0.0 | 4,703 | - | - | - | - |');
  expect(forEver).toContain('| not over in 24 h |');
});

test('a case of a room has the ratio and the points that are of it', () => {
  const room = CASES.find(({ room }) => room?.kind === 'fargate') as (typeof CASES)[0];
  const figures = { ...FIGURES, drainRatio: 6.5, roomRatio: 1.108, roomPointsAdded: 0.15 };
  const [title, , header = '', , ours = ''] = caseTables([room], [{ storm: room, contender: 'this project', figures }])
    .split('\n')
    .map((line) => line.replace(/ +/g, ' '));
  expect(title).toBe('**150 Fargate places, 1,500 launches of a rule in 120 s, others 0.8/s**');
  expect(header).toContain('| room ratio | RunTask calls per owed call | others without room, points added |');
  expect(ours).toBe('| this project | 1.11 | 1.00 | 0.1 | 0.0 | 0 | 6.0 | $0.17 |');
});

test('no two cases have one title, and each says what is special of it', () => {
  const titles = CASES.map(caseTitle);
  expect(new Set(titles).size).toBe(titles.length);
  for (const words of [
    'Fargate',
    'attempts',
    'from 40 s on 24/s',
    'records 60 to 300 s late',
    'records hold the request',
    '33 addresses',
    '60 places in PROVISIONING',
  ])
    expect(titles.some((title) => title.includes(words))).toBe(true);
});

test('an overview has three figures of each case', () => {
  const figures = { ...FIGURES, roomRatio: 1.108, roomPointsAdded: 0.25 };
  const rows = README_CASES.brief.map((storm) => ({ storm, contender: 'this project', figures }));
  const table = overviewTable(README_CASES.brief, rows);
  const rooms = README_CASES.brief.filter(({ room }) => room);
  expect(rooms).toHaveLength(1);
  expect(table.match(/0\.99 \/ 1\.00 \/ 0\.0/g)).toHaveLength(README_CASES.brief.length - rooms.length);
  expect(table.match(/1\.11 \/ 1\.00 \/ 0\.3/g)).toHaveLength(rooms.length);
  for (const storm of README_CASES.brief) expect(table).toContain(caseTitle(storm));
});

test('several seeds give their medians, and the worst of what must not happen', () => {
  const runs = [1, 5, 2].map((value) => ({ ...FIGURES, drainRatio: value, lost: value, hasEnded: value !== 2 }));
  expect(summarize(runs)).toMatchObject({ drainRatio: 2, lost: 5, hasEnded: false });
  expect(summarize(runs.slice(0, 2))).toMatchObject({ drainRatio: 3 });
  expect(summarize([NOTHING])).toMatchObject({ drainRatio: null, lost: 4703 });
});
