import { Annotations, Stack } from 'aws-cdk-lib';
import { CfnQueryDefinition, type ILogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { type LogQuery, OWN_QUERIES, TRAIL_QUERIES, textOf } from './log-queries.ts';
import type { TrailRecords } from './trail.ts';

export interface SavedQueriesProps {
  /** The trail whose log group the queries about callers read. Without a log group they are left out. */
  readonly trail: Pick<TrailRecords, 'logGroupName'>;
  readonly intakeLogs: ILogGroup;
  readonly sweepLogs: ILogGroup;
  readonly runTaskLogs: ILogGroup;
}

/** Queries for CloudWatch Logs Insights: who is throttled, on which API, and how each call ended. */
export class SavedQueries extends Construct {
  constructor(scope: Construct, id: string, props: SavedQueriesProps) {
    super(scope, id);
    const own = [props.intakeLogs, props.sweepLogs, props.runTaskLogs].map(({ logGroupName }) => logGroupName);
    this.#save(OWN_QUERIES, own);
    const { logGroupName } = props.trail;
    if (logGroupName) this.#save(TRAIL_QUERIES, [logGroupName]);
    else {
      Annotations.of(this).addWarningV2(
        'ecs-throttle-remediation:savedQueries',
        'Saved queries about callers are left out: no log group of a trail is known. If a trail writes to one that this ' +
          'account may read, name it in cloudTrail.logGroupName; if not, acknowledge this.',
      );
    }
  }

  #save(queries: readonly LogQuery[], logGroupNames: string[]): void {
    for (const query of queries) {
      // Not the library's construct: that assembles the text itself, and it would differ from the text in the docs.
      new CfnQueryDefinition(this, query.name.replaceAll(' ', ''), {
        name: `${Stack.of(this).stackName}/${query.name}`,
        queryString: textOf(query),
        logGroupNames,
      });
    }
  }
}
