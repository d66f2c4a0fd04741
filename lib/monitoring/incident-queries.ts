import { Duration } from 'aws-cdk-lib';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import {
  Choice,
  Condition,
  Fail,
  Map as MapState,
  Pass,
  ProvideItems,
  Wait,
  WaitTime,
} from 'aws-cdk-lib/aws-stepfunctions';
import { CallAwsService } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import { Construct } from 'constructs';
import { OUTAGE_RETRY } from '../foundation/workflow.ts';
import { INCIDENT_QUERIES, textOf } from '../investigation/log-queries.ts';

export interface IncidentQueriesProps {
  readonly logGroups: readonly ILogGroup[];
}

/** How long to wait before asking Logs Insights for its answer. */
const QUERY_SECONDS = 10;

/**
 * Queries the logs for the time from `$since` to `$to`, both in milliseconds. It is a Map with one iteration for each query,
 * and assigns `$found`, a list of `{ name, rows }`.
 */
export class IncidentQueries extends Construct {
  readonly map: MapState;

  constructor(scope: Construct, id: string, { logGroups }: IncidentQueriesProps) {
    super(scope, id);
    const start = CallAwsService.jsonata(this, 'Ask the logs', {
      service: 'cloudwatchlogs',
      action: 'startQuery',
      parameters: {
        LogGroupNames: logGroups.map(({ logGroupName }) => logGroupName),
        QueryString: '{% $states.input.text %}',
        StartTime: '{% $floor($since / 1000) %}',
        // Logs Insights includes both ends.
        EndTime: '{% $floor($to / 1000) - 1 %}',
      },
      iamAction: 'logs:StartQuery',
      iamResources: logGroups.map(({ logGroupArn }) => logGroupArn),
      assign: { name: '{% $states.input.name %}', queryId: '{% $states.result.QueryId %}' },
    });
    const wait = Wait.jsonata(this, 'Let them be read', { time: WaitTime.duration(Duration.seconds(QUERY_SECONDS)) });
    const get = CallAwsService.jsonata(this, 'What do they say?', {
      service: 'cloudwatchlogs',
      action: 'getQueryResults',
      parameters: { QueryId: '{% $queryId %}' },
      iamAction: 'logs:GetQueryResults',
      iamResources: ['*'],
      outputs: {
        status: '{% $states.result.Status %}',
        // A row is a list of fields with their values.
        rows: '{% [$map($states.result.Results, function($row) { $merge($row.{ Field: Value }) })] %}',
      },
    });
    const isRead = Choice.jsonata(this, 'Have they been read?');
    const rows = Pass.jsonata(this, 'Rows', {
      outputs: { name: '{% $name %}', rows: '{% $states.input.rows %}' },
    });
    // The Map tries again from its start, as a failed query cannot be continued.
    const failed = Fail.jsonata(this, 'Unread', { error: 'QueryFailed', cause: '{% $states.input.status %}' });
    start.addRetry(OUTAGE_RETRY);
    get.addRetry(OUTAGE_RETRY);
    start.next(wait).next(get).next(isRead);
    isRead
      .when(Condition.jsonata("{% $states.input.status = 'Complete' %}"), rows)
      .when(Condition.jsonata("{% $states.input.status in ['Running', 'Scheduled'] %}"), wait)
      .otherwise(failed);
    this.map = MapState.jsonata(this, 'What do the logs say?', {
      items: ProvideItems.jsonArray(INCIDENT_QUERIES.map((query) => ({ name: query.name, text: textOf(query) }))),
      maxConcurrency: 1,
      assign: { found: '{% $states.result %}' },
      outputs: {},
    });
    this.map.itemProcessor(start);
    // Outages are over by now. Each try takes about seventy of the execution's 25,000 events.
    this.map.addRetry({ ...OUTAGE_RETRY, maxAttempts: 10 });
  }
}
