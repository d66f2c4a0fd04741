import { Stack, Validations } from 'aws-cdk-lib';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IConstruct } from 'constructs';

/**
 * Acknowledges findings of cdk-nag, each with its reason. Findings that can be fixed are fixed instead. A test fails on
 * findings without an acknowledgement and on acknowledgements without a finding. https://github.com/cdklabs/cdk-nag
 */
export function acknowledge(construct: IConstruct, reasons: Readonly<Record<string, string>>): void {
  Validations.of(construct).acknowledge(...Object.entries(reasons).map(([id, reason]) => ({ id, reason })));
}

/** The id of the finding that a statement's resource holds a wildcard. It contains the ARN, with tokens in angle brackets. */
export function wildcardResource(scope: IConstruct, arn: string): string {
  return `AwsSolutions-IAM5[Resource::${flat(Stack.of(scope).resolve(arn))}]`;
}

/** The library lets a workflow invoke all versions of its function. */
export function anyVersion(handler: IFunction): Record<string, string> {
  return {
    [wildcardResource(handler, `${handler.functionArn}:*`)]: 'All versions of the one function that its steps invoke.',
  };
}

type Resolved =
  | string
  | { readonly 'Fn::Join': [string, Resolved[]] }
  | { readonly 'Fn::GetAtt': string[] }
  | { readonly Ref: string };

function flat(value: Resolved): string {
  if (typeof value === 'string') return value;
  if ('Ref' in value) return `<${value.Ref}>`;
  if ('Fn::GetAtt' in value) return `<${value['Fn::GetAtt'].join('.')}>`;
  return value['Fn::Join'][1].map(flat).join(value['Fn::Join'][0]);
}
