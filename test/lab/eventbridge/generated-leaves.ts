import fc from 'fast-check';

const STRINGS = ['', 'a', 'A', 'ab', 'aB', 'b', 'ba', 'aba', 'a*b', '*', 'a\\b', '1', '1.0', 'null', 'true', 'ä', 'Ä'];
/** One, two, three and four bytes of UTF-8, a letter that gains a byte in the other case, and what JSON escapes. */
const UNITS = ['a', 'A', 'b', 'ä', 'Ä', 'ⱥ', 'Ⱥ', '雨', '😀', '*', '\\', '"', '\n'];
/** A quotation mark in a part of a string may meet the one around it; half a surrogate pair in any case is a `?`. */
const PART_UNITS = UNITS.filter((unit) => unit !== '"' && unit !== '😀');
/** Spellings of a few numbers that a float64 holds. */
const NUMBERS = ['0', '-0', '0.0', '1', '1.0', '1e0', '10', '10.5', '1.05e1', '-3', '-30e-1', '300', '3E+2', '1e300']
  .concat('5e9', '5000000000.00001', '-5E+9', '4999999999.99999', '0.1', '1e-1', '0.30000000000000004', '1e-320')
  .concat('9007199254740992', '12345678.123456', '-1e308');
export const LITERALS = ['null', 'true', 'false'];

const octet = fc.constantFrom(0, 1, 127, 128, 255);
const group = fc.constantFrom(0, 1, 0x7fff, 0x8000, 0xff, 0xffff);
const asIPv4 = (octets: readonly number[]): string => octets.join('.');
const asIPv6 = (groups: readonly number[]): string => groups.map((each) => each.toString(16)).join(':');
const ipv4 = fc.tuple(octet, octet, octet).map((octets) => asIPv4([10, ...octets]));
const ipv6 = fc.tuple(group, group, group).map((groups) => asIPv6([0x2001, 0xdb8, ...groups, 0, 0, 1]));
const address = fc.oneof(ipv4, ipv6);
/** Wider blocks would hold bare digits, which the engine takes for an address. */
const block = fc
  .oneof(fc.tuple(ipv4, fc.integer({ min: 8, max: 31 })), fc.tuple(ipv6, fc.integer({ min: 17, max: 127 })))
  .map(([network, bits]) => `${network}/${bits}`);

export const string = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...STRINGS) },
  { weight: 2, arbitrary: fc.string({ unit: fc.constantFrom(...UNITS), maxLength: 4 }) },
  address,
);
export const spelling = fc.oneof(
  fc.constantFrom(...NUMBERS),
  fc.tuple(fc.integer({ min: -12, max: 12 }), fc.integer({ min: -7, max: 10 })).map((parts) => parts.join('e')),
);
const number = spelling.map(Number);
const part = fc.oneof(
  fc.constantFrom('a', 'A', 'b', 'ab', 'B', '1', 'ä', '*'),
  fc.string({ unit: fc.constantFrom(...PART_UNITS), minLength: 1, maxLength: 3 }),
);
/** Literal runs around stars, none of the inner ones empty, as two stars may not meet. Few letters, so that runs overlap. */
const run = (minLength: number) =>
  fc
    .array(fc.oneof(fc.constantFrom('a', 'b'), fc.constantFrom(...UNITS)), { minLength, maxLength: 2 })
    .map((units) => units.map((unit) => (unit === '*' || unit === '\\' ? `\\${unit}` : unit)).join(''));
const wildcard = fc.oneof(
  fc.constantFrom('*', 'a*', '*b', 'a*b', '*a*', 'a\\*b', 'a\\\\b', '*\\**', 'ab', '', 'b*a*'),
  fc
    .tuple(run(0), fc.array(run(1), { maxLength: 2 }), run(0))
    .map(([first, inner, last]) => [first, ...inner, last].join('*')),
);
const list = <T>(item: fc.Arbitrary<T>) => fc.array(item, { minLength: 1, maxLength: 4 });
const oneOrMore = <T>(item: fc.Arbitrary<T>) => fc.oneof<fc.Arbitrary<unknown>[]>(item, list(item));
const ignoringCase = part.map((text) => ({ 'equals-ignore-case': text }));

const range = fc
  .tuple(fc.constantFrom('>', '>='), number, fc.constantFrom('<', '<='), number)
  .filter(([, low, , high]) => low < high);
