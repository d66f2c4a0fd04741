import { describe, expect, it } from 'vitest';
import { piecesOf } from '../../../lab/eventbridge/text-tests.ts';
import { WildcardAutomaton } from '../../../lab/eventbridge/wildcard-automaton.ts';
import { verdict } from '../../../lab/lab-match.ts';

/** What the wildcards of one field count, each being an alternative of its own. */
function complexity(...wildcards: readonly string[]): number {
  const automaton = new WildcardAutomaton();
  for (const text of wildcards) automaton.add(text, piecesOf(text) ?? []);
  return automaton.complexity(1000);
}

/** MachineComplexityEvaluatorTest of event-ruler, which evaluates wildcards without quotes: with them each counts the same. */
describe('the complexity of wildcards is what the engine says in its tests', () => {
  it.each<[number, ...string[]]>([
    [1, 'abc'],
    [2, '*ab'],
    [3, '*aa'],
    [2, 'a*bc'],
    [3, 'a*bb'],
    [3, 'a*bcb'],
    [4, 'a*bbb'],
    [4, '*ab*ad'],
    [3, '*ab*d'],
    [4, '*aba*'],
    [5, 'a*b*bb'],
    [4, 'a*b*cb'],
    [3, 'a*b*cd'],
    [4, 'a*bb*'],
    [3, 'ab*b*'],
    [3, 'ab*c', 'x*xx'],
    [4, '*abc', '*abcde'],
    [4, 'a*bcd', 'ab*cd'],
    [4, 'a*bc', 'a*bcde'],
    [7, 'a*aaa', 'aa*aa'],
    [4, 'a*bc', 'abc*d'],
    [6, 'a*aaa', 'aaa*a'],
    [5, 'a*aax', 'aaa*x'],
    [5, 'a*aa', 'aaa*'],
    [6, 'ab*cd', 'ab*wx', 'ab*yz'],
    [7, '*ab*b*b*'],
    [17, '*a*a*a*a*a*a*a*a*'],
    [10, 'F*eatureFeature', 'Fe*atureFeature', 'Fea*tureFeature'],
  ])('%i for %s %s %s', (expected, ...wildcards) => {
    expect(complexity(...wildcards)).toBe(expected);
    expect(complexity(...wildcards.toReversed())).toBe(expected);
  });
});

/** From the same test: hard for another engine. */
const EXPLODER =
  'aahed* aal*ii aargh* aarti* a*baca *abaci a*back ab*acs abaf*t *abaka ab*amp a*band *abase abash* abas*k ab*ate' +
  ' aba*ya abbas* abbed* ab*bes abbey* *abbot ab*cee abea*m abe*ar a*bele a*bers abet*s *abhor abi*de a*bies *abled';

it('the complexity of many wildcards is counted in time', () => {
  expect(complexity(...EXPLODER.split(' '))).toBe(45);
  expect(complexity('F*e*a*t*u*r*e*'.repeat(20))).toBeGreaterThan(100);
});

const leaf = (...alternatives: readonly object[]): object => ({ detail: { value: alternatives } });
const anyOf = (...wildcards: readonly string[]): object => leaf(...wildcards.map((wildcard) => ({ wildcard })));
const noneOf = (...wildcards: readonly string[]): object => leaf({ 'anything-but': { wildcard: wildcards } });
const range = (count: number): string[] => Array.from({ length: count }, (_, i) => String(i));
const times = <T>(count: number, item: T): T[] => range(count).map(() => item);
const eachOf = (members: readonly object[]): object => ({ $or: members });
const SIX = range(6).map((wildcard) => ({ wildcard }));
const SIX_MORE = ['6', '7', '8', '9', '10', '11'].map((wildcard) => ({ wildcard }));
const EIGHT_STARS = [{ wildcard: '*a*a*a*a*a*a*a*a' }];
const underOne = (a: unknown, b: unknown): object =>
  eachOf([
    { a: [a], z: SIX },
    { a: [b], z: SIX_MORE },
  ]);

/**
 * What EventBridge itself answered to TestEventPattern: facts that stackd recorded for its own tests.
 * https://github.com/radkawar/stackd (testdata/aws/eventbridge/pattern_admission.json, of September 2026)
 */
const ADMITTED: Readonly<Record<string, object>> = {
  'five stars, each before the same letter': anyOf('*a*a*a*a*a'),
  'four such stars and one at the end': anyOf('*a*a*a*a*'),
  'eight repetitions after a star': anyOf(`*${'abc'.repeat(8)}*`),
  'three wildcards that begin alike': anyOf('*a0*', '*a1*', '*a2*'),
  'ten wildcards that begin differently': anyOf(...range(10).map((each) => `${each}*x`)),
  'eleven such ones that are left out together': noneOf(...range(11).map((each) => `${each}*x`)),
  'ten without a star': anyOf(...range(10)),
  'ten in an $or': eachOf(range(10).map((each) => ({ value: [{ wildcard: `${each}*x` }] }))),
  'eleven fields with one each': { detail: Object.fromEntries(range(11).map((each) => [each, [{ wildcard: '*a*' }]])) },
  'many stars behind an absent field': { aaa: [{ exists: false }], zzz: EIGHT_STARS },
  'eleven that another field tells apart': eachOf(range(11).map((a) => ({ a: [a], z: [{ wildcard: `${a}*` }] }))),
  'the same four times': anyOf(...times(4, '*a*')),
  'the same eleven times without a star': anyOf(...times(11, 'literal')),
  'the same eleven times, left out together': noneOf(...times(11, '*a*')),
  'one beside an $or of four': { a: [{ wildcard: '*a*' }], ...eachOf(range(4).map((z) => ({ z: [z] }))) },
  'a mixture left out': noneOf('a*bb', '*aba*', '*ab*ad', '*ab*ad', '*🙂*'),
  'another mixture': anyOf('*a*a*a', 'literal', 'a\\*b*', 'a*bb', 'literal', 'a*bc', 'abc*d', 'ab*c'),
  'a mixture that is hardly too much, left out': noneOf('a*\\*', 'ab*b*', 'ab*b*', '*aba*', 'ab*c', 'literal', 'a*bc'),
  'a mixture with one twice, left out': noneOf('ab*c', 'abc*d', 'a*\\\\', '*a*a*a', '*a*a*a', '*éé*'),
};

