import { Stack } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** What is known only at deployment is at most this long: an ARN of something that CloudFormation names. */
const LONGEST_ATTRIBUTE = 'x'.repeat(200);

/** The longest that AWS has, for stacks that do not know their place. */
const LONGEST_PLACE: Readonly<Record<string, string>> = {
  'AWS::AccountId': '0'.repeat(12),
  'AWS::Partition': 'aws-iso-b',
  'AWS::Region': 'us-isob-east-1x',
  'AWS::URLSuffix': 'amazonaws.com.cn',
  'AWS::StackName': 'x'.repeat(128),
};

/** A value of a template with every reference resolved to a text that is at least as long as what it will be. */
export function withLongestTexts(scope: IConstruct, value: unknown): unknown {
  return longest(Stack.of(scope).resolve(value));
}

function longest(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(longest);
  if (typeof value !== 'object' || value === null) return value;
  const [[key, argument] = [], ...others] = Object.entries(value);
  if (others.length === 0) {
    if (key === 'Ref') return LONGEST_PLACE[String(argument)] ?? LONGEST_ATTRIBUTE;
    if (key === 'Fn::Join') return join(argument);
    if (key?.startsWith('Fn::')) return LONGEST_ATTRIBUTE;
  }
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, longest(inner)]));
}

function join([separator, parts]: [string, unknown[]]): string {
  return parts.map(longest).join(separator);
}
