import { BlockList, isIPv4, isIPv6 } from 'node:net';

/**
 * A second EventBridge matcher, written from the sentences of the documentation and from nothing of the lab's: slow, and
 * in its simplest form. It tries every way to take one object out of each array and evaluates the pattern as it reads.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
 */
export function naiveMatches(pattern: unknown, event: Node): boolean {
  return waysThrough(event, '').some((values) => holds(pattern, '', values));
}

/** An event as it is written: members may share a name, and a scalar is its JSON text. */
export type Node =
  | { readonly kind: 'scalar'; readonly text: string }
  | { readonly kind: 'array'; readonly items: readonly Node[] }
  | { readonly kind: 'object'; readonly members: readonly (readonly [string, Node])[] };

export function toText(node: Node): string {
  switch (node.kind) {
    case 'scalar':
      return node.text;
    case 'array':
      return `[${node.items.map(toText).join(',')}]`;
    case 'object':
      return `{${node.members.map(([name, member]) => `${JSON.stringify(name)}:${toText(member)}`).join(',')}}`;
    default:
      return node satisfies never;
  }
}

/** The values that one way leaves, each with its dotted path. */
type Values = readonly (readonly [path: string, value: unknown])[];

const below = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`);

function waysThrough(node: Node, path: string): Values[] {
  switch (node.kind) {
    case 'scalar':
      return [[[path, JSON.parse(node.text)]]];
    case 'object':
      return node.members.reduce<Values[]>(
        (ways, [name, member]) =>
          ways.flatMap((way) => waysThrough(member, below(path, name)).map((more) => [...way, ...more])),
        [[]],
      );
    case 'array': {
      const scalars = node.items.filter((item) => item.kind === 'scalar').flatMap((item) => waysThrough(item, path));
      const others = node.items.filter((item) => item.kind !== 'scalar').flatMap((item) => waysThrough(item, path));
      return (others.length > 0 ? others : [[]]).map((other) => [...scalars.flat(), ...other]);
    }
    default:
      return node satisfies never;
  }
}

function holds(pattern: unknown, path: string, values: Values): boolean {
  return Object.entries(pattern as object).every(([name, inner]) => {
    if (name === '$or') return (inner as unknown[]).some((member) => holds(member, path, values));
    const here = below(path, name);
    if (!Array.isArray(inner)) return holds(inner, here, values);
    const found = values.filter(([where]) => where === here).map(([, value]) => value);
    return inner.some((alternative) =>
      alternative?.exists === false ? found.length === 0 : found.some((value) => isMatch(alternative, value)),
    );
  });
}

function isMatch(alternative: unknown, value: unknown): boolean {
  if (typeof alternative !== 'object' || alternative === null) return alternative === value;
  const [operator, operand] = Object.entries(alternative)[0] as [string, unknown];
  switch (operator) {
    case 'exists':
      return true;
    case 'numeric':
      return typeof value === 'number' && comparisons(operand as unknown[]).every((holdsFor) => holdsFor(value));
    case 'cidr':
      return typeof value === 'string' && isInBlock(operand as string, value);
    case 'anything-but':
      return !isAnyOf(operand, value);
    default:
      return typeof value === 'string' && isText(operator, operand, value);
  }
}

function isAnyOf(operand: unknown, value: unknown): boolean {
  if (Array.isArray(operand)) return operand.includes(value);
  if (typeof operand !== 'object' || operand === null) return operand === value;
  const [operator, inner] = Object.entries(operand)[0] as [string, unknown];
  return typeof value === 'string' && [inner].flat().some((each) => isText(operator, each, value));
}

function isText(operator: string, operand: unknown, value: string): boolean {
  if (typeof operand === 'object' && operand !== null) {
    return isText(operator, fold((operand as Record<string, string>)['equals-ignore-case'] as string), fold(value));
  }
  const text = operand as string;
  switch (operator) {
    case 'exactly':
      return value === text;
    case 'prefix':
      return value.slice(0, text.length) === text;
    case 'suffix':
      return text === '' || value.slice(-text.length) === text;
    case 'equals-ignore-case':
      return fold(text) === fold(value);
    case 'wildcard':
      return isWild([...text], [...value]);
    default:
      throw new Error(`no operator ${operator}`);
  }
}

const fold = (text: string): string => text.toUpperCase();

/** Character by character; a star takes nothing, or one character and then what it will. */
function isWild(pattern: readonly string[], text: readonly string[]): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return text.length === 0;
  if (first === '*') return isWild(rest, text) || (text.length > 0 && isWild(pattern, text.slice(1)));
  const [literal, after] = first === '\\' ? [rest[0], rest.slice(1)] : [first, rest];
  return text[0] === literal && isWild(after, text.slice(1));
}

const COMPARE: Readonly<Record<string, (value: number, bound: number) => boolean>> = {
  '=': (value, bound) => value === bound,
  '<': (value, bound) => value < bound,
  '<=': (value, bound) => value <= bound,
  '>': (value, bound) => value > bound,
  '>=': (value, bound) => value >= bound,
};

function comparisons(terms: readonly unknown[]): ((value: number) => boolean)[] {
  const [sign, bound, ...more] = terms;
  const first = (value: number) => COMPARE[sign as string]?.(value, bound as number) === true;
  return more.length === 0 ? [first] : [first, ...comparisons(more)];
}

function isInBlock(cidr: string, value: string): boolean {
  const [address, bits] = cidr.split('/') as [string, string];
  const family = isIPv4(address) ? 'ipv4' : 'ipv6';
  const list = new BlockList();
  list.addSubnet(address, Number(bits), family);
  return (family === 'ipv4' ? isIPv4(value) : isIPv6(value)) && list.check(value, family);
}
