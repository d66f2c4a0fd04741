import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import type { Json } from './stacks.ts';

export type Row = Readonly<Record<string, Json>>;

/** A bucket: records by the keys of the files that they are in. */
export type Files = Readonly<Record<string, readonly Json[]>>;

/** Functions of Athena that DuckDB knows under another name, or with other words in them. */
const FUNCTIONS = [
  'regexp_like(value, pattern) AS regexp_matches(value, pattern)',
  'date_format(moment, format) AS strftime(moment, format)',
  'from_iso8601_timestamp(value) AS CAST(value AS TIMESTAMP)',
];

/**
 * Runs Athena's SQL with DuckDB: as Athena (Trino) it has nested types, window functions, `count_if` and intervals. Of AWS's
 * side it does what a table of a template says: which files its partitions are (`filesOf`), and its columns' types. What
 * differs: regular expressions are RE2's and not Java's, timestamps have no time zone, and SerDe and input format are stood in
 * for by `rowOf`. Today is `today`, whatever the clock says.
 */
export async function runSql(sql: string, table: Json, files: Files, today: string): Promise<Row[]> {
  const { storageDescriptor, name, partitionKeys } = table;
  const columns = [...storageDescriptor.columns, ...partitionKeys].map(
    (column: Json) => [column.name, typeOf(column.type)] as const,
  );
  const rows = filesOf(table, files, today).flatMap(({ partition, records }) =>
    records.map((record) => ({ ...rowOf(record), ...partition })),
  );
  const folder = mkdtempSync(join(tmpdir(), 'athena-'));
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  try {
    const file = join(folder, 'rows.json');
    writeFileSync(file, JSON.stringify(rows));
    for (const macro of FUNCTIONS) await connection.run(`CREATE MACRO ${macro}`);
    const types = columns.map(([column, type]) => `"${column}": '${type}'`).join(', ');
    await connection.run(
      `CREATE TABLE ${name} AS SELECT * FROM read_json('${file}', format = 'array', columns = {${types}})`,
    );
    const result = await connection.runAndReadAll(sql.replaceAll('current_date', `DATE '${today}'`));
    return result.getRowObjectsJson() as Row[];
  } finally {
    connection.closeSync();
    instance.closeSync();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A file that a partition of the table holds. */
interface PartitionFile {
  readonly key: string;
  readonly partition: Readonly<Record<string, string>>;
  readonly records: readonly Json[];
}

/** The files that the table's projected partitions find. https://docs.aws.amazon.com/athena/latest/ug/partition-projection.html */
export function filesOf(table: Json, files: Files, today: string): PartitionFile[] {
  const { parameters } = table;
  const projected = (key: string) => parameters[`projection.${key}.values`].split(',') as string[];
  const found: PartitionFile[] = [];
  for (const [key, records] of Object.entries(files)) {
    const day = /\d{4}\/\d{2}\/\d{2}/.exec(key)?.[0] ?? '';
    if (day > today.replaceAll('-', '/') || parameters['projection.day.format'] !== 'yyyy/MM/dd') continue;
    for (const account of projected('account')) {
      for (const region of projected('region')) {
        const partition: Record<string, string> = { account, region, day };
        const location = parameters['storage.location.template'].replace(
          /\$\{(\w+)\}/g,
          (_: string, name: string) => partition[name] ?? '',
        );
        if (`s3://${key}`.startsWith(`${location}/`)) found.push({ key, partition, records });
      }
    }
  }
  return found;
}

/** As the SerDe reads a record: names in lower case, and what is no struct in the table as its JSON text. */
function rowOf(record: Json): Row {
  const { requestParameters, responseElements, ...rest } = record;
  const text = (value: Json) => (value === undefined || value === null ? null : JSON.stringify(value));
  return {
    ...lowerCase(rest),
    requestparameters: text(requestParameters),
    responseelements: text(responseElements),
  };
}

function lowerCase(value: Json): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key.toLowerCase(), lowerCase(inner)]));
}

/** `struct<arn:string>` is `STRUCT("arn" VARCHAR)`. */
const typeOf = (type: string): string =>
  type
    .replaceAll(/(\w+):/g, '"$1" ')
    .replaceAll('struct<', 'STRUCT(')
    .replaceAll('>', ')')
    .replaceAll('string', 'VARCHAR');
