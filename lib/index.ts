/** The public API: what other CDK apps may build on. */
export { Alarms, type AlarmsProps } from './alarms.ts';
export { type Configuration, ConfigurationError, type EnvironmentConfiguration, readConfiguration } from './config.ts';
export { ThrottleRemediationStack, type ThrottleRemediationStackProps } from './throttle-remediation-stack.ts';
