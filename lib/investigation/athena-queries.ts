import { BUCKET_OPERATIONS } from '../../lambda/core/events/run-task-record.ts';
import { THROTTLE_CODE, WRAPPED_MESSAGE, WRAPPER_CODE } from '../../lambda/core/events/throttle-patterns.ts';
import {
  ASK_ELSEWHERE,
  DOWNSTREAM_LIMITS,
  ECS_PRINCIPAL,
  ECS_SERVICE_ROLE,
} from '../../lambda/core/notices/downstream.ts';

/** Name of the table of CloudTrail's records. */
export const TRAIL_TABLE = 'cloudtrail';

/** One saved query in Athena's SQL. */
export interface SqlQuery {
  readonly name: string;
  readonly description: string;
  readonly sql: string;
}

const text = (value: string) => `'${value.replaceAll("'", "''")}'`;
const DISGUISED = `regexp_like(errorcode, ${text(WRAPPER_CODE)}) AND regexp_like(errormessage, ${text(WRAPPED_MESSAGE)})`;
/** Records of yesterday and today. Partitions are whole days, and only these are read. */
const RECENT = `day >= date_format(current_date - interval '1' day, '%Y/%m/%d')`;
const CALLER = 'coalesce(useridentity.sessioncontext.sessionissuer.arn, useridentity.arn, useridentity.invokedby)';

/** Names ECS where it made the call itself, for its users' tasks and services. */
const BY_ECS = [
  ...['sourceipaddress', 'useragent', 'useridentity.invokedby'].map((column) => `${column} = ${text(ECS_PRINCIPAL)}`),
  `regexp_like(useridentity.arn, ${text(`:assumed-role/${ECS_SERVICE_ROLE}/`)})`,
]
  .map((condition) => `coalesce(${condition}, false)`)
  .join('\n      OR ');

/** Each call once, with its caller and its result. */
const CALLS = `WITH calls AS (
  SELECT
    eventsource,
    eventname,
    errorcode,
    sourceipaddress,
    useragent,
    from_iso8601_timestamp(eventtime) AS called_at,
    ${CALLER} AS caller,
    coalesce(regexp_like(errorcode, ${text(THROTTLE_CODE)}), false) AS is_plain,
    coalesce(${DISGUISED}, false) AS is_disguised,
    ${BY_ECS} AS is_by_ecs
  FROM ${TRAIL_TABLE}
  WHERE ${RECENT}
)`;

/** The quota of an API, or where more of it is asked for. */
const ASK = [
  'CASE',
  ...DOWNSTREAM_LIMITS.map(({ eventSource, operations, ask }) => {
    const of = operations ? ` AND eventname IN (${operations.map(text).join(', ')})` : '';
    return `  WHEN eventsource = ${text(eventSource)}${of} THEN ${text(ask)}`;
  }),
  `  ELSE ${text(ASK_ELSEWHERE)}`,
  'END',
].join('\n  ');

const RUN_TASK_BUCKET = BUCKET_OPERATIONS.map(text).join(', ');
/** Operations that AWS documents for a bucket. Others are shown by name. */
const BUCKET = `CASE
      WHEN eventname IN (${RUN_TASK_BUCKET}) THEN 'cluster resource modify'
      WHEN eventname IN ('DescribeTasks', 'ListTasks') THEN 'cluster resource read'
      ELSE eventname
    END`;

/** Queries on the table of a trail's records. */
export const ATHENA_QUERIES: readonly SqlQuery[] = [
  {
    name: 'Throttles by caller and API',
    description: 'Whose calls were throttled since yesterday, by which API: plain throttles and disguised ones',
    sql: `${CALLS}
SELECT
  caller,
  eventsource,
  eventname,
  errorcode,
  useragent,
  count(*) AS throttles,
  count_if(is_disguised) AS disguised,
  min(called_at) AS first_at,
  max(called_at) AS last_at
FROM calls
WHERE is_plain OR is_disguised
GROUP BY caller, eventsource, eventname, errorcode, useragent
ORDER BY throttles DESC, caller, eventname
LIMIT 100`,
  },
  {
    name: 'Throttles of calls that ECS makes',
    description: 'Calls to other services that ECS made since yesterday and that were throttled, with what to ask for',
    sql: `${CALLS}
SELECT
  eventsource,
  eventname,
  errorcode,
  count(*) AS throttles,
  min(called_at) AS first_at,
  max(called_at) AS last_at,
  ${ASK} AS ask_for
FROM calls
WHERE is_by_ecs AND eventsource <> ${text(ECS_PRINCIPAL)} AND (is_plain OR is_disguised)
GROUP BY eventsource, eventname, errorcode
ORDER BY throttles DESC, eventsource, eventname
LIMIT 100`,
  },
  {
    name: 'Top callers of each bucket',
    description: 'Who made most of the ECS calls that share a bucket since yesterday, throttled or not',
    sql: `${CALLS},
callers AS (
  SELECT
    ${BUCKET} AS bucket,
    caller,
    count(*) AS calls,
    count_if(is_plain OR is_disguised) AS throttles
  FROM calls
  WHERE eventsource = 'ecs.amazonaws.com'
  GROUP BY 1, 2
),
ranked AS (
  SELECT *, row_number() OVER (PARTITION BY bucket ORDER BY calls DESC, caller) AS place
  FROM callers
)
SELECT bucket, place, caller, calls, throttles
FROM ranked
WHERE place <= 10
ORDER BY bucket, place`,
  },
  {
    name: 'Calls and throttles per hour',
    description: 'ECS calls and their throttles since yesterday, by hour and API',
    sql: `${CALLS}
SELECT
  date_trunc('hour', called_at) AS hour,
  eventname,
  count(*) AS calls,
  count_if(is_plain) AS throttles,
  count_if(is_disguised) AS disguised
FROM calls
WHERE eventsource = 'ecs.amazonaws.com'
GROUP BY 1, 2
ORDER BY hour, eventname`,
  },
  {
    name: 'Busiest seconds of the RunTask bucket',
    description: 'Seconds since yesterday with the most calls that share RunTask’s bucket, beside its burst quota',
    sql: `${CALLS}
SELECT
  called_at,
  count(*) AS calls,
  count(DISTINCT caller) AS callers,
  count_if(is_plain OR is_disguised) AS throttles
FROM calls
WHERE eventsource = 'ecs.amazonaws.com' AND eventname IN (${RUN_TASK_BUCKET})
GROUP BY called_at
ORDER BY calls DESC, called_at
LIMIT 20`,
  },
];
