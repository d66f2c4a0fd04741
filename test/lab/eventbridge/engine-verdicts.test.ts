import { describe, expect, it } from 'vitest';
import { verdict } from '../../../lab/lab-match.ts';

/**
 * Verdicts that the engine's own tests state: RulerTest, ACMachineTest, CIDRTest and ComparableNumberTest of
 * github.com/aws/event-ruler.
 */
const judge = (pattern: string, event: string): string => verdict(`{"pattern":${pattern},"event":${event}}`);

const song = (name: string, ...writers: readonly [first: string, last: string][]) => ({
  Name: name,
  Writers: writers.map(([First, Last]) => ({ First, Last })),
});
const RECORD = {
  Year: 1966,
  Genres: [{ Pop: true }, { Classical: false }],
  Songs: [
    song('Paperback Writer', ['John', 'Lennon'], ['Paul', 'McCartney']),
    song('Paint It Black', ['Mick', 'Jagger'], ['Keith', 'Richards']),
  ],
};

const STAFF = {
  employees: [
    [
      { firstName: 'John', lastName: 'Doe', ids: [1234, 1000, 9999] },
      { firstName: 'Anna', lastName: 'Smith' },
    ],
    [{ firstName: 'Peter', lastName: 'Jones', ids: [] }],
  ],
};

const CURVES = {
  lines: [
    {
      intensities: [[0.5]],
      points: [
        [
          [{ pp: 'index0' }, 483.3474497412421, 287.48116291799363],
          [{ pp: 'index1' }, 489.9999497412421, 299.99996291799363],
        ],
      ],
    },
  ],
};

/**
 * Two tasks: the second is stopped and has an interface, the first is active and has one on demand. The engine asks for
 * fields in the order of their names, so `provider`, which is in both patterns, has chosen the task when it comes to absence.
 */
const tasks = (interfaces: object) => ({
  tasks: [
    { provider: 'X', state: 'ACTIVE', resources: [{ f: 'x', ...interfaces }] },
    { provider: 'Y', state: 'STOPPED', resources: [{ f: 'x', interfaces: [{ name: 'D' }] }] },
  ],
});
const active = (name: string) =>
  `{"tasks":{"provider":["X"],"state":["ACTIVE"],"resources":{"interfaces":{"${name}":[{"exists":false}]}}}}`;

const ARRAYS: readonly (readonly [pattern: string, event: object, verdict: boolean])[] = [
  ['{"Year":[1966],"Songs":{"Writers":{"First":["Paul"],"Last":["McCartney"]}}}', RECORD, true],
  ['{"Genres":{"Pop":[true]},"Songs":{"Name":["Paint It Black"]}}', RECORD, true],
  ['{"Songs":{"Name":["Paperback Writer"],"Writers":{"First":["Mick"]}}}', RECORD, false],
  ['{"Genres":{"Pop":[true]},"Songs":{"Writers":{"First":["Mick"],"Last":["McCartney"]}}}', RECORD, false],
  ['{"Genres":{"Pop":[true],"Classical":[false]}}', RECORD, false],
  ['{"employees":{"firstName":["John"],"ids":[1000]}}', STAFF, true],
  ['{"employees":{"firstName":["Anna"],"ids":[{"exists":false}]}}', STAFF, true],
  ['{"employees":{"firstName":["Anna"],"ids":[1000]}}', STAFF, false],
  ['{"employees":{"firstName":["Anna"],"ids":[{"exists":true}]}}', STAFF, false],
  ['{"employees":{"firstName":["Anna"],"lastName":["Jones"]}}', STAFF, false],
  ['{"lines":{"points":[287.48116291799363],"points":{"pp":["index0"]}}}', CURVES, true],
  [active('name'), tasks({}), true],
  [active('other'), tasks({ interfaces: [{ name: 'X' }] }), true],
  [active('name'), tasks({ interfaces: [{ name: 'X' }] }), false],
];

describe('arrays of objects, as in the engine', () => {
  it.each(ARRAYS)('%s', (pattern, event, matched) => {
    expect(judge(pattern, JSON.stringify(event))).toBe(String(matched));
  });
});

/** The first and the last address of each block, and one beside it. */
const BLOCKS: readonly (readonly [cidr: string, first: string, last: string, beside: string])[] = [
  ['10.0.0.0/22', '10.0.0.0', '10.0.3.255', '9.255.255.255'],
  ['10.0.0.0/31', '10.0.0.0', '10.0.0.1', '10.0.0.2'],
  ['54.240.196.171/24', '54.240.196.0', '54.240.196.255', '54.240.197.0'],
  ['13.32.0.0/15', '13.32.0.0', '13.33.255.255', '13.34.0.0'],
  ['52.76.128.0/17', '52.76.128.0', '52.76.255.255', '52.76.127.255'],
  ['34.192.0.0/12', '34.192.0.0', '34.207.255.255', '34.208.0.0'],
  ['0011:2233:4455:6677:8899:aabb:ccdd:eeff/24', '11:2200::', '11:22ff:ffff:ffff:ffff:ffff:ffff:ffff', '11:2300::'],
  ['2001:db8::ff00:42:8329/24', '2001:d00::', '2001:dff:ffff::', '2001:e00::'],
  [
    '2400:6500:FF00::36FB:1F80/122',
    '2400:6500:FF00::36FB:1F80',
    '2400:6500:FF00::36FB:1FBF',
    '2400:6500:ff00::36fb:1fc0',
  ],
  ['2600:1F14::/35', '2600:1f14::', '2600:1f14:1fff::', '2600:1f14:2000::'],
];

describe('the edges of a block of addresses, as in the engine', () => {
  it.each(BLOCKS)('%s', (cidr, first, last, beside) => {
    const judged = [first, last, beside].map((each) => judge(`{"a":[{"cidr":"${cidr}"}]}`, `{"a":"${each}"}`));
    expect(judged).toEqual(['true', 'true', 'false']);
  });
});

const ASCENDING = [
  '-5e9',
  '-4999999999.99999',
  '-999999999.99',
  '-10000',
  '-0.000002',
  '0',
  '0.000001',
  '3.8',
  '3.9',
].concat('11', '12', '2.5e4', '999999999.999998', '999999999.999999', '4999999999.99999', '5E9');

describe('the order of numbers, as in the engine', () => {
  it.each(ASCENDING)('%s lies above those before it and below those after it', (number) => {
    const at = ASCENDING.indexOf(number);
    const below = ASCENDING.filter(
      (bound) => judge(`{"a":[{"numeric":["<",${bound}]}]}`, `{"a":${number}}`) === 'true',
    );
    const least = ASCENDING.filter(
      (bound) => judge(`{"a":[{"numeric":[">=",${bound}]}]}`, `{"a":${number}}`) === 'true',
    );
    expect(below).toEqual(ASCENDING.slice(at + 1));
    expect(least).toEqual(ASCENDING.slice(0, at + 1));
  });
});
