import { BatchGetItemCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, test, vi } from 'vitest';
import { synchronousCallId } from '../../lambda/core/identity.ts';
import type { Settings } from '../../lambda/core/settings.ts';
import { OWN_PRINCIPAL } from '../../lambda/core/verdict/recorded-call.ts';
import { makeHandler } from '../../lambda/sweep.ts';
import type { Answer, Answers } from '../support/dependencies.ts';
import {
  acceptedText,
  CREATED_MS,
  CRON_ROLE,
  EVENT_TIME_MS,
  eventText,
  HOME,
  NOW_MS,
  OWN_ROLE,
  SETTINGS,
  stoppedText,
  TASK_ARN,
} from '../support/records.ts';
import { openTable } from '../support/table.ts';

const MINUTE = 60_000;
const SYNCHRONOUS = 'report-2d6c138652489cfcc1df737a3a61a119';
const ASYNCHRONOUS = 'report-55c1f48c4b96f1f5b5f5a304ef9ebae3';
const recordOf = (text: string) => ({ CloudTrailEvent: JSON.stringify(JSON.parse(text).detail) });
/** ECS with one stopped task that failed to start. */
const oneFailedStart: Answer = ({ name }) =>
  name === 'ListTasksCommand' ? { taskArns: [TASK_ARN] } : { tasks: [JSON.parse(stoppedText()).detail] };

/** One function that sweeps, with a table. */
function openSweep(answers: Answers = {}, settings: Partial<Settings> = {}) {
  const table = openTable();
  const world = table.open(settings, answers);
  const handler = makeHandler(world.dependencies);
  return {
    ...table,
    ...world,
    begin: (trigger: unknown, execution = 'sweep-1') =>
      handler({ step: 'begin', trigger, execution, startedAt: new Date(NOW_MS).toISOString() }),
    pass: (reply: object, execution = 'sweep-1') => handler({ step: 'pass', execution, ...reply }),
    started: () => world.named('StartExecutionCommand').map(({ input }) => input.name),
  };
}
const BY_HAND = { cluster: 'batch', since: new Date(EVENT_TIME_MS).toISOString() };

