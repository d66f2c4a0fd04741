import { describe, expect, test } from 'vitest';
import { makeHandler } from '../../../lambda/run-task.ts';
import type { Answer } from '../../support/dependencies.ts';
import {
  acceptedText,
  CREATED_MS,
  CRON_ROLE,
  EVENT_TIME_MS,
  OWN_ROLE,
  stoppedVerdictOn,
  TASK_ARN,
} from '../../support/records.ts';
import { openTable } from '../../support/table.ts';

const MINUTE = 60_000;
const verdict = stoppedVerdictOn();
const rerun = verdict.kind === 'rerun' ? verdict.input : undefined;
const hidden = { containerOverrides: [{ name: 'app', environment: 'HIDDEN_DUE_TO_SECURITY_REASONS' }] };
const recordOf = (taskArns: string[]) => {
  const { detail } = JSON.parse(acceptedText(taskArns, [], { request: { overrides: hidden } }));
  return { CloudTrailEvent: JSON.stringify(detail) };
};

/** Completes the request of the failed start, so many minutes after it stopped. */
async function completing(afterMinutes: number, cloudTrail: Answer = () => ({}), stored?: object, table = openTable()) {
  const world = table.open({}, { cloudTrail });
  world.at(EVENT_TIME_MS + afterMinutes * MINUTE);
  if (stored) await table.put({ id: { S: `launch#${TASK_ARN}` }, record: { S: JSON.stringify(stored) } });
  const startedAt = new Date(EVENT_TIME_MS).toISOString();
  const payload = { step: 'complete', startedAt, rerun, progress: null, permit: null };
  const end: unknown = await makeHandler(world.dependencies)(payload).catch((error: Error) => [
    error.name,
    error.message,
  ]);
  return { ...world, items: table.items, end, lookUps: world.named('LookupEventsCommand').map(({ input }) => input) };
}

const STORED = { caller: CRON_ROLE, rootCallId: 'root', generation: 0, request: { taskDefinition: 'report:3' } };