const OPERATORS: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  exactly: string,
  prefix: fc.oneof(part, fc.constant(''), ignoringCase),
  suffix: fc.oneof(part, fc.constant(''), ignoringCase),
  'equals-ignore-case': fc.oneof(fc.constantFrom(...STRINGS), part),
  wildcard,
  numeric: fc.oneof<fc.Arbitrary<unknown>[]>(fc.tuple(fc.constantFrom('=', '<', '<=', '>', '>='), number), range),
  cidr: block,
  exists: fc.constant(true),
  'anything-but': fc.oneof(
    oneOrMore(string),
    oneOrMore(number),
    oneOrMore(part).map((prefix) => ({ prefix })),
    oneOrMore(part).map((suffix) => ({ suffix })),
    oneOrMore(wildcard).map((wildcards) => ({ wildcard: wildcards })),
    oneOrMore(part).map((texts) => ({ 'equals-ignore-case': texts })),
  ),
};

export const alternative = fc.oneof(
  string,
  number,
  fc.constantFrom(null, true, false),
  ...Object.entries(OPERATORS).map(([name, operand]) => operand.map((value) => ({ [name]: value }))),
);
export const leaf = list(alternative);

const operandsOf = (element: unknown): (string | number)[] => {
  if (typeof element === 'string' || typeof element === 'number') return [element];
  return typeof element === 'object' && element !== null ? Object.values(element).flatMap(operandsOf) : [];
};

const otherCase = (unit: string): string => (unit === unit.toUpperCase() ? unit.toLowerCase() : unit.toUpperCase());

/** One character in the other case, left out, or with another one before it; a star may stand for anything. */
const edited = (text: string): fc.Arbitrary<string> =>
  fc
    .tuple(fc.nat([...text].length), fc.constantFrom('case', 'drop', 'add', 'all'), fc.constantFrom(...UNITS))
    .map(([at, edit, unit]) => {
      const units = [...text];
      if (edit === 'all') return units.map(otherCase).join('');
      if (edit === 'case') return units.map((each, i) => (i === at ? otherCase(each) : each)).join('');
      return units.toSpliced(at, edit === 'drop' ? 1 : 0, ...(edit === 'add' ? [unit] : [])).join('');
    });
const nearText = (text: string): fc.Arbitrary<string> => {
  const plain = text.replaceAll(/\\([*\\])/g, '$1');
  const filled = fc
    .string({ unit: fc.constantFrom(...UNITS), maxLength: 2 })
    .map((some) => plain.replaceAll('*', some));
  return fc.oneof(
    fc.constant(text),
    fc.constant(plain),
    edited(text),
    edited(plain).chain(edited),
    filled,
    filled.chain(edited),
  );
};

/**
 * An address, or that of a block, with one bit turned, often one at the edge of the block. No other spelling of it: the
 * engine takes those for the same address, of which the documentation does not speak.
 */
function nearAddress(block: string): fc.Arbitrary<string> {
  const [network = '', bits = '24'] = block.split('/');
  const [width, radix, join] = network.includes(':') ? ([16, 16, asIPv6] as const) : ([8, 10, asIPv4] as const);
  const groups = network.split(/[.:]/).map((each) => Number.parseInt(each, radix));
  const bit = fc.oneof(fc.constantFrom(Number(bits) - 1, Number(bits)), fc.nat(groups.length * width - 1));
  const withOther = (turned: number): string => {
    const mask = 1 << (width - 1 - (turned % width));
    return join(groups.map((each, i) => (i === Math.floor(turned / width) ? each ^ mask : each)));
  };
  return fc.oneof(fc.constant(network), bit.map(withOther));
}

const nearNumber = (number: number): fc.Arbitrary<string> =>
  fc
    .tuple(
      fc.constantFrom(number, -number, number + 1, number - 1, number * (1 + 1e-7), number + 1e-7, number * 10),
      fc.constantFrom<((each: number) => string)[]>(
        String,
        (each) => each.toExponential(),
        (each) => `"${each}"`,
      ),
    )
    .map(([each, spell]) => spell(Number.isFinite(each) ? each : number));

const nearOperand = (operand: string | number): fc.Arbitrary<string> => {
  if (typeof operand === 'number') return nearNumber(operand);
  const text = /^(10\.|2001:)/.test(operand) ? nearAddress(operand) : nearText(operand);
  return text.map((each) => JSON.stringify(each));
};

const alone = alternative.map((each) => [each]);
/** A leaf, and the JSON text of a value that lies close to one of its operands. */
export const leafAndValue = fc.oneof(alone, leaf).chain((alternatives) => {
  const operands = operandsOf(alternatives);
  const literal = fc.constantFrom(...LITERALS);
  const value =
    operands.length === 0
      ? literal
      : fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...operands).chain(nearOperand) }, literal);
  return fc.tuple(fc.constant(alternatives), value);
});
