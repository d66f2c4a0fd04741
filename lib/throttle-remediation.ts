import { Annotations, CfnOutput, Stack } from 'aws-cdk-lib';
import type { Dashboard } from 'aws-cdk-lib/aws-cloudwatch';
import type { IManagedPolicy } from 'aws-cdk-lib/aws-iam';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { IStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { ITEM_KINDS } from '../lambda/core/contract.ts';
import type { Configuration } from './config/schema.ts';
import type { WarningId } from './config/warning-ids.ts';
import { warningsOf } from './config/warnings.ts';
import { concurrencyNeeded } from './foundation/concurrency.ts';
import { encryptionKey as createKey } from './foundation/encryption.ts';
import { beyondLimits } from './foundation/limits.ts';
import { AthenaInvestigation } from './investigation/athena-investigation.ts';
import { SavedQueries } from './investigation/saved-queries.ts';
import { trailRecords } from './investigation/trail.ts';
import { linkRunbook } from './monitoring/alarm-text.ts';
import { Alarms } from './monitoring/alarms.ts';
import { RemediationDashboard } from './monitoring/dashboard.ts';
import { IncidentReports } from './monitoring/incident-reports.ts';
import { UsageAlarms } from './monitoring/usage-alarms.ts';
import { HandOver } from './remediation/hand-over.ts';
import { INTAKE_VISIBILITY, Intake } from './remediation/intake.ts';
import { Notifications } from './remediation/notifications.ts';
import { RateLimiter } from './remediation/rate-limiter.ts';
import { RerunWorkflow } from './remediation/rerun-workflow.ts';
import { stateTable } from './remediation/state-table.ts';
import { Sweep } from './remediation/sweep.ts';

export interface ThrottleRemediationProps {
  readonly configuration: Configuration;
  /** Where people are told; absent: the configured topic, or one of its own. */
  readonly topic?: ITopic;
}

/** Everything that brings back throttled RunTask calls of one account and Region. */
export class ThrottleRemediation extends Construct {
  /** Alarms, and notices of what was not brought back. */
  readonly topic: ITopic;
  /** One execution for each re-run. */
  readonly rerunStateMachine: IStateMachine;
  /** One execution for each search for missed calls. */
  readonly sweepStateMachine: IStateMachine;
  /** Where callers hand calls over. */
  readonly handOverQueue: IQueue;
  /** What a caller's role needs to hand calls over. */
  readonly handOverPolicy: IManagedPolicy;
  /** Absent if `monitoring.dashboard` is false. */
  readonly dashboard: Dashboard | undefined;
  protected readonly handOver: HandOver;

  constructor(scope: Construct, id: string, props: ThrottleRemediationProps) {
    super(scope, id);
    const { configuration } = props;
    const { monitoring, investigation } = configuration;
    const encryptionKey = createKey(this, configuration.encryption);
    const common = { configuration, encryptionKey };

    // First: of all that too many callers are too much for, its error says best what to list instead.
    const handOver = new HandOver(this, 'HandOver', { ...common, visibilityTimeout: INTAKE_VISIBILITY });
    const table = stateTable(this, encryptionKey);
    const notifications = new Notifications(this, 'Notifications', { ...common, table, topic: props.topic });
    const rateLimiter = new RateLimiter(this, 'RateLimiter', { ...common, table });
    const workflow = new RerunWorkflow(this, 'Rerun', { ...common, rateLimiter, notifications, table });
    const intake = new Intake(this, 'Intake', { ...common, workflow, notifications, table, handOver });
    const sweep = new Sweep(this, 'Sweep', { ...common, workflow, notifications, table });
    if (monitoring.usageAlarms) {
      const usage = new UsageAlarms(this, 'UsageAlarms', { ...monitoring, topic: notifications.topic });
      if (monitoring.alarmsStartSweeps) sweep.startWhenRaised(usage.signsOfThrottling);
    }
    notifications.leadTo([intake.handler, sweep.handler, workflow.runTask], sweep.stateMachineArn);
    const handlers = [intake.handler, rateLimiter.handler, workflow.runTask, sweep.handler];
    const dashboard = monitoring.dashboard
      ? new RemediationDashboard(this, 'Dashboard', {
          ...monitoring,
          runbookUrl: configuration.notifications.runbookUrl,
          handlers,
          rerunStateMachine: workflow.stateMachine,
          rateLimiterQueue: rateLimiter.queue,
          handOverQueue: handOver.queue,
          serviceThrottled: sweep.serviceThrottled,
        })
      : undefined;
    const trail = trailRecords(this, { configuration, encryptionKey });
    if (investigation.savedQueries) {
      new SavedQueries(this, 'SavedQueries', {
        trail,
        intakeLogs: intake.handler.logGroup,
        sweepLogs: sweep.handler.logGroup,
        runTaskLogs: workflow.runTask.logGroup,
      });
    }
    if (investigation.athena) new AthenaInvestigation(this, 'Athena', { trail, encryptionKey });
    const incidents = monitoring.incidentReports
      ? new IncidentReports(this, 'Incidents', {
          ...common,
          topic: notifications.topic,
          rerunStateMachine: workflow.stateMachine,
          sweepStateMachine: sweep.stateMachine,
          ownRoleArn: workflow.runTaskRole.roleArn,
          logGroups: handlers.map(({ logGroup }) => logGroup),
          trailLogGroupName: trail.logGroupName,
          dashboardName: dashboard?.name,
        })
      : undefined;
    new Alarms(this, 'Alarms', { rateLimiter, workflow, intake, handOver, sweep, notifications, incidents });

    this.topic = notifications.topic;
    this.rerunStateMachine = workflow.stateMachine;
    this.sweepStateMachine = sweep.stateMachine;
    this.handOverQueue = handOver.queue;
    this.handOverPolicy = handOver.callerPolicy;
    this.handOver = handOver;
    this.dashboard = dashboard?.dashboard;

    const pauseItem = `--region ${Stack.of(this).region} --table-name ${table.tableName}`;
    new CfnOutput(this, 'Pause', {
      description: 'Holds all re-runs from now on; what waits is not lost',
      value: `aws dynamodb put-item ${pauseItem} --item '{"id":{"S":"${ITEM_KINDS.pause}"}}'`,
    });
    new CfnOutput(this, 'Resume', {
      description: 'Ends the pause',
      value: `aws dynamodb delete-item ${pauseItem} --key '{"id":{"S":"${ITEM_KINDS.pause}"}}'`,
    });
    new CfnOutput(this, 'RerunStateMachine', { value: workflow.stateMachine.stateMachineArn });
    new CfnOutput(this, 'SweepStateMachine', { value: sweep.stateMachine.stateMachineArn });
    new CfnOutput(this, 'IntakeQueue', { value: intake.queue.queueUrl });
    new CfnOutput(this, 'IntakeDeadLetterQueue', { value: intake.deadLetterQueue.queueUrl });
    new CfnOutput(this, 'NotificationTopic', { value: notifications.topic.topicArn });
    linkRunbook(this, configuration.notifications.runbookUrl);
    this.node.addValidation({ validate: () => beyondLimits(this) });
    for (const { id: warningId, text } of warningsOf(configuration)) {
      Annotations.of(this).addWarningV2(`${WARNING_PREFIX}${warningId}`, text);
    }
    const needed = concurrencyNeeded(monitoring.clusterModifyPerSecond);
    Annotations.of(this).addWarningV2(`${WARNING_PREFIX}${'lambdaConcurrency' satisfies WarningId}`, needed);
    acknowledgeWarnings(this, configuration.acknowledgedWarnings);
  }
}

const WARNING_PREFIX = 'ecs-throttle-remediation:';

/** Leaves warnings out: whoever deploys this has read them. */
export function acknowledgeWarnings(scope: Construct, ids: readonly WarningId[]): void {
  for (const id of ids) Annotations.of(scope).acknowledgeWarning(`${WARNING_PREFIX}${id}`);
}
