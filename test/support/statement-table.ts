import { REVIEWED, type Review, reviewsOf } from '../lib/reviewed-statements.ts';
import { ANY, NAMED, type Statement, statementsOf } from './statements.ts';

const [BEGIN, END] = ['<!-- statements -->', '<!-- /statements -->'];
const HEADER = ['Who', 'may', 'on', 'if', 'why, and how it is scoped'];

/**
 * The rows of the table in docs/security.md: what the templates say, and what the reviews say about it. Statements of one
 * review are one row where they are about the same resources under the same conditions.
 */
export function statementRows(): string[][] {
  const templates = [NAMED, ANY, {}].map(statementsOf);
  return REVIEWED.flatMap((review) => {
    const reviewed = templates
      .map((statements) => statements.filter((statement) => reviewsOf(statement).includes(review)))
      .find((found) => found.length > 0);
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
    list(conditions),
    isFirst ? why : '',
  ];
}

const list = (texts: readonly string[]) => [...new Set(texts)].map((text) => `\`${text}\``).join(', ');

/** The page with its table written anew. */
export function withStatementTable(page: string): string {
  const lines = [HEADER, HEADER.map(() => '---'), ...statementRows()].map((cells) => `| ${cells.join(' | ')} |`);
  const [before, after] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (before < 0 || after < before) throw new Error(`docs/security.md: expected ${BEGIN} and then ${END}`);
  return `${page.slice(0, before)}${BEGIN}\n\n${lines.join('\n')}\n\n${page.slice(after)}`;
}

/** The rows that stand in a page, however they are padded. */
export function rowsIn(page: string): string[][] {
  const table = page.slice(page.indexOf(BEGIN), page.indexOf(END));
  const rows = table.split('\n').filter((line) => line.startsWith('|'));
  return rows.slice(2).map((line) => line.split(' | ').map((cell) => cell.replace(/^\|\s|\s\|$/g, '').trim()));
}
