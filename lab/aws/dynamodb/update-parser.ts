import { ExpressionError } from './errors.ts';
import { parser } from './expressions.ts';
import type { Path } from './paths.ts';
import type { TokenStream } from './tokens.ts';

/** The right-hand side of a SET. */
export type Source =
  | { readonly kind: 'path'; readonly path: Path }
  | { readonly kind: 'value'; readonly name: string }
  | { readonly kind: 'if_not_exists'; readonly path: Path; readonly otherwise: Source }
  | { readonly kind: '+' | '-' | 'list_append'; readonly left: Source; readonly right: Source };

export type Action =
  | { readonly section: 'SET'; readonly path: Path; readonly source: Source }
  | { readonly section: 'REMOVE'; readonly path: Path }
  | { readonly section: 'ADD' | 'DELETE'; readonly path: Path; readonly value: string };

const SECTIONS: { readonly [S in Action['section']]: (tokens: TokenStream) => Action } = {
  SET: (tokens) => {
    const path = tokens.expectPath();
    tokens.expect('=');
    return { section: 'SET', path, source: readSource(tokens) };
  },
  REMOVE: (tokens) => ({ section: 'REMOVE', path: tokens.expectPath() }),
  ADD: (tokens) => ({ section: 'ADD', path: tokens.expectPath(), value: tokens.expectValue() }),
  DELETE: (tokens) => ({ section: 'DELETE', path: tokens.expectPath(), value: tokens.expectValue() }),
};

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html */
export const updateParser = parser((tokens) => {
  const actions: Action[] = [];
  const seen = new Set<string>();
  do {
    const section = (Object.keys(SECTIONS) as Action['section'][]).find((keyword) => tokens.take(keyword));
    if (!section) throw tokens.unexpected();
    if (seen.has(section)) {
      throw new ExpressionError(`The "${section}" section can only be used once in an update expression;`);
    }
    seen.add(section);
    actions.push(...tokens.list(() => SECTIONS[section](tokens)));
  } while (!tokens.atEnd());
  return actions;
});

function readSource(tokens: TokenStream): Source {
  if (tokens.take('(')) {
    const source = readSource(tokens);
    tokens.expect(')');
    return source;
  }
  const left = readOperand(tokens);
  const kind = (['+', '-'] as const).find((symbol) => tokens.take(symbol));
  return kind ? { kind, left, right: readOperand(tokens) } : left;
}

function readOperand(tokens: TokenStream): Source {
  const name = tokens.takeFunction();
  if (name !== undefined) return readFunction(tokens, name);
  const value = tokens.takeValue();
  return value === undefined ? { kind: 'path', path: tokens.expectPath() } : { kind: 'value', name: value };
}

function readFunction(tokens: TokenStream, name: string): Source {
  const operands = tokens.list(() => readOperand(tokens));
  tokens.expect(')');
  if (name !== 'if_not_exists' && name !== 'list_append') {
    throw new ExpressionError(`Invalid function name; function: ${name}`);
  }
  const [left, right] = operands;
  const named = `operator or function: ${name}`;
  if (!left || !right || operands.length > 2) {
    const rule = 'Incorrect number of operands for operator or function';
    throw new ExpressionError(`${rule}; ${named}, number of operands: ${operands.length}`);
  }
  if (name === 'list_append') return { kind: name, left, right };
  if (left.kind !== 'path') throw new ExpressionError(`Operator or function requires a document path; ${named}`);
  return { kind: name, path: left.path, otherwise: right };
}
