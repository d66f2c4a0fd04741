import { UnsupportedError } from '../../kernel/aws-service.ts';
import type { Statement } from '../../stack/resources.ts';
import { arnLike, like, type Test } from './text-pattern.ts';

/** What a request says of itself, by condition key. */
export type Context = Readonly<Record<string, string | readonly string[]>>;

/** Condition keys that the lab knows how to fill; a request that lacks one meets no condition on it. */
const KEYS =
  /^(aws:(PrincipalAccount|PrincipalArn|PrincipalIsAWSService|PrincipalServiceName|SecureTransport|SourceAccount|SourceArn)|ecs:(cluster|CreateAction|enable-ebs-volumes|enable-execute-command)|dynamodb:LeadingKeys|iam:PassedToService|kms:EncryptionContext:.+)$/;
/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html */
const OPERATORS: Readonly<Record<string, (expected: string) => Test>> = {
  StringEquals: (expected) => (found) => found === expected,
  StringLike: like,
  // "The ArnEquals and ArnLike condition operators behave identically."
  ArnEquals: arnLike,
  ArnLike: arnLike,
  Bool: (expected) => (found) => found.toLowerCase() === expected.toLowerCase(),
};
/** Those that are met where the key is absent or has none of the values. */
const NEGATED: Readonly<Record<string, string>> = {
  StringNotEquals: 'StringEquals',
  StringNotLike: 'StringLike',
  ArnNotEquals: 'ArnEquals',
  ArnNotLike: 'ArnLike',
};
const IF_EXISTS = /IfExists$/;
/** Each value of a key that may have several has to be met; it is met where there is none. */
const FOR_ALL = /^ForAllValues:/;

type Condition = (context: Context) => boolean;

/** Statements are few, and judged by the hundred thousand. */
const conditions = new WeakMap<Statement, readonly Condition[]>();

/** Whether a statement's conditions are met by this request. */
export function isMet(statement: Statement, context: Context): boolean {
  let known = conditions.get(statement);
  if (!known) {
    known = Object.entries(statement.Condition).flatMap(([operator, keys]) =>
      Object.entries(keys).map(([key, expected]) => conditionOf(operator, key, expected)),
    );
    conditions.set(statement, known);
  }
  return known.every((condition) => condition(context));
}

/** One of the expected values has to be met; an absent key meets none, unless the operator says so. */
function conditionOf(operator: string, key: string, expected: readonly string[]): Condition {
  if (!KEYS.test(key)) return unsupported(`the condition key ${key}`);
  if (operator === 'Null') return (context) => expected.includes(String(context[key] === undefined));
  const name = operator.replace(IF_EXISTS, '').replace(FOR_ALL, '');
  const negated = NEGATED[name];
  const test = OPERATORS[negated ?? name];
  if (!test) return unsupported(`the condition operator ${operator}`);
  const tests = expected.map(test);
  const isMetByNone = negated !== undefined || IF_EXISTS.test(operator) || FOR_ALL.test(operator);
  const isMetBy = (value: string) => tests.some((each) => each(value)) === (negated === undefined);
  return (context) => {
    const found = context[key];
    if (found === undefined) return isMetByNone;
    if (typeof found === 'string') return isMetBy(found);
    if (!FOR_ALL.test(operator)) throw new UnsupportedError(`${operator} for several values of ${key}`);
    return found.every(isMetBy);
  };
}

/** Only a request that it decides about cannot be judged. */
const unsupported = (what: string): Condition => {
  return () => {
    throw new UnsupportedError(what);
  };
};