const REFUSED: Readonly<Record<string, object>> = {
  'five stars and one at the end': anyOf('*a*a*a*a*a*'),
  'six stars': anyOf('*a*a*a*a*a*a'),
  'a hundred stars': anyOf('*a'.repeat(100)),
  'nine repetitions after a star': anyOf(`*${'abc'.repeat(9)}*`),
  'four wildcards that begin alike': anyOf('*a0*', '*a1*', '*a2*', '*a3*'),
  'eleven wildcards that begin differently': anyOf(...range(11).map((each) => `${each}*x`)),
  'eleven without a star': anyOf(...range(11)),
  'eleven in an $or': eachOf(range(11).map((each) => ({ value: [{ wildcard: `${each}*x` }] }))),
  'many stars before an absent field': { aaa: EIGHT_STARS, zzz: [{ exists: false }] },
  'many stars behind a present field': { aaa: [{ exists: true }], zzz: EIGHT_STARS },
  'many stars behind a literal': { aaa: ['literal'], zzz: EIGHT_STARS },
  'eleven behind the same value': eachOf(range(11).map((each) => ({ a: ['same'], z: [{ wildcard: `${each}*` }] }))),
  'the same ten times': anyOf(...times(10, '*a*')),
  'the same left out ten times': leaf(...times(10, { 'anything-but': { wildcard: '*a*' } })),
  'one beside an $or of ten': { a: [{ wildcard: '*a*' }], ...eachOf(range(10).map((z) => ({ z: [z] }))) },
  'a mixture': anyOf('a*bb', '*aba*', '*ab*ad', '*ab*ad', '*🙂*'),
  'a mixture with one twice': anyOf('ab*c', 'abc*d', 'a*\\\\', '*a*a*a', '*a*a*a', '*éé*'),
  'a mixture that is hardly too much': anyOf('a*\\*', 'ab*b*', 'ab*b*', '*aba*', 'ab*c', 'literal', 'a*bc'),
  'a mixture with one three times': anyOf('*abcabc*', 'a*\\*', 'a*\\*', '*abcabc*', 'a\\*b*', '*abcabc*'),
  'a mixture that is too much even where it is left out': noneOf('*a*a*a', 'a*bb', 'a\\*b*', '*aba*'),
  'another such mixture': noneOf('a\\*b*', '*a*a*a', 'a*bc', '*🙂*', '*abcabc*', 'a*\\\\'),
  'a mixture of six': anyOf('ab*b*', 'a*\\*', 'abc*d', 'a\\*b*', '*🙂*', '*éé*'),
  'blocks of addresses that are the same': underOne({ cidr: '10.0.0.0/24' }, { cidr: '10.0.0.1/24' }),
  'sets that are the same': underOne({ 'anything-but': ['a', 'b'] }, { 'anything-but': ['b', 'a'] }),
  'a set of one': underOne({ 'anything-but': { prefix: 'a' } }, { 'anything-but': { prefix: ['a'] } }),
  'numbers that are the same': underOne(1, { numeric: ['=', 1] }),
};

const judge = (pattern: object): string => verdict(JSON.stringify({ pattern, event: { detail: { value: 'x' } } }));

describe('as the service, the lab takes', () => {
  it.each(Object.entries(ADMITTED))('%s', (_, pattern) => expect(judge(pattern)).toMatch(/^(true|false)$/));
});

describe('as the service, the lab refuses for its complexity', () => {
  it.each(Object.entries(REFUSED))('%s', (_, pattern) => expect(judge(pattern)).toMatch(/^error: .*too complex/));
});

/** What is known of rules that people deployed, where the service said that they were too complex. */
describe('as in a deployed rule', () => {
  const stacks = (names: string) => anyOf(...names.split(' ').map((name) => `*:stack/${name}/*`));
  it.each([
    // https://github.com/vals-ai/Valkyrie/pull/278
    [true, stacks('SharedStack TrackerStack WorkerStack')],
    [false, stacks('SharedStack TrackerStack WorkerStack MonitoringStack')],
    [true, anyOf('*.bif', '*.tiff', '*.tif', '*.svs')],
    [true, anyOf('*/datasync/*.bif', '*/datasync/*.tif')],
    [false, anyOf('*/datasync/*.bif', '*/datasync/*.tif', '*/datasync/*.tiff', '*/datasync/*.svs')],
    // The documentation's own example, refused in LocalStack's recording
    [false, anyOf('*:*:*:*:*:event-bus/*')],
  ])('%s is the answer to %j', (isTaken, pattern) => {
    expect(judge(pattern).startsWith('error')).toBe(!isTaken);
  });
});

it('names the field, its wildcards and the reason', () => {
  expect(judge(anyOf('*a*a*a*a*a*a'))).toBe(
    'error: detail.value: found ["*a*a*a*a*a*a"], expected wildcards of a complexity of 10 at most. Rule is too complex - try using fewer wildcard characters or fewer repeating character sequences after a wildcard character',
  );
});
