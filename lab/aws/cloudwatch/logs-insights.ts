import { UnsupportedError } from '../../kernel/aws-service.ts';

export type Row = Readonly<Record<string, string | number>>;

/**
 * Runs a query on log lines, in the order of their times: of the language of CloudWatch Logs Insights just what our queries
 * use, and an error for anything else. https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html
 */
export function runQuery(query: string, lines: Iterable<object>): Row[] {
  const found = commandsOf(query).reduce<Iterable<Row>>((rows, command) => {
    const [, name = '', rest = ''] = /^(\w+) (.+)$/.exec(command) ?? [];
    const run = COMMANDS[name];
    if (!run)
      throw new UnsupportedError(`a query: expected one of ${Object.keys(COMMANDS).join(', ')}, found ${command}`);
    return run(rows, rest);
  }, rowsOf(lines));
  return [...found];
}

/** Tells by a line's text alone that a query does not want it: most lines of a storm need not be read for that. */
export function mayWant(query: string): (text: string) => boolean {
  const [first = ''] = commandsOf(query);
  const filter = /^filter (.+)$/.exec(first)?.[1];
  return filter === undefined ? () => true : condition(filter).mayMatch;
}

const commandsOf = (query: string): string[] =>
  query
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .map((line) => line.replace(/^\| /, ''));

function* rowsOf(lines: Iterable<object>): Generator<Row> {
  for (const line of lines) yield flatten(line);
}

