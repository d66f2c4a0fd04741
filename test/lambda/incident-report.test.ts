import { describe, expect, test } from 'vitest';
import { INCIDENT_BEGIN, type IncidentState } from '../../lambda/core/notices/incident.ts';
import { INCIDENT_QUERIES, incidentQuestion } from '../../lambda/core/notices/incident-queries.ts';
import { makeHandler } from '../../lambda/incident-report.ts';
import { type Answer, dependenciesWith } from '../support/dependencies.ts';
import { NOW_MS } from '../support/records.ts';

const arn = (name: string) => `arn:aws:states:us-east-1:111122223333:stateMachine:${name}`;
const MINUTE = 60_000;
const STARTED_MS = NOW_MS - 20 * MINUTE;

/** What the services know: executions by state machine and status, alarms that are raised, answers of queries. */
interface Known {
  readonly running?: Readonly<Record<string, readonly { name: string; startDate: Date }[]>>;
  readonly last?: unknown;
  readonly raised?: number;
  readonly status?: string;
  readonly results?: (query: string) => object[][];
}

function openHandler({ running = {}, last, raised = 0, status = 'Complete', results = () => [] }: Known = {}) {
  const sfn: Answer = ({ name, input }) => {
    if (name === 'DescribeExecutionCommand') return { output: JSON.stringify(last) };
    if (input.statusFilter === 'SUCCEEDED') return { executions: last === undefined ? [] : [{ executionArn: 'last' }] };
    return { executions: running[input.stateMachineArn] ?? [] };
  };
  const logs: Answer = ({ name, input }) =>
    name === 'StartQueryCommand' ? { queryId: input.queryString } : { status, results: results(input.queryId) };
  const cloudWatch: Answer = () => ({ MetricAlarms: Array.from({ length: raised }, () => ({})) });
  const world = dependenciesWith({ sfn, logs, cloudWatch });
  const handler = makeHandler(world.dependencies);
  return {
    ...world,
    step: (state: IncidentState, trigger: unknown = {}, about: object = {}) =>
      handler({
        about: {
          rerunStateMachineArn: arn('rerun'),
          sweepStateMachineArn: arn('sweep'),
          alarmNames: ['storm', 'found'],
          logGroupNames: ['intake', 'sweep'],
          savedQueries: [],
          ...about,
        },
        execution: { name: 'own', stateMachineArn: arn('incident'), startedAt: new Date(STARTED_MS).toISOString() },
        trigger,
        state,
      }),
  };
}

const OWN_QUERIES = INCIDENT_QUERIES.filter((name) => incidentQuestion(name, 0).of === 'functions');
const own = { name: 'own', startDate: new Date(STARTED_MS) };
const older = { name: 'older', startDate: new Date(STARTED_MS - 1) };
const due = { phase: 'due', sinceMs: NOW_MS - 3_600_000, toMs: NOW_MS, rerunsUnderway: false, isOver: true } as const;
const oneCall = (query: string) =>
  query.includes('count_distinct(callId)')
    ? [
        [
          { field: 'calls', value: '1' },
          { field: 'failedStarts', value: '0' },
        ],
      ]
    : [];