describe('the request of a task that failed to start', () => {
  test('is completed from its launch record', async () => {
    const { end, lookUps } = await completing(20, undefined, STORED);
    expect(end).toMatchObject({
      next: 'attempt',
      rerun: {
        call: { caller: CRON_ROLE },
        request: { taskDefinition: 'arn:aws:ecs:us-east-1:111122223333:task-definition/report:3', count: 1 },
        lineage: { generation: 1 },
      },
    });
    expect(lookUps).toEqual([]);
  });

  test('is looked up in the minute of its launch, page by page, and all that is found on the way is kept', async () => {
    const pages = [{ Events: [recordOf(['other'])], NextToken: '2' }, { Events: [recordOf([TASK_ARN])] }];
    const { end, lookUps, items, told } = await completing(21, ({ input }) => pages[input.NextToken ? 1 : 0]);
    expect(end).toMatchObject({
      next: 'attempt',
      rerun: { request: { overrides: { containerOverrides: [{ environment: [{ value: 'canary-value' }] }] } } },
    });
    expect(lookUps.map(({ NextToken }) => NextToken)).toEqual([undefined, '2']);
    const minute = Math.floor(CREATED_MS / MINUTE) * MINUTE;
    expect(lookUps[0]).toMatchObject({ StartTime: new Date(minute - 5000), EndTime: new Date(minute + MINUTE + 5000) });
    expect((await items()).map(({ id }) => id?.S)).toEqual(
      expect.arrayContaining(['launch#other', `launch#${TASK_ARN}`]),
    );
    expect(told()).not.toContain('canary');
  });

  test('that cannot be found is refused', async () => {
    const { end, lookUps } = await completing(21, () => ({ Events: [] }));
    expect([end, lookUps.length]).toEqual([['Refused', 'launchUnknown'], 1]);
  });

  test('is looked up for seconds at a time: the workflow waits, and the next one goes on where this one stopped', async () => {
    const table = openTable();
    const tokens: unknown[] = [];
    const page = (call: number) =>
      call < 8 ? { Events: [], NextToken: `page ${call}` } : { Events: [recordOf([TASK_ARN])] };
    const cloudTrail: Answer = ({ input }) => page(tokens.push(input.NextToken));
    const complete = (minutes: number) => completing(minutes, cloudTrail, undefined, table);
    const first = await complete(21);
    expect(first.end).toMatchObject({ next: 'waitForRecord' });
    expect(first.sleeps.reduce((sum, ms) => sum + ms, 0)).toBeLessThan(7000);
    const read = tokens.length;
    expect(read).toBeLessThan(8);
    expect((await complete(22)).end).toMatchObject({ next: 'attempt' });
    expect(tokens).toHaveLength(8);
    expect(tokens[read]).toBe(`page ${read}`);
  });

  test('is looked up once for all that were launched in that minute', async () => {
    const table = openTable();
    const stranger = { userIdentity: { arn: 'arn:aws:iam::111122223333:role/stranger' } };
    const { detail } = JSON.parse(acceptedText([TASK_ARN], [], { detail: stranger }));
    const answer: Answer = () => ({ Events: [{ CloudTrailEvent: JSON.stringify(detail) }] });
    const ends = [await completing(21, answer, undefined, table), await completing(21, answer, undefined, table)];
    for (const { end } of ends) expect(end).toMatchObject({ result: 'ignored', reason: 'callerNotListed' });
    expect(ends.map(({ lookUps }) => lookUps.length)).toEqual([1, 0]);
    expect(JSON.stringify(await table.items())).not.toContain('taskDefinition');
  });

  test('is that of the oldest of several records that name the task: who repeats a call did not make it', async () => {
    const record = (second: number, detail: object = {}) => {
      const eventTime = `2026-01-15T02:59:5${second}Z`;
      const { detail: text } = JSON.parse(acceptedText([TASK_ARN], [], { detail: { eventTime, ...detail } }));
      return { CloudTrailEvent: JSON.stringify(text) };
    };
    const stranger = { eventID: 'stranger', userIdentity: { arn: 'arn:aws:iam::111122223333:role/stranger' } };
    // The newest comes first, here on a page of its own.
    const pages = [{ Events: [record(9, stranger)], NextToken: '2' }, { Events: [record(8)] }];
    const { end } = await completing(21, ({ input }) => pages[input.NextToken ? 1 : 0]);
    expect(end).toMatchObject({ next: 'attempt', rerun: { call: { caller: CRON_ROLE } } });
  });

  test('of a caller that is not listed ends well, with its reason', async () => {
    const { end, named } = await completing(20, undefined, { ...STORED, caller: 'stranger' });
    expect(end).toEqual({ next: 'finish', result: 'ignored', reason: 'callerNotListed', taskArns: [] });
    expect(named('StartExecutionCommand')).toEqual([]);
  });

  test('that a service watches ends well: it starts its tasks again by itself', async () => {
    const { end, named } = await completing(20, undefined, { ...STORED, isWatched: true });
    expect(end).toEqual({ next: 'finish', result: 'ignored', reason: 'launcherRetries', taskArns: [] });
    expect(named('StartExecutionCommand')).toEqual([]);
  });

  test('is not taken from a launch of our own in the history, which says nothing of its lineage', async () => {
    const { detail } = JSON.parse(acceptedText([TASK_ARN], [], { detail: { userIdentity: { arn: OWN_ROLE } } }));
    const own = { CloudTrailEvent: JSON.stringify(detail) };
    const { end, items } = await completing(21, () => ({ Events: [own] }));
    expect(end).toEqual(['Refused', 'launchUnknown']);
    expect((await items()).filter(({ id }) => id?.S?.startsWith('launch#'))).toEqual([]);
  });

  test('after its last generation is given up, and people are told', async () => {
    const { end, named } = await completing(20, undefined, { ...STORED, generation: 3 });
    expect(end).toEqual(['GaveUp', 'maxGenerations']);
    expect(named('StartExecutionCommand')).toHaveLength(1);
  });
});
