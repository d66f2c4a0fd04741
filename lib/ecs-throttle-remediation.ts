import { Duration } from 'aws-cdk-lib';
import { type IMetric, MathExpression, type MetricOptions, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { IGrantable, IPrincipal } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { METRICS } from '../lambda/core/contract.ts';
import { ANY, type CallerEntry } from '../lambda/core/opt-in/opt-in.ts';
import type { Configuration } from './config/schema.ts';
import { configurationOf, type EcsThrottleRemediationProps } from './construct-props.ts';
import { gaveUp, ownMetric, refused } from './monitoring/own-metrics.ts';
import { ThrottleRemediation } from './throttle-remediation.ts';

/**
 * Brings back the standalone RunTask calls that throttling lost in the account and Region of its stack. Add it once for each:
 * two would each re-run the same calls.
 */
export class EcsThrottleRemediation extends ThrottleRemediation {
  readonly #configuration: Configuration;

  constructor(scope: Construct, id: string, props: EcsThrottleRemediationProps) {
    const configuration = configurationOf(scope, id, props);
    const topic = props.notifications?.topic;
    super(scope, id, { configuration, ...(topic && { topic }) });
    this.#configuration = configuration;
  }

  /** Lets a listed caller hand calls over. The queue refuses whoever is not among `callers` with `handsOver`. */
  grantHandOver(grantee: IGrantable): void {
    const arn = arnOf(grantee.grantPrincipal);
    const entries: readonly CallerEntry[] = this.#configuration.callers;
    if (!entries.some((entry) => entry.handsOver && (entry.arn === arn || entry.arn === ANY))) {
      throw new Error(
        `${this.node.path}: found a grantee that hands calls over (${arn ?? 'neither a role nor a user'}), expected one of ` +
          'callers. Add { caller: …, handsOver: true } there: the queue refuses all others.',
      );
    }
    for (const statement of this.handOver.callerStatements()) grantee.grantPrincipal.addToPrincipalPolicy(statement);
  }

  /** Calls that were brought back. By default the sum over five minutes. */
  metricBroughtBack(options?: MetricOptions): IMetric {
    return ownMetric(METRICS.result, 'run-task', { kind: 'started' }).with({ label: 'Brought back', ...options });
  }

  /** Calls that were to be brought back and were not: refused at once, or refused or given up later. */
  metricNotBroughtBack(options: Pick<MetricOptions, 'label' | 'period' | 'account' | 'region'> = {}): IMetric {
    const { account, region, ...shown } = options;
    const refusedAtOnce = (service: 'intake' | 'sweep') => ownMetric(METRICS.verdict, service, { kind: 'refuse' });
    const parts = Object.entries({
      gaveUp: gaveUp(),
      refused: refused(),
      refusedByIntake: refusedAtOnce('intake'),
      refusedBySweep: refusedAtOnce('sweep'),
    });
    return new MathExpression({
      expression: parts.map(([name]) => `FILL(${name}, 0)`).join(' + '),
      usingMetrics: Object.fromEntries(parts.map(([name, metric]) => [name, metric.with({ account, region })])),
      label: 'Not brought back',
      period: Duration.minutes(5),
      ...shown,
    });
  }

  /** Seconds from a lost call to its task. By default the 99th percentile of five minutes. */
  metricWaitSeconds(options?: MetricOptions): IMetric {
    const wait = ownMetric(METRICS.waitSeconds, 'run-task', { kind: 'started' });
    return wait.with({ statistic: Stats.percentile(99), label: 'Seconds from call to task', ...options });
  }
}

/** A principal's ARN; of a function or another resource, that of the role it acts under. */
function arnOf(principal: IPrincipal): string | undefined {
  if ('roleArn' in principal) return String(principal.roleArn);
  return 'userArn' in principal ? String(principal.userArn) : undefined;
}
