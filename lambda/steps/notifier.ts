import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { ExecutionAlreadyExists, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { type Notice, type NoticeGroup, noticeGroup, OBSERVED, type Observed } from './core/notice.ts';
import type { Wiring } from './ports.ts';
import { retrying } from './retrying.ts';

/** Tells people about calls that were not brought back. */
export interface People {
  /** Counts a notice and, where given, for which of some properties it is true. */
  tell(notice: Notice, observed?: Observed): Promise<void>;
}

/** How long a count outlives its hour, in seconds. */
const COUNT_RETENTION_SECONDS = 2 * 86_400;

/**
 * Counts notices by group and starts one digest execution per group, which tells of the first at once and of the rest
 * when the hour is over. The digest is started before anything is counted: a crash in between miscounts, but tells.
 */
export function makePeople({ environment, clients, ...ports }: Wiring<'sfn' | 'dynamoDb'>): People {
  const stateMachineArn = environment.variable('digestStateMachineArn');
  const tableName = environment.variable('tableName');
  let told = new Set<string>();

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
    async tell(notice, observed) {
      const nowMs = ports.clock.now();
      const group = noticeGroup(notice, nowMs);
      const names = observed ? OBSERVED : [];
      if (!told.has(group.id)) {
        await startDigest(group);
        // Groups end with their hour; a warm function must not remember them for days.
        told = told.size < 1000 ? told.add(group.id) : new Set([group.id]);
      }
      await retrying(ports, () =>
        clients.dynamoDb.send(
          new UpdateItemCommand({
            TableName: tableName,
            Key: { id: { S: `notice#${group.id}` } },
            UpdateExpression: `ADD ${['notices :notices', ...names.map((name) => `${name} :${name}`)].join(', ')} SET expiresAt = :expiresAt`,
            ExpressionAttributeValues: {
              ':notices': { N: '1' },
              ...Object.fromEntries(names.map((name) => [`:${name}`, { N: observed?.[name] ? '1' : '0' }])),
              ':expiresAt': { N: String(Math.ceil(nowMs / 1000) + COUNT_RETENTION_SECONDS) },
            },
          }),
        ),
      );
    },
  };
}
