import { LOG_MESSAGES } from '../../lambda/core/contract.ts';
import { ONE_BY_ONE } from '../../lambda/core/notices/one-by-one.ts';
import { DOWNSTREAM_THROTTLED, RECORD_DISGUISED, RECORD_THROTTLED } from '../../lambda/core/notices/trail-filters.ts';

/** One saved query in the language of CloudWatch Logs Insights. */
export interface LogQuery {
  readonly name: string;
  readonly lines: readonly string[];
}

const THROTTLED = `filter ${RECORD_THROTTLED}`;

export const THROTTLES_BY_CALLER: LogQuery = {
  name: 'Throttles by caller',
  lines: [
    THROTTLED,
    'stats count(*) as throttles by userIdentity.arn, userIdentity.sessionContext.sessionIssuer.arn, userAgent, sourceIPAddress',
    'sort throttles desc',
    'limit 100',
  ],
};

/** Throttles of what ECS calls to start tasks and to keep services: docs/monitoring.md says what to ask for. */
export const DOWNSTREAM_THROTTLES: LogQuery = {
  name: 'Throttles of calls that ECS makes',
  lines: [
    `filter ${DOWNSTREAM_THROTTLED}`,
    'stats count(*) as throttles by eventSource, eventName, errorCode',
    'sort throttles desc',
    'limit 100',
  ],
};

/** Queries on the log group of a trail. */
export const TRAIL_QUERIES: readonly LogQuery[] = [
  THROTTLES_BY_CALLER,
  {
    name: 'Throttles by API',
    lines: [
      THROTTLED,
      'stats count(*) as throttles by eventSource, eventName, errorCode',
      'sort throttles desc',
      'limit 100',
    ],
  },
  {
    name: 'Throttles over time',
    lines: [THROTTLED, 'stats count(*) as throttles by bin(1m), eventSource, eventName', 'sort throttles desc'],
  },
  DOWNSTREAM_THROTTLES,
  {
    name: 'RunTask throttles of one cluster',
    lines: [
      'filter eventSource = "ecs.amazonaws.com" and eventName = "RunTask"',
      '# The cluster’s name, or the end of its ARN.',
      'filter requestParameters.cluster like /YOUR-CLUSTER$/',
      THROTTLED,
      'stats count(*) as throttles by userIdentity.arn, requestParameters.taskDefinition, errorCode',
      'sort throttles desc',
      'limit 100',
    ],
  },
  {
    name: 'Disguised throttles',
    lines: [
      `filter ${RECORD_DISGUISED}`,
      'fields @timestamp, eventName, errorCode, errorMessage, userIdentity.arn, requestParameters.cluster',
      'sort @timestamp desc',
      'limit 100',
    ],
  },
];

const IS_VERDICT = `message = "${LOG_MESSAGES.verdict}"`;
const IS_RESULT = `message = "${LOG_MESSAGES.result}"`;

export const RESULTS: LogQuery = {
  name: 'Results of re-runs',
  lines: [`filter ${IS_RESULT}`, 'stats count(*) as calls by kind, reason, caller, family', 'sort calls desc'],
};

/** Queries on the log groups of the functions that decide: intake, sweep, run-task. */
export const OWN_QUERIES: readonly LogQuery[] = [
  {
    name: 'Verdicts',
    lines: [`filter ${IS_VERDICT}`, 'stats count(*) as calls by service, kind, reason', 'sort calls desc'],
  },
  RESULTS,
  {
    name: 'Refusals by reason',
    lines: [
      `filter (${IS_VERDICT} and kind = "refuse") or (${IS_RESULT} and kind = "refused")`,
      'stats count(*) as calls by reason, service, caller, family',
      'sort calls desc',
    ],
  },
  {
    name: 'Refused and ignored calls, one by one',
    lines: ONE_BY_ONE,
  },
  {
    name: 'Attempts that no message names',
    lines: [
      `filter ${IS_VERDICT} and (reason = "handedOver" or ispresent(handedOver))`,
      '# Records of callers that hand over, beside the attempts that their messages name: the rest got through later, or was not handed over.',
      'stats count_distinct(requestId) as records, sum(attempts) as namedAttempts by bin(1h), caller',
      'sort records desc',
    ],
  },
];

/** The text of a query. */
export const textOf = ({ lines }: LogQuery): string => lines.join('\n| ').replaceAll('| #', '#');
