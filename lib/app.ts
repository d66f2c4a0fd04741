import type { App } from 'aws-cdk-lib';
import { readConfiguration } from './config/read-config.ts';
import { ThrottleRemediationStack } from './throttle-remediation-stack.ts';

/** Adds one stack for each environment of the configuration. */
export function addStacks(app: App, context: unknown): ThrottleRemediationStack[] {
  return readConfiguration(context).map(({ env, configuration }) => {
    const id = env ? `EcsThrottleRemediation-${env.account}-${env.region}` : 'EcsThrottleRemediation';
    return new ThrottleRemediationStack(app, id, { configuration, ...(env && { env }) });
  });
}