/** Rows come one by one: a storm has written a million lines, of which a query wants few. */
const COMMANDS: Readonly<Record<string, (rows: Iterable<Row>, rest: string) => Iterable<Row>>> = {
  *filter(rows, rest) {
    const { matches } = condition(rest);
    for (const row of rows) if (matches(row)) yield row;
  },
  fields: (rows, rest) =>
    Array.from(rows, (row) =>
      Object.assign({}, ...rest.split(', ').map((field) => withMillis(row, field) ?? pick(row, [field]))),
    ),
  sort: (rows, rest) => {
    const [field = ''] = rest.split(' desc');
    return [...rows].toSorted((a, b) => ((a[field] ?? 0) < (b[field] ?? 0) ? 1 : -1));
  },
  limit: (rows, rest) => [...rows].slice(0, Number(rest)),
  stats: (rows, rest) => {
    const [aggregates = '', by] = rest.split(' by ');
    const columns = aggregates.split(/, (?=\w+\()/).map(aggregation);
    const keys = by?.split(', ') ?? [];
    const groups = new Map<string, readonly Column[]>();
    for (const row of rows) {
      const key = JSON.stringify(pick(row, keys));
      const group =
        groups.get(key) ?? columns.map(({ alias, field, fold }) => ({ alias, field, fold: fold(), value: undefined }));
      groups.set(key, group);
      for (const column of group) column.value = column.fold(row[column.field]);
    }
    return [...groups].map(([key, group]) => {
      const values = group.map(({ alias, value }) => [alias, value] as const);
      return { ...JSON.parse(key), ...Object.fromEntries(values.filter(([, value]) => value !== undefined)) };
    });
  },
};

type Value = string | number | undefined;

/** Takes in what a row has in a field, and says what it comes to so far: no query keeps the rows of a storm. */
type Fold = (value: Value) => Value;

interface Column {
  readonly alias: string;
  readonly field: string;
  readonly fold: Fold;
  value: Value;
}

/** Of numbers in those rows that have one. */
const ofNumbers = (first: number, join: (a: number, b: number) => number) => (): Fold => {
  let result = first;
  return (value) => {
    if (value !== undefined) result = join(result, Number(value));
    return result;
  };
};

const AGGREGATES: Readonly<Record<string, () => Fold>> = {
  count: () => {
    let rows = 0;
    return () => ++rows;
  },
  count_distinct: () => {
    const values = new Set<Value>();
    return (value) => (value === undefined ? values : values.add(value)).size;
  },
  latest: () => {
    let last: Value;
    return (value) => {
      last = value ?? last;
      return last;
    };
  },
  min: ofNumbers(Number.POSITIVE_INFINITY, Math.min),
  sum: ofNumbers(0, (sum, value) => sum + value),
  max: ofNumbers(Number.NEGATIVE_INFINITY, Math.max),
};

function aggregation(text: string): { alias: string; field: string; fold: () => Fold } {
  const [, name = '', field = '', alias = ''] = /^(\w+)\((\*|[@\w.]+)\) as (\w+)$/.exec(text) ?? [];
  const fold = AGGREGATES[name];
  if (!fold) throw new UnsupportedError(`the aggregation ${text}`);
  return { alias, field, fold };
}

/** `toMillis(@timestamp) as atMs`; undefined for a field of the row. */
function withMillis(row: Row, text: string): Row | undefined {
  const [, field = '', alias] = /^toMillis\(([@\w.]+)\) as (\w+)$/.exec(text) ?? [];
  return alias === undefined ? undefined : { [alias]: Date.parse(String(row[field])) };
}

/** How much of an instant names its minute, its hour. */
const BINS: Readonly<Record<string, number>> = { 'bin(1m)': 16, 'bin(1h)': 13 };

function pick(row: Row, keys: readonly string[]): Row {
  const valueUnder = (key: string) => (key in BINS ? `${row['@timestamp']}`.slice(0, BINS[key]) : row[key]);
  return Object.fromEntries(
    keys.flatMap((key) => (valueUnder(key) === undefined ? [] : [[key, valueUnder(key) ?? '']])),
  );
}

interface Condition {
  readonly matches: (row: Row) => boolean;
  /** False only where no row of a line with this text, which is JSON, matches. */
  readonly mayMatch: (text: string) => boolean;
}

const joined = (parts: readonly Condition[], how: 'some' | 'every'): Condition => ({
  matches: (row) => parts[how](({ matches }) => matches(row)),
  mayMatch: (line) => parts[how](({ mayMatch }) => mayMatch(line)),
});

const ATOM =
  /\s*(?:ispresent\(([@\w.]+)\)|([@\w.]+) (?:= "([^"]*)"|!= "([^"]*)"|>= (\d+)|like \/([^/]*)\/)|(\(|\)|and\b|or\b))/y;

/** Comparisons with `and`, which binds closer, `or` and parentheses. */
function condition(text: string): Condition {
  const tokens: (Condition | string)[] = [];
  ATOM.lastIndex = 0;
  while (ATOM.lastIndex < text.length) {
    const at = ATOM.lastIndex;
    const match = ATOM.exec(text);
    if (!match) throw new UnsupportedError(`a query: expected a comparison, found ${text.slice(at)}`);
    const [, present, field = '', equal, unequal, least, like, sign] = match;
    const pattern = like === undefined ? undefined : new RegExp(like);
    const matches = (row: Row): boolean => {
      if (present !== undefined) return row[present] !== undefined;
      if (pattern) return pattern.test(String(row[field] ?? ''));
      if (least !== undefined) return Number(row[field]) >= Number(least);
      return unequal === undefined ? row[field] === equal : row[field] !== unequal;
    };
    // When a line was written does not stand in its text.
    const wanted = equal === undefined || field.startsWith('@') ? '' : JSON.stringify(equal);
    tokens.push(sign ?? { matches, mayMatch: (line) => line.includes(wanted) });
  }
  const or = (): Condition => {
    const parts = [and()];
    while (tokens[0] === 'or' && tokens.shift()) parts.push(and());
    return joined(parts, 'some');
  };
  const and = (): Condition => {
    const parts = [atom()];
    while (tokens[0] === 'and' && tokens.shift()) parts.push(atom());
    return joined(parts, 'every');
  };
  const atom = (): Condition => {
    const token = tokens.shift();
    if (token === '(') {
      const inner = or();
      if (tokens.shift() !== ')') throw new UnsupportedError(`a query: expected a closing parenthesis in ${text}`);
      return inner;
    }
    if (typeof token !== 'object')
      throw new UnsupportedError(`a query: expected a comparison, found ${token} in ${text}`);
    return token;
  };
  const whole = or();
  if (tokens.length > 0)
    throw new UnsupportedError(`a query: expected and, or or the end, found ${tokens[0]} in ${text}`);
  return whole;
}

/** Nested members by their path, as Logs Insights discovers them. */
function flatten(value: object, path = '', row: Record<string, string | number> = {}): Row {
  for (const [key, inner] of Object.entries(value)) {
    if (inner === null || inner === undefined) continue;
    if (typeof inner === 'object') flatten(inner, `${path}${key}.`, row);
    else row[`${path}${key}`] = inner;
  }
  return row;
}