describe('a sweep', () => {
  test('starts each candidate under the name that the intake would give it', async () => {
    const answers = { ecs: oneFailedStart, cloudTrail: () => ({ Events: [recordOf(eventText())] }) };
    const { begin, pass, started, metrics, told } = openSweep(answers);
    const reply = await pass(await begin(BY_HAND));
    expect(new Set(started())).toEqual(new Set([SYNCHRONOUS, ASYNCHRONOUS]));
    expect(reply).toMatchObject({ next: 'wait', state: { cluster: 'batch', quietPasses: 0 } });
    expect(metrics).toHaveLength(2);
    expect(told()).not.toContain('canary');
  });

  test('counts a candidate once, and does not start it again at its next pass', async () => {
    const { begin, pass, started, at } = openSweep({ ecs: oneFailedStart });
    const first = await pass(await begin(BY_HAND));
    at(NOW_MS + 5 * MINUTE);
    expect(await pass(first)).toMatchObject({ next: 'wait', state: { quietPasses: 1 } });
    expect(started()).toEqual([ASYNCHRONOUS]);
  });

  test('handles many candidates of a page at a time, and fails for one when nothing is underway any more', async () => {
    const Events = Array.from({ length: 50 }, (_, n) =>
      recordOf(eventText({ detail: { eventID: `${n}` }, request: { clientToken: `token-${n}` } })),
    );
    let underway = 0;
    let most = 0;
    const broken = new Set(['token-12']);
    const sfn: Answer = async ({ input }) => {
      most = Math.max(most, ++underway);
      await new Promise(setImmediate);
      underway -= 1;
      if (broken.has(JSON.parse(input.input).request.clientToken)) throw new Error('refused');
    };
    const { begin, pass, started } = openSweep({ cloudTrail: () => ({ Events }), sfn });
    // The tasks were read beside it.
    const read = await pass(await begin(BY_HAND));
    expect(read).toMatchObject({ next: 'pass', state: { pass: { clusters: [], isHistoryDone: false } } });
    expect([most, underway, new Set(started()).size]).toEqual([10, 0, 50]);
    // Without progress it fails, so that the workflow waits before it tries again.
    await expect(pass(read)).rejects.toThrow('refused');
    broken.clear();
    const before = started().length;
    expect(await pass(read)).toMatchObject({ next: 'wait' });
    expect(started()).toHaveLength(before + 1);
  });

  test('does not forget what it found on a page that has to be read again', async () => {
    const Events = ['one', 'two'].map((clientToken) => recordOf(eventText({ request: { clientToken } })));
    let isBroken = true;
    const sfn: Answer = ({ input }) => {
      if (isBroken && JSON.parse(input.input).request.clientToken === 'two') throw new Error('refused');
      return {};
    };
    const { begin, pass } = openSweep({ cloudTrail: () => ({ Events }), sfn });
    const read = await pass(await begin({ scheduled: true }));
    expect(read).toMatchObject({ next: 'pass', state: { pass: { isHistoryDone: false } } });
    isBroken = false;
    expect(await pass(read)).toMatchObject({ next: 'wait' });
    // One that nothing called for and that found nothing makes one pass.
    const idle = openSweep({ cloudTrail: () => ({ Events: [] }) });
    expect(await idle.pass(await idle.begin({ scheduled: true }))).toMatchObject({ next: 'end' });
  });

  test('reads pages that it read whole only once, however often the next one fails', async () => {
    const pages: (string | undefined)[] = [];
    let isBroken = true;
    const cloudTrail: Answer = ({ input }) => {
      pages.push(input.NextToken);
      if (input.NextToken === 'second' && isBroken) throw new Error('refused');
      return { Events: [], ...(input.NextToken === undefined && { NextToken: 'second' }) };
    };
    const { begin, pass } = openSweep({ cloudTrail });
    const progress = await pass(await begin(BY_HAND));
    expect(progress).toMatchObject({ next: 'pass', state: { pass: { historyToken: 'second' } } });
    // Without progress it fails, so that the workflow waits before it tries again.
    await expect(pass(progress)).rejects.toThrow('refused');
    isBroken = false;
    expect(await pass(progress)).toMatchObject({ next: 'wait' });
    expect(pages.filter((token) => token === undefined)).toHaveLength(1);
  });

  test('reads stopped tasks while others read the history, and has the workflow wait for that', async () => {
    const sweep = openSweep({ ecs: oneFailedStart });
    const begun = await sweep.begin(BY_HAND);
    const schedule = JSON.stringify({ nextAtMs: NOW_MS + MINUTE });
    await sweep.put({ id: { S: 'lookups' }, version: { N: '1' }, state: { S: schedule } });
    expect(await sweep.pass(begun)).toMatchObject({
      next: 'wait',
      waitUntil: new Date(NOW_MS + MINUTE).toISOString(),
      state: { pass: { found: 1, clusters: [], isHistoryDone: false } },
    });
    expect(sweep.named('LookupEventsCommand')).toEqual([]);
  });

  test('looks at a task of a stranger again as long as a listed caller’s record may come, and then starts it', async () => {
    const sweep = openSweep({ ecs: oneFailedStart });
    const keep = (caller: string) => {
      const request = { taskDefinition: 'report:3' };
      const record = JSON.stringify({ caller, rootCallId: 'root', generation: 0, request });
      return sweep.put({ id: { S: `launch#${TASK_ARN}` }, record: { S: record }, atMs: { N: String(CREATED_MS) } });
    };
    await keep('stranger');
    const first = await sweep.pass(await sweep.begin(BY_HAND));
    expect(sweep.started()).toEqual([]);
    await keep(CRON_ROLE);
    sweep.at(NOW_MS + 5 * MINUTE);
    await sweep.pass(first);
    expect(sweep.started()).toEqual([ASYNCHRONOUS]);
  });

  test('ends when it is quiet, and gives its lease back', async () => {
    const { begin, pass, at, items } = openSweep();
    const first = await pass(await begin(BY_HAND));
    at(NOW_MS + 20 * MINUTE);
    expect(await pass(first)).toEqual({ next: 'end', reason: 'quiet' });
    expect((await items()).filter(({ id }) => id?.S?.startsWith('sweep#'))).toEqual([]);
  });

  test('goes on where another one left a signal while it gave its lease back', async () => {
    const sweep = openSweep();
    const first = await sweep.pass(await sweep.begin(BY_HAND));
    sweep.at(NOW_MS + 20 * MINUTE);
    expect(await sweep.begin(BY_HAND, 'sweep-2')).toEqual({ next: 'end', reason: 'sweptByAnother' });
    expect(await sweep.pass(first)).toMatchObject({ next: 'wait', state: { lastSignAtMs: NOW_MS + 20 * MINUTE } });
  });

  test('ends where its lease was taken from it', async () => {
    const { begin, pass, at } = openSweep();
    const begun = await begin(BY_HAND);
    at(NOW_MS + 21 * MINUTE);
    await begin(BY_HAND, 'sweep-2');
    expect(await pass(begun)).toEqual({ next: 'end', reason: 'leaseLost' });
  });

  test('that nothing called for and that finds nothing looks once', async () => {
    const { begin, pass } = openSweep();
    expect(await pass(await begin({ scheduled: true }))).toEqual({ next: 'end', reason: 'quiet' });
  });

  test('is none for an input that is no trigger, with one line that says so', async () => {
    const { begin, lines, sent } = openSweep();
    expect(await begin({ canary: 1 })).toEqual({ next: 'end', reason: 'notATrigger' });
    expect(lines).toMatchObject([{ level: 'warn', message: 'sweep', ended: 'notATrigger' }]);
    expect(sent).toEqual([]);
  });

  test('stops reading a long history when its time is spent, and goes on where it stopped', async () => {
    const { begin, pass, named } = openSweep({ cloudTrail: () => ({ Events: [], NextToken: 'more' }) });
    const reply = await pass(await begin(BY_HAND));
    expect(reply).toMatchObject({ next: 'pass', state: { pass: { historyToken: 'more', isHistoryDone: false } } });
    // One at once, and one in each of 45 seconds.
    expect(named('LookupEventsCommand')).toHaveLength(46);
    await pass(reply);
    expect(named('LookupEventsCommand')[46]?.input.NextToken).toBe('more');
  });

  test('stops reading many stopped tasks when its time is spent, and goes on where it stopped', async () => {
    const ecs: Answer = ({ name, input }) =>
      name === 'ListTasksCommand'
        ? { taskArns: [TASK_ARN], nextToken: String(Number(input.nextToken ?? 0) + 1) }
        : { tasks: [] };
    const { begin, pass, named } = openSweep({ ecs });
    const reply = await pass(await begin({ cluster: '*' }));
    const pages = named('ListTasksCommand').length;
    // Two requests a page, five a second.
    expect(pages).toBe(113);
    expect(reply).toMatchObject({
      next: 'pass',
      state: { pass: { isHistoryDone: true, clusters: ['batch', 'default'], tasksToken: '113' } },
    });
    await pass(reply);
    expect(named('LookupEventsCommand')).toHaveLength(1);
    expect(named('ListTasksCommand')[pages]?.input).toMatchObject({ cluster: 'batch', nextToken: '113' });
  });

  test('goes on with the next cluster after the last page of one', async () => {
    const ecs: Answer = ({ input }) => ({ taskArns: [], nextToken: input.nextToken ? undefined : 'second' });
    const { begin, pass, named } = openSweep({ ecs });
    await pass(await begin({ cluster: '*' }));
    expect(named('ListTasksCommand').map(({ input }) => [input.cluster, input.nextToken])).toEqual([
      ['batch', undefined],
      ['batch', 'second'],
      ['default', undefined],
      ['default', 'second'],
    ]);
  });

  test('has proven nothing where a record could not be read, and says so', async () => {
    const { begin, pass, item, lines } = openSweep({ cloudTrail: () => ({ Events: [{ CloudTrailEvent: '{' }] }) });
    expect(await pass(await begin(BY_HAND))).toMatchObject({ next: 'wait' });
    expect(await item('coverage')).toBeUndefined();
    expect(lines).toContainEqual(expect.objectContaining({ level: 'warn', records: 1 }));
  });

  test('has proven nothing where a record of an earlier part of its pass could not be read', async () => {
    const { begin, pass, item } = openSweep();
    const begun = await begin({ cluster: 'batch' });
    const state = 'state' in begun ? begun.state : undefined;
    const underway = { startedAtMs: NOW_MS, found: 0, isHistoryDone: false, hasGaps: true };
    await pass({ state: { ...state, pass: underway } });
    expect(await item('coverage')).toBeUndefined();
  });

  test('by the clock begins where sweeps have got to, however long ago that was', async () => {
    const { begin, put } = openSweep();
    const covered = { fromMs: 0, toMs: NOW_MS - 300 * MINUTE };
    await put({ id: { S: 'coverage' }, version: { N: '1' }, state: { S: JSON.stringify(covered) } });
    expect(await begin({ scheduled: true })).toMatchObject({ state: { sinceMs: NOW_MS - 300 * MINUTE } });
  });

  test('says how far it has read, less what the history may still lack', async () => {
    const { begin, pass, item } = openSweep();
    await pass(await begin({ cluster: 'batch' }));
    const { fromMs, toMs } = JSON.parse((await item('coverage'))?.state?.S ?? '');
    expect([fromMs, toMs]).toEqual([NOW_MS - 60 * MINUTE, NOW_MS - 15 * MINUTE]);
  });

  test('keeps what ECS accepted, once: as launch records, and as no call to make late', async () => {
    const { begin, pass, items, started, dependencies } = openSweep({
      cloudTrail: () => ({ Events: [recordOf(acceptedText())] }),
    });
    const send = vi.spyOn(dependencies.clients.dynamoDb, 'send');
    await pass(await begin(BY_HAND));
    expect((await items()).map(({ id }) => id?.S)).toEqual(
      expect.arrayContaining([`launch#${TASK_ARN}`, 'accepted#38d6c654c9f31d9d60b174a5e88a1e3b']),
    );
    const written = send.mock.calls.map(([{ input }]) => ('Item' in input ? input.Item?.id?.S : undefined));
    expect(written.filter((id) => id?.startsWith('accepted#'))).toHaveLength(1);
    expect(started()).toEqual([]);
  });

  test('keeps launches of a caller who is listed since it last read of them', async () => {
    const { open, item } = openTable();
    const read = async (callers: Settings['callers']) => {
      const cloudTrail = () => ({ Events: [recordOf(acceptedText())] });
      const handler = makeHandler(open({ callers }, { cloudTrail }).dependencies);
      const ask = { execution: 'sweep-1', startedAt: new Date(NOW_MS).toISOString() };
      await handler({ step: 'pass', ...ask, ...(await handler({ step: 'begin', trigger: BY_HAND, ...ask })) });
    };
    await read([]);
    expect(JSON.parse((await item(`launch#${TASK_ARN}`))?.record?.S ?? '')).toMatchObject({ request: null });
    await read(SETTINGS.callers);
    const { request } = JSON.parse((await item(`launch#${TASK_ARN}`))?.record?.S ?? '');
    expect(request).toMatchObject({ clientToken: expect.any(String) });
  });

  test('looks up all that a page names in one request, and nothing of it again', async () => {
    const events = Array.from({ length: 30 }, (_, n) =>
      recordOf(
        acceptedText([`${TASK_ARN}${n}`], [], {
          request: { clientToken: `token-${n}` },
          detail: { eventID: `event-${n}` },
        }),
      ),
    );
    const { begin, pass, named, dependencies } = openSweep({ cloudTrail: () => ({ Events: events }) });
    const send = vi.spyOn(dependencies.clients.dynamoDb, 'send');
    const begun = await begin(BY_HAND);
    await pass(begun);
    await pass(begun);
    expect(named('LookupEventsCommand').length).toBeGreaterThan(1);
    const batches = send.mock.calls.flatMap(([command]) =>
      command instanceof BatchGetItemCommand ? command.input : [],
    );
    const accepted = batches
      .map(({ RequestItems }) => RequestItems?.state?.Keys ?? [])
      .filter(([key]) => key?.id?.S?.startsWith('accepted#'));
    expect(accepted.map(({ length }) => length)).toEqual([30]);
  });

  describe('of a call whose acceptance is known', () => {
    const ACCEPTED = 'accepted#38d6c654c9f31d9d60b174a5e88a1e3b';
    /** What a sweep writes of records, where the acceptance of a call was kept that was made so long after. */
    async function written(laterMs: number, callId = ACCEPTED, detail = {}, mark: object = { launchesKept: true }) {
      const { begin, pass, put, item, dependencies } = openSweep({
        cloudTrail: () => ({ Events: [recordOf(acceptedText([TASK_ARN], [], { detail }))] }),
      });
      const atMs = EVENT_TIME_MS + laterMs;
      const acceptance = { atMs, taskArns: ['known'], digest: 'digest', ...mark };
      await put({ id: { S: callId }, atMs: { N: String(atMs) }, record: { S: JSON.stringify(acceptance) } });
      const send = vi.spyOn(dependencies.clients.dynamoDb, 'send');
      await pass(await begin(BY_HAND));
      const ids = send.mock.calls.flatMap(([{ input }]) => ('Item' in input ? [input.Item?.id?.S ?? ''] : []));
      const { taskArns } = JSON.parse((await item(callId))?.record?.S ?? '');
      return { ids: ids.filter((id) => /^(launch|accepted)#/.test(id)), taskArns };
    }

    test('nothing is written again', async () => {
      expect(await written(0)).toEqual({ ids: [], taskArns: ['known'] });
    });

    test('the launches are kept where it is of a later call under the same token', async () => {
      expect(await written(1000)).toEqual({ ids: [`launch#${TASK_ARN}`, ACCEPTED], taskArns: ['known'] });
    });

    test('the launches are kept where it was written when nobody kept them', async () => {
      const { ids } = await written(0, ACCEPTED, {}, {});
      expect(ids).toEqual([`launch#${TASK_ARN}`, ACCEPTED]);
    });

    test('a later one is kept in its place', async () => {
      expect(await written(-1000)).toEqual({ ids: [`launch#${TASK_ARN}`, ACCEPTED], taskArns: [TASK_ARN] });
    });

    test.each([
      ['nothing is written of our own', 0, 'known'],
      ['nothing is written of our own that was kept by a clock which is ahead', 1000, 'known'],
      ['our own takes the place of an earlier one', -1000, TASK_ARN],
    ])('%s', async (_, laterMs, kept) => {
      const { clientToken } = JSON.parse(acceptedText()).detail.requestParameters;
      const ours = synchronousCallId({ ...HOME, principal: OWN_PRINCIPAL, cluster: 'batch', clientToken });
      const { taskArns, ids } = await written(laterMs, `accepted#${ours}`, { userIdentity: { arn: OWN_ROLE } });
      expect([ids.length, taskArns]).toEqual([laterMs < 0 ? 1 : 0, [kept]]);
    });
  });

  test('tells people of what it may not repeat, and starts nothing while observing', async () => {
    const refused = recordOf(eventText({ request: { clientToken: undefined } }));
    const { begin, pass, started, lines } = openSweep({ cloudTrail: () => ({ Events: [refused] }) });
    await pass(await begin(BY_HAND));
    expect(started()).toEqual([expect.stringMatching(/^notice-/)]);
    expect(lines).toContainEqual(
      expect.objectContaining({ message: 'verdict', kind: 'refuse', reason: 'noClientToken' }),
    );
    const observing = openSweep({ ecs: oneFailedStart }, { mode: 'observe' });
    await observing.pass(await observing.begin(BY_HAND));
    expect(observing.started()).toEqual([expect.stringMatching(/^notice-/)]);
  });
});
