/** The public API: what other CDK apps may build on. */

export { ConfigurationError, type EnvironmentConfiguration, readConfiguration } from './config/read-config.ts';
export type { Configuration } from './config/schema.ts';
export { LogDeliveryAlarms, type LogDeliveryAlarmsProps } from './firelens/log-delivery-alarms.ts';
export { type LogRouter, type LogStreamScope, logStreamScope } from './firelens/log-stream-scope.ts';
export type { CloudWatchPlugin } from './firelens/output-options.ts';
export { PerTaskFireLens, type PerTaskFireLensProps } from './firelens/per-task-firelens.ts';
export { StaticLogStreamCheck, type StaticLogStreamCheckProps } from './firelens/static-log-stream-check.ts';
export { AthenaInvestigation, type AthenaInvestigationProps } from './investigation/athena-investigation.ts';
export { SavedQueries, type SavedQueriesProps } from './investigation/saved-queries.ts';
export { RemediationTrail, type RemediationTrailProps, type TrailRecords } from './investigation/trail.ts';
export { Alarms, type AlarmsProps } from './monitoring/alarms.ts';
export { RemediationDashboard, type RemediationDashboardProps } from './monitoring/dashboard.ts';
export { IncidentReports, type IncidentReportsProps } from './monitoring/incident-reports.ts';
export { UsageAlarms, type UsageAlarmsProps } from './monitoring/usage-alarms.ts';
export { ThrottleRemediationStack, type ThrottleRemediationStackProps } from './throttle-remediation-stack.ts';
