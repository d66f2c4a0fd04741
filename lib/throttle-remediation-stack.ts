import { Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { Configuration } from './config/schema.ts';
import { STACK_TAG } from './config/stack-tag.ts';
import { ThrottleRemediation } from './throttle-remediation.ts';

export interface ThrottleRemediationStackProps extends StackProps {
  readonly configuration: Configuration;
}

/** The stack that `cdk.json` configures. Other apps add `EcsThrottleRemediation` to a stack of theirs. */
export class ThrottleRemediationStack extends Stack {
  constructor(scope: Construct, id: string, { configuration, ...props }: ThrottleRemediationStackProps) {
    super(scope, id, {
      description: 'Re-runs standalone ECS RunTask calls that throttling lost',
      ...props,
      tags: { [STACK_TAG.key]: STACK_TAG.value, ...props.tags },
    });
    // Under this id the construct leaves no trace in logical ids: they stay what they were before there was a construct.
    new ThrottleRemediation(this, 'Default', { configuration });
  }
}
