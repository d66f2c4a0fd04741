const ACCOUNT = '111122223333';
const PLACE = { awsRegion: 'us-east-1', recipientAccountId: ACCOUNT };
const BUCKET = { burst: 20, refillPerSecond: 10 };
const SECONDS = 8;
/** The role of the stack's requests. */
const OURS = 'EcsThrottleRemediation-RerunRunTaskRoleEA3A0B1A-x';
const role = (name: string) => `arn:aws:iam::${ACCOUNT}:role/${name}`;
const instant = (second: number) => new Date(Date.UTC(2026, 0, 15, 3, 0, second)).toISOString();

interface Made {
  readonly id: string;
  readonly by: string;
  readonly second: number;
  readonly family?: string;
  readonly taskArn?: string;
}

const taskArn = (id: string) => `arn:aws:ecs:us-east-1:${ACCOUNT}:task/batch/${id}`;

/** The record of a RunTask call: bare without a task, as that of a throttled call is. */
const record = ({ id, by, second, family = 'report', taskArn: arn }: Made) => ({
  ...PLACE,
  eventSource: 'ecs.amazonaws.com',
  eventName: 'RunTask',
  eventTime: instant(second).replace('.000', ''),
  eventID: `event-${id}`,
  requestID: `request-${id}`,
  userIdentity: {
    type: 'AssumedRole',
    sessionContext: { sessionIssuer: { type: 'Role', arn: role(by), principalId: `AROA${by}` } },
  },
  ...(arn === undefined && { errorCode: 'ThrottlingException', errorMessage: 'Rate exceeded' }),
  requestParameters:
    arn === undefined ? null : { cluster: 'batch', taskDefinition: `${family}:3`, clientToken: `token-${id}` },
  responseElements: arn === undefined ? null : { tasks: [{ taskArn: arn }], failures: [] },
});

const ran = (arn: string, second: number) => ({
  taskArn: arn,
  lastStatus: 'RUNNING',
  clusterArn: `arn:aws:ecs:us-east-1:${ACCOUNT}:cluster/batch`,
  taskDefinitionArn: `arn:aws:ecs:us-east-1:${ACCOUNT}:task-definition/report:3`,
  startedAt: instant(second + 10),
  createdAt: instant(second),
});

const line = (service: string, message: string, second: number, fields: object) => ({
  level: 'INFO',
  message,
  timestamp: instant(second),
  service,
  ...fields,
});

/**
 * The files of a storm of seconds: a trail's, tasks, log lines. `cron` hands over what it loses, `web` does not. One call that was handed over
 * has no end.
 */
export function sampleStorm(): Readonly<Record<string, object | string>> {
  const records: object[] = [];
  const tasks: object[] = [];
  const lines: object[] = [
    line('intake', 'verdict', 9, { kind: 'ignore', reason: 'ownCall', caller: role(OURS), eventId: 'none' }),
  ];
  let level = BUCKET.burst;
  let lost = 0;
  for (let second = 0; second < SECONDS; second++) {
    level = Math.min(BUCKET.burst, level + (second > 0 ? BUCKET.refillPerSecond : 0));
    for (let n = 0; n < 24; n++) {
      const by = n % 6 === 0 ? 'web' : 'cron';
      const id = `${second}-${n}`;
      const isAccepted = level-- > 0;
      if (!isAccepted) level = 0;
      records.push(
        record({
          id,
          by,
          second,
          family: by === 'web' ? 'page' : 'report',
          ...(isAccepted && { taskArn: taskArn(id) }),
        }),
      );
      if (isAccepted) tasks.push(ran(taskArn(id), second));
      else if (by === 'web')
        lines.push(
          line('intake', 'verdict', second + 5, {
            kind: 'ignore',
            reason: 'callerNotListed',
            eventId: `event-${id}`,
            caller: role(by),
          }),
        );
      else {
        const execution = `report-${id}`;
        const caller = role(by);
        lines.push(
          line('intake', 'verdict', second, {
            kind: 'rerun',
            messageId: `message-${id}`,
            handedOver: 'rejected',
            requestIds: [`request-${id}`],
            caller,
            execution,
          }),
        );
        // One never ends.
        if (lost++ === 40) continue;
        const arn = taskArn(`again-${id}`);
        records.push(record({ id: `again-${id}`, by: OURS, second: 10 + lost, taskArn: arn }));
        tasks.push(ran(arn, 10 + lost));
        lines.push(
          line('run-task', 'result', 10 + lost, {
            kind: 'started',
            callId: `call-${id}`,
            execution,
            caller,
            family: 'report',
            taskArns: [arn],
          }),
        );
      }
    }
  }
  lines.push(line('sweep', 'sweep', 7200, { cluster: '*', found: 0 }));
  return {
    'records/trail.json': { Records: records },
    'records/tasks.json': { tasks },
    'records/logs.jsonl': lines.map((each) => JSON.stringify(each)).join('\n'),
  };
}