describe('the watch over an incident', () => {
  test('lets a report go first that began before', async () => {
    const { step } = openHandler({ running: { [arn('incident')]: [own, older] } });
    expect(await step(INCIDENT_BEGIN.state)).toEqual({ next: 'wait', waitSeconds: 120, state: { phase: 'queued' } });
    const alone = openHandler({ running: { [arn('incident')]: [own] } });
    expect(await alone.step(INCIDENT_BEGIN.state)).toMatchObject({ next: 'wait', state: { phase: 'underway' } });
  });

  test.each<[string, Known]>([
    ['a re-run', { running: { [arn('rerun')]: [own] } }],
    ['a sweep', { running: { [arn('sweep')]: [own] } }],
    ['an alarm', { raised: 1 }],
  ])('goes on while %s is underway', async (_, known) => {
    const { step } = openHandler(known);
    const state = { phase: 'underway', toldMs: NOW_MS - MINUTE } as const;
    expect(await step(state)).toEqual({ next: 'wait', waitSeconds: 120, state });
  });

  test.each<[string, unknown, IncidentState, number]>([
    ['from before it began', undefined, { phase: 'underway' }, STARTED_MS - 10 * MINUTE],
    ['from where the report before ended', { to: STARTED_MS - MINUTE }, { phase: 'underway' }, STARTED_MS - MINUTE],
    [
      'from before it began, where the report before says nothing that can be read',
      {},
      { phase: 'underway' },
      STARTED_MS - 10 * MINUTE,
    ],
    ['from where it has told itself', { to: 5 }, { phase: 'underway', toldMs: NOW_MS - MINUTE }, NOW_MS - MINUTE],
  ])('makes a report due when all is at rest: %s', async (_, last, state, sinceMs) => {
    const { step } = openHandler({ last });
    expect(await step(state)).toEqual({
      next: 'wait',
      waitSeconds: 30,
      state: { ...due, sinceMs: Math.floor(sinceMs / 1000) * 1000, toMs: Math.ceil(NOW_MS / 1000) * 1000 },
    });
  });

  test('asks the logs for the whole seconds of its time, the last of which ends where the next report begins', async () => {
    const { step, named } = openHandler();
    const reply = await step(due);
    expect(reply).toMatchObject({ next: 'wait', waitSeconds: 10 });
    expect(
      named('StartQueryCommand').map(({ input }) => [input.logGroupNames, input.startTime, input.endTime]),
    ).toEqual(
      OWN_QUERIES.map((name) => [
        ['intake', 'sweep'],
        incidentQuestion(name, due.sinceMs).fromMs / 1000,
        due.toMs / 1000 - 1,
      ]),
    );
  });

  test('asks the log group of a trail too, where one is known', async () => {
    const { step, named } = openHandler();
    const reply = await step(due, {}, { trailLogGroupName: 'org/trail' });
    const groups = named('StartQueryCommand').map(({ input }) => input.logGroupNames);
    expect(groups).toEqual([...OWN_QUERIES.map(() => ['intake', 'sweep']), ['org/trail']]);
    expect(reply).toMatchObject({
      state: { queryIds: { downstream: incidentQuestion('downstream', due.sinceMs).text } },
    });
  });

  test.each(['ResourceNotFoundException', 'AccessDeniedException'])(
    'writes the report without the trail where it may not be read: %s',
    async (name) => {
      const { step, dependencies, lines } = openHandler({ results: oneCall });
      const { logs } = dependencies.clients;
      const send = logs.send.bind(logs) as (command: unknown) => Promise<unknown>;
      logs.send = ((command: { input: { logGroupNames?: string[] } }) =>
        command.input.logGroupNames?.includes('org/trail')
          ? Promise.reject(Object.assign(new Error(name), { name }))
          : send(command)) as never;
      const reply = await step(due, {}, { trailLogGroupName: 'org/trail' });
      expect(Object.keys((reply as { state: { queryIds: object } }).state.queryIds)).toEqual(OWN_QUERIES);
      expect(lines).toMatchObject([{ level: 'warn', query: 'downstream', error: name }]);
    },
  );

  test('tells of the trail’s answer', async () => {
    const field = (name: string, value: string) => ({ field: name, value });
    const row = [
      field('eventSource', 'ec2.amazonaws.com'),
      field('eventName', 'CreateNetworkInterface'),
      field('throttles', '3'),
    ];
    const { step } = openHandler({ results: (query) => (query === 'trail' ? [row] : oneCall(query)) });
    const reply = await step({ ...asked, queryIds: { ...asked.queryIds, downstream: 'trail' } });
    expect(reply).toMatchObject({
      next: 'tell',
      message: expect.stringContaining('  3 ec2 CreateNetworkInterface: ask for'),
    });
  });

  const asked = { ...due, queryIds: { throttled: 'count_distinct(callId)', outcomes: 'b', callers: 'c', bucket: 'd' } };

  test('tells what the logs say, and ends', async () => {
    const { step } = openHandler({ results: oneCall });
    expect(await step(asked)).toMatchObject({
      next: 'tell',
      subject: 'ECS throttling: 0 calls brought back, 0 not',
      message: expect.stringContaining('throttling took 1 calls'),
      after: { next: 'end', to: due.toMs },
    });
  });

  test('tells and goes on where the incident is not over, from where it told', async () => {
    const { step } = openHandler({ results: oneCall });
    expect(await step({ ...asked, isOver: false })).toMatchObject({
      next: 'tell',
      after: { next: 'wait', waitSeconds: 120, state: { phase: 'underway', toldMs: due.toMs } },
    });
  });

  test('ends without a word where there is nothing to tell', async () => {
    expect(await openHandler().step(asked)).toEqual({ next: 'end', to: due.toMs });
  });

  test('looks again while a query is underway, and asks anew where one failed', async () => {
    const running = openHandler({ status: 'Running', results: oneCall });
    expect(await running.step(asked)).toEqual({ next: 'wait', waitSeconds: 10, state: asked });
    const failed = openHandler({ status: 'Failed', results: oneCall });
    expect(await failed.step(asked)).toEqual({ next: 'wait', waitSeconds: 120, state: due });
    expect(failed.lines).toMatchObject([{ level: 'warn', query: 'throttled', status: 'Failed' }]);
  });

  test('never waits by itself, and leaves errors to the workflow, which tries again', async () => {
    const { step, sleeps, dependencies } = openHandler();
    dependencies.clients.logs.send = () => Promise.reject(new Error('out of service'));
    await expect(step(due)).rejects.toThrow('out of service');
    expect(sleeps).toEqual([]);
  });
});
