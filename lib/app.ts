import type { App } from 'aws-cdk-lib';
import type { Place } from './config/foreign-arns.ts';
import { readConfiguration } from './config/read-config.ts';
import { ThrottleRemediationStack } from './throttle-remediation-stack.ts';

/** The same in every account and Region, so that naming environments later renames, and leaves behind, no stack. */
export const STACK_NAME = 'EcsThrottleRemediation';

/** Adds one stack for each environment of the configuration; `cli` is where the CLI would deploy one that names none. */
export function addStacks(app: App, context: unknown, cli?: Place): ThrottleRemediationStack[] {
  return readConfiguration(context, cli).map(({ env, configuration }) => {
    const id = env ? `${STACK_NAME}-${env.account}-${env.region}` : STACK_NAME;
    return new ThrottleRemediationStack(app, id, { configuration, stackName: STACK_NAME, ...(env && { env }) });
  });
}
