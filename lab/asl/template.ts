import type jsonata from 'jsonata';
import type { Json } from '../kernel/json.ts';
import { InvalidDefinitionError } from './errors.ts';
import { compile, newerOperator, type StatesPart } from './jsonata.ts';
import { referencedParts, topLevelReference } from './references.ts';

/** A JSON value of a definition whose `{% … %}` strings are expressions, read once. */
export type Template =
  | { readonly kind: 'literal'; readonly value: Json }
  | Expression
  | { readonly kind: 'array'; readonly items: readonly Template[] }
  | { readonly kind: 'object'; readonly fields: readonly (readonly [string, Template])[] };

export interface Expression {
  readonly kind: 'expression';
  readonly source: string;
  /** The field as AWS names it in a cause, e.g. `Choices[1]/Output/v`. */
  readonly location: string;
}

/** Where a template stands: in which field of which state, and what its expressions may refer to. */
export interface Place {
  /** From the root of the definition, for messages of the validator. */
  readonly path: string;
  /** From the state, for causes. */
  readonly location: string;
  readonly parts?: readonly StatesPart[];
}

/** The whole string must be the expression: with a space around it, it is text. Recorded from the service. */
const DELIMITED = /^\{%(.*)%\}$/s;

export const isExpression = (value: unknown): value is string => typeof value === 'string' && DELIMITED.test(value);

export function parseTemplate(value: unknown, place: Place): Template {
  if (isExpression(value)) return parseExpression(value, place);
  if (typeof value === 'string' && value.startsWith('{%')) {
    throw new InvalidDefinitionError(place.path, JSON.stringify(value), 'a %} at the end of what begins with {%');
  }
  if (Array.isArray(value)) {
    const items = value.map((item, index) => parseTemplate(item, inside(place, `[${index}]`)));
    return items.every(isLiteral) ? literal(value) : { kind: 'array', items };
  }
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).map(
      ([key, field]) => [key, parseTemplate(field, inside(place, `/${key}`))] as const,
    );
    return fields.every(([, field]) => isLiteral(field)) ? literal(value as Json) : { kind: 'object', fields };
  }
  return literal(value as Json);
}

function parseExpression(text: string, { path, location, parts = [] }: Place): Expression {
  const source = (DELIMITED.exec(text)?.[1] ?? '').trim();
  const invalid = (expected: string) => new InvalidDefinitionError(path, JSON.stringify(text), expected);
  let root: jsonata.ExprNode;
  try {
    root = compile(source).ast();
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    throw invalid(`valid JSONata (${code ?? 'error'}: ${message})`);
  }
  const newer = newerOperator(source);
  if (newer !== undefined) throw invalid(`no ${newer}, which JSONata 2.0.6 does not have`);
  const name = topLevelReference(root);
  if (name !== undefined) throw invalid(`no reference to ${name} at the top level, where there are variables only`);
  for (const part of referencedParts(root)) {
    // "Attempting to access $states variables in fields and states where they are not accessible will be caught at
    // creation." https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
    if (!['input', 'context', ...parts].includes(part)) {
      throw invalid(`no $states.${part}, which this field does not have`);
    }
  }
  return { kind: 'expression', source, location };
}

const literal = (value: Json): Template => ({ kind: 'literal', value });
const isLiteral = (template: Template): boolean => template.kind === 'literal';
const inside = (place: Place, step: string): Place => ({
  ...place,
  path: place.path + step,
  location: place.location + step,
});
