import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { ExecutionAlreadyExists, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { type Notice, type NoticeGroup, noticeGroup, OBSERVED, type Observed } from '../core/notices/notice.ts';
import { callerEntry } from '../core/opt-in/opt-in.ts';
import type { HandlerDependencies } from '../runtime/ports.ts';
import { retrying } from '../runtime/sdk-retry.ts';
import { ITEMS } from '../state/items.ts';

/**
 * So many groups a function names by their family; of others it tells by reason and caller. Whoever can choose names, where
 * any family is listed, must not be able to bury people in mail.
 */
const MOST_NAMED = 10;

/** Notifies people about calls that were not brought back. */
export interface Notifier {
  /** Counts a notice and, if given, which properties the observed call has. */
  notify(notice: Notice, observed?: Observed): Promise<void>;
}

/**
 * Counts notices by group and starts one digest execution per group, which tells of the first at once and of the rest
 * when the hour is over, or of all then. The digest is started before anything is counted: a crash in between miscounts, but tells.
 */
export function makeNotifier({ environment, clients, ...ports }: HandlerDependencies<'sfn' | 'dynamoDb'>): Notifier {
  const stateMachineArn = environment.variable('digestStateMachineArn');
  const tableName = environment.variable('tableName');
  const place = {
    ...environment.awsEnvironment,
    ownRoleArn: environment.variable('runTaskRoleArn'),
    digestStateMachineArn: stateMachineArn,
  };
  let notified = new Set<string>();
  /** Groups with a family, in the hour that ends then. */
  let named = { until: '', groups: 0 };

  async function startDigest(group: NoticeGroup): Promise<void> {
    const command = new StartExecutionCommand({
      stateMachineArn,
      name: `notice-${group.id}`,
      input: JSON.stringify(group),
    });
    try {
      await retrying(ports, () => clients.sfn.send(command));
    } catch (error) {
      if (!(error instanceof ExecutionAlreadyExists)) throw error;
    }
  }

  return {
    async notify(notice, observed) {
      const nowMs = ports.clock.now();
      const callerHandsOver = callerEntry(notice.caller, environment.settings.callers)?.handsOver;
      const groupOf = (given: Notice) => noticeGroup(given, nowMs, callerHandsOver, place);
      let group = groupOf(notice);
      if (notice.family !== '' && !notified.has(group.id)) {
        if (named.until !== group.endsAt) named = { until: group.endsAt, groups: 0 };
        if (named.groups >= MOST_NAMED) group = groupOf({ ...notice, family: '' });
        else named.groups += 1;
      }
      const names = observed ? OBSERVED : [];
      if (!notified.has(group.id)) {
        await startDigest(group);
        // Groups end with their hour. A warm function must not collect them for days.
        notified = notified.size < 1000 ? notified.add(group.id) : new Set([group.id]);
      }
      await retrying(ports, () =>
        clients.dynamoDb.send(
          new UpdateItemCommand({
            TableName: tableName,
            Key: { id: { S: ITEMS.notice.id(group.id) } },
            UpdateExpression: `ADD ${['notices :notices', ...names.map((name) => `${name} :${name}`)].join(', ')} SET expiresAt = :expiresAt, lastAt = :lastAt`,
            ExpressionAttributeValues: {
              ':notices': { N: '1' },
              ...Object.fromEntries(names.map((name) => [`:${name}`, { N: observed?.[name] ? '1' : '0' }])),
              ':lastAt': { S: new Date(nowMs).toISOString() },
              ':expiresAt': { N: String(Math.ceil(nowMs / 1000) + ITEMS.notice.retentionSeconds) },
            },
          }),
        ),
      );
    },
  };
}
