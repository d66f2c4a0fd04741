import { CfnAlarm, CfnCompositeAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { anchorOf, firstSteps, RUNBOOK } from '../foundation/runbook.ts';

/** What an alarm tells the person who receives it. */
export interface AlarmText {
  /** Heading of its section in the runbook. */
  readonly heading: string;
  /** `critical`: calls are being lost, or failures would go unnoticed. `warning`: something else covers it for now. `information`: nothing to do. */
  readonly severity: 'critical' | 'warning' | 'information';
  /** What a person should do. */
  readonly advice: string;
}

/** An alarm's description: how bad it is, what to do, and the link to its section of the runbook. */
export function describeAlarm({ heading, severity, advice }: AlarmText): string {
  return `${severity}: ${advice} ${RUNBOOK}#${anchorOf(heading)}`;
}

/**
 * Has alarms link the runbook where its owner put it. Without such a place their descriptions hold its first steps: who reads the mail
 * has no copy of this project.
 */
export function linkRunbook(scope: Construct, url: string | undefined): void {
  for (const alarm of scope.node.findAll()) {
    if (!(alarm instanceof CfnAlarm || alarm instanceof CfnCompositeAlarm)) continue;
    alarm.alarmDescription = alarm.alarmDescription?.replace(/ docs\/runbook\.md#(\S+)$/, (link, anchor: string) =>
      url === undefined ? ` ${firstSteps().get(anchor)?.text}${link}` : ` ${url}#${anchor}`,
    );
  }
}
