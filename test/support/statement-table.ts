import { REVIEWED, type Review, reviewsOf } from '../lib/reviewed-statements.ts';
import { ANY, MANY_CLUSTERS, NAMED, NO_ROLES, type Statement, statementsOf } from './statements.ts';

/** A table in docs/security.md that is written from the templates, between two comments. */
export interface GeneratedTable {
  readonly marker: string;
  readonly header: readonly string[];
  readonly rows: () => readonly (readonly string[])[];
}

/**
 * The rows of the table in docs/security.md: what the templates say, and what the reviews say about it. Statements of one
 * review are one row where they are about the same resources under the same conditions.
 */
function statementRows(): string[][] {
  const templates = [NAMED, ANY, NO_ROLES, {}, MANY_CLUSTERS].map((configuration) =>
    statementsOf(configuration).map((statement) => ({ statement, reviews: reviewsOf(statement) })),
  );
  return REVIEWED.flatMap((review) => {
    const reviewed = templates
      .map((statements) => statements.filter(({ reviews }) => reviews.includes(review)))
      .find((found) => found.length > 0)
      ?.map(({ statement }) => statement);
    if (!reviewed) throw new Error(`${review.actions.join()}: expected a statement that this review is about`);
    const alike = Map.groupBy(reviewed, ({ resources, conditions }) => JSON.stringify([resources, conditions]));
    return [...alike.values()].map((statements, index) => rowOf(statements, review, index === 0));
  });
}

function rowOf(statements: readonly Statement[], review: Review, isFirst: boolean): string[] {
  const [{ effect, resources, conditions } = { effect: 'Allow', resources: [], conditions: [] }] = statements;
  const actions = `${effect === 'Deny' ? 'must not ' : ''}${list(review.actions)}`;
  const why = [review.why, ...(review.wildcard ? [`\`*\`: ${review.wildcard}`] : [])].join(' ');
  return [
    list(statements.map(({ who }) => who)),
    isFirst ? actions : 'the same',
    list(resources),
    list(conditions.map(shortened)),
    isFirst ? why : '',
  ];
}

/** The first and the last of a list that only a long configuration makes. */
function shortened(condition: string): string {
  const [first = '', ...others] = condition.split(' or ');
  return others.length > 9 ? `${first} or ${others.length - 1} more or ${others.at(-1)}` : condition;
}

const list = (texts: readonly string[]) => [...new Set(texts)].map((text) => `\`${text}\``).join(', ');

export const statementTable: GeneratedTable = {
  marker: 'statements',
  header: ['Who', 'may', 'on', 'if', 'why, and how it is scoped'],
  rows: statementRows,
};

/** Where a table begins and ends in a page. */
function placeOf(page: string, { marker }: GeneratedTable) {
  const [begin, end] = [`<!-- ${marker} -->`, `<!-- /${marker} -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`docs/security.md: expected ${begin} and then ${end}`);
  return { from: from + begin.length, to };
}

/** The page with a table written anew. */
export function withTable(page: string, table: GeneratedTable): string {
  const { from, to } = placeOf(page, table);
  const { header, rows } = table;
  const lines = [header, header.map(() => '---'), ...rows()].map((cells) => `| ${cells.join(' | ')} |`);
  return `${page.slice(0, from)}\n\n${lines.join('\n')}\n\n${page.slice(to)}`;
}

/** The rows that stand in a page, however they are padded. */
export function rowsIn(page: string, table: GeneratedTable): string[][] {
  const { from, to } = placeOf(page, table);
  const rows = page
    .slice(from, to)
    .split('\n')
    .filter((line) => line.startsWith('|'));
  return rows.slice(2).map((line) => line.split(' | ').map((cell) => cell.replace(/^\|\s|\s\|$/g, '').trim()));
}
