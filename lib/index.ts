/** The public API: what other CDK apps build on. */

export { ConfigurationError } from './config/read-config.ts';
export type {
  Caller,
  CallerProps,
  EcsThrottleRemediationProps,
  NotificationProps,
  TrailProps,
} from './construct-props.ts';
export { EcsThrottleRemediation } from './ecs-throttle-remediation.ts';
export { LogDeliveryAlarms, type LogDeliveryAlarmsProps } from './firelens/log-delivery-alarms.ts';
export { type LogRouter, type LogStreamScope, logStreamScope } from './firelens/log-stream-scope.ts';
export type { CloudWatchPlugin } from './firelens/output-options.ts';
export { PerTaskFireLens, type PerTaskFireLensProps } from './firelens/per-task-firelens.ts';
export { StaticLogStreamCheck, type StaticLogStreamCheckProps } from './firelens/static-log-stream-check.ts';
