import type { Json } from './stacks.ts';

export type Row = Readonly<Record<string, string | number>>;

/**
 * Runs a saved query on log lines: of the language of CloudWatch Logs Insights just what the saved queries use, and an error
 * for anything else. https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html
 */
export function runQuery(query: string, lines: readonly Json[]): Row[] {
  const commands = query
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .map((line) => line.replace(/^\| /, ''));
  return commands.reduce<Row[]>(
    (rows, command) => {
      const [, name = '', rest = ''] = /^(\w+) (.+)$/.exec(command) ?? [];
      const run = COMMANDS[name];
      if (!run) throw new Error(`expected one of ${Object.keys(COMMANDS).join(', ')}, found ${command}`);
      return run(rows, rest);
    },
    lines.map((line) => flatten(line)),
  );
}

const COMMANDS: Readonly<Record<string, (rows: Row[], rest: string) => Row[]>> = {
  filter: (rows, rest) => {
    const matches = condition(rest);
    return rows.filter(matches);
  },
  fields: (rows, rest) => rows.map((row) => pick(row, rest.split(', '))),
  sort: (rows, rest) => {
    const [field = ''] = rest.split(' desc');
    return rows.toSorted((a, b) => ((a[field] ?? 0) < (b[field] ?? 0) ? 1 : -1));
  },
  limit: (rows, rest) => rows.slice(0, Number(rest)),
  stats: (rows, rest) => {
    const [, alias = '', by = ''] = /^count\(\*\) as (\w+) by (.+)$/.exec(rest) ?? [];
    if (!alias) throw new Error(`expected a count, found ${rest}`);
    const keys = by.split(', ');
    const groups = Map.groupBy(rows, (row) => JSON.stringify(pick(row, keys)));
    return [...groups].map(([key, { length }]) => ({ ...JSON.parse(key), [alias]: length }));
  },
};

function pick(row: Row, keys: readonly string[]): Row {
  const valueUnder = (key: string) => (key === 'bin(1m)' ? `${row['@timestamp']}`.slice(0, 16) : row[key]);
  return Object.fromEntries(
    keys.flatMap((key) => (valueUnder(key) === undefined ? [] : [[key, valueUnder(key) ?? '']])),
  );
}

type Test = (row: Row) => boolean;
const ATOM = /\s*(?:([@\w.]+) (?:= "([^"]*)"|like \/([^/]*)\/)|(\(|\)|and\b|or\b))/y;

/** Comparisons with `and`, which binds closer, `or` and parentheses. */
function condition(text: string): Test {
  const tokens: (Test | string)[] = [];
  ATOM.lastIndex = 0;
  while (ATOM.lastIndex < text.length) {
    const at = ATOM.lastIndex;
    const match = ATOM.exec(text);
    if (!match) throw new Error(`expected a comparison, found ${text.slice(at)}`);
    const [, field = '', equal, like, sign] = match;
    const pattern = like === undefined ? undefined : new RegExp(like);
    tokens.push(sign ?? ((row) => (pattern ? pattern.test(String(row[field] ?? '')) : row[field] === equal)));
  }
  const or = (): Test => {
    const parts = [and()];
    while (tokens[0] === 'or' && tokens.shift()) parts.push(and());
    return (row) => parts.some((part) => part(row));
  };
  const and = (): Test => {
    const parts = [atom()];
    while (tokens[0] === 'and' && tokens.shift()) parts.push(atom());
    return (row) => parts.every((part) => part(row));
  };
  const atom = (): Test => {
    const token = tokens.shift();
    if (token === '(') {
      const inner = or();
      if (tokens.shift() !== ')') throw new Error(`expected a closing parenthesis in ${text}`);
      return inner;
    }
    if (typeof token !== 'function') throw new Error(`expected a comparison, found ${token} in ${text}`);
    return token;
  };
  const whole = or();
  if (tokens.length > 0) throw new Error(`expected and, or or the end, found ${tokens[0]} in ${text}`);
  return whole;
}

/** Nested members by their path, as Logs Insights discovers them. */
function flatten(value: Json, path = ''): Row {
  return Object.assign(
    {},
    ...Object.entries<Json>(value ?? {}).map(([key, inner]) =>
      typeof inner === 'object' && inner !== null
        ? flatten(inner, `${path}${key}.`)
        : inner === null || inner === undefined
          ? {}
          : { [`${path}${key}`]: inner },
    ),
  );
}
