import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { ExecutionAlreadyExists } from '@aws-sdk/client-sfn';
import { describe, expect, test } from 'vitest';
import { requestDigest } from '../../../lambda/core/identity.ts';
import { noticeGroup } from '../../../lambda/core/notices/notice.ts';
import type { Settings } from '../../../lambda/core/settings.ts';
import type { Verdict } from '../../../lambda/core/verdict/verdict.ts';
import { makeVerdictApplier } from '../../../lambda/steps/apply-verdict.ts';
import { ANSWERED, type Answers, awsError, dependenciesWith, failing } from '../../support/dependencies.ts';
import { CRON_ROLE, decoded, EVENT_TIME_MS, eventText, NOW_MS, rerunOf, stoppedText } from '../../support/records.ts';
import { openTable } from '../../support/table.ts';

const input = rerunOf();
const RERUN: Verdict = { kind: 'rerun', name: 'report-1', input };
const REFUSE: Verdict = { kind: 'refuse', reason: 'noClientToken', caller: CRON_ROLE };
const record = { caller: CRON_ROLE, rootCallId: 'root', generation: 0, request: null };
const EVENT = decoded(eventText());
const launches = [
  { taskArn: 'a', atMs: 0, record },
  { taskArn: 'b', atMs: 0, record },
];

/** Carries one verdict out; `done` are the commands it took, in their order. */
async function acting(verdict: Verdict, answers: Answers = {}, settings: Partial<Settings> = {}, event = EVENT) {
  const world = dependenciesWith(answers, settings);
  const ending: unknown = await makeVerdictApplier(world.dependencies)(verdict, event).catch(
    (error: Error) => error.name,
  );
  return { ...world, ending, done: world.sent.map(({ name }) => name) };
}

/** What it takes to tell people once. */
const TELLING = ['BatchGetItemCommand', 'StartExecutionCommand', 'UpdateItemCommand', 'PutItemCommand'];

describe('a verdict is carried out', () => {
  test.each<[string, Verdict, string[]]>([
    ['ignored: not at all', { kind: 'ignore', reason: 'stale' }, []],
    ['recorded: by a launch record for each task', { kind: 'record', launches }, ['PutItemCommand', 'PutItemCommand']],
    [
      're-run: by one execution, under a name that is claimed first',
      RERUN,
      ['PutItemCommand', 'StartExecutionCommand'],
    ],
    [
      're-run for what is left of an accepted call: by its launch records first',
      { ...RERUN, launches },
      ['PutItemCommand', 'PutItemCommand', 'PutItemCommand', 'StartExecutionCommand'],
    ],
    ['refused: by telling people, and keeping that they know', REFUSE, TELLING],
    [
      'refused for what is left of an accepted call: its tasks may still fail to start',
      { ...REFUSE, launches },
      ['PutItemCommand', 'PutItemCommand', ...TELLING],
    ],
  ])('%s', async (_, verdict, done) => {
    const acted = await acting(verdict);
    expect(acted.done).toEqual(done);
    expect(acted.ending).toEqual(verdict);
  });

  test('as the very execution that the verdict names', async () => {
    const { named } = await acting(RERUN);
    const [start] = named('StartExecutionCommand');
    expect(start?.input).toMatchObject({ name: 'report-1', stateMachineArn: expect.stringContaining(':rerun') });
    expect(JSON.parse(start?.input.input)).toEqual(input);
  });

  test('once: whatever holds the name is this call', async () => {
    const exists = failing([new ExecutionAlreadyExists(ANSWERED)]);
    expect(await acting(RERUN, { sfn: exists })).toMatchObject({
      ending: { kind: 'duplicate', name: 'report-1' },
      done: ['PutItemCommand', 'StartExecutionCommand'],
    });
  });

  test.each([
    ['another request', { digest: { S: 'other' }, atMs: { N: String(EVENT_TIME_MS) } }],
    ['the same request of another day', { digest: { S: requestDigest(input.request) }, atMs: { N: '0' } }],
  ])('as a conflict, told at once, where its name stands for %s', async (_, Item) => {
    const taken = failing([new ConditionalCheckFailedException({ ...ANSWERED, Item })]);
    const { ending, named } = await acting(RERUN, { dynamoDb: taken });
    expect(ending).toEqual({ kind: 'refuse', reason: 'conflict', caller: CRON_ROLE, family: 'report' });
    expect(named('StartExecutionCommand').map((sent) => sent.input.stateMachineArn)).toEqual([
      expect.stringContaining(':digest'),
    ]);
  });

  test('as the call that it is where its name stands for this very request', async () => {
    const Item = { digest: { S: requestDigest(input.request) }, atMs: { N: String(EVENT_TIME_MS) } };
    const { ending } = await acting(RERUN, {
      dynamoDb: failing([new ConditionalCheckFailedException({ ...ANSWERED, Item })]),
    });
    expect(ending).toEqual(RERUN);
  });

  describe('as a refusal that people are told of', () => {
    /** Refuses over one table; `noticed` is how many notices were counted there. */
    function refusing() {
      const table = openTable();
      const world = table.open();
      const applyVerdict = makeVerdictApplier(world.dependencies);
      return {
        ...table,
        refuse: (changes: Parameters<typeof eventText>[0]) => applyVerdict(REFUSE, decoded(eventText(changes))),
        noticed: async () => {
          const { id } = noticeGroup(
            { kind: 'refused', reason: 'noClientToken', caller: CRON_ROLE, family: '' },
            NOW_MS,
          );
          return Number((await table.item(`notice#${id}`))?.notices?.N);
        },
      };
    }

    test('once for each call, however many records its attempts left and however often these come', async () => {
      const { refuse, noticed } = refusing();
      await refuse({ detail: { eventID: 'a' } });
      await refuse({ detail: { eventID: 'a' } });
      await refuse({ detail: { eventID: 'b' } });
      expect(await noticed()).toBe(1);
      await refuse({ detail: { eventID: 'c' }, request: { clientToken: 'of another call' } });
      expect(await noticed()).toBe(2);
    });

    test('once for each record where nothing says which records are of one call', async () => {
      const { refuse, noticed } = refusing();
      for (const eventID of ['a', 'a', 'b']) await refuse({ detail: { eventID, requestParameters: null } });
      expect(await noticed()).toBe(2);
    });

    test('again where it could not be done the first time', async () => {
      const world = dependenciesWith({ sfn: failing([awsError('AccessDeniedException')]) });
      await expect(makeVerdictApplier(world.dependencies)(REFUSE, EVENT)).rejects.toThrow();
      expect(world.named('PutItemCommand')).toEqual([]);
    });
  });

  test.each<[string, Verdict, Answers]>([
    ['its execution', RERUN, { sfn: failing([awsError('AccessDeniedException')]) }],
    ['its launch record', { ...RERUN, launches }, { dynamoDb: failing([awsError('AccessDeniedException')]) }],
    ['its notice', REFUSE, { sfn: failing([awsError('AccessDeniedException')]) }],
  ])('or fails, so that its event comes again: without %s', async (_, verdict, answers) => {
    expect((await acting(verdict, answers)).ending).toBe('AccessDeniedException');
  });
});

describe('while the stack only observes', () => {
  const observing = (verdict: Verdict, event = EVENT) => acting(verdict, {}, { mode: 'observe' }, event);
  const counts = ({ named }: Awaited<ReturnType<typeof acting>>) =>
    named('UpdateItemCommand').map(({ input: { ExpressionAttributeValues: values } }) =>
      Object.fromEntries(Object.keys(values).map((name) => [name.slice(1), values[name].N])),
    );

  test('nothing is started, and people are told what would have been', async () => {
    const observed = await observing(RERUN);
    expect(observed.ending).toEqual({ kind: 'ignore', reason: 'observeMode' });
    expect(observed.done).toEqual(TELLING);
    expect(observed.named('StartExecutionCommand')[0]?.input.stateMachineArn).toContain(':digest');
    expect(counts(observed)).toMatchObject([
      { hadParameters: '1', hadClientToken: '1', hadEnvironment: '1', wouldRerun: '1' },
    ]);
  });

  test.each([
    ['without a token', { request: { clientToken: undefined } }, { hadClientToken: '0' }],
    [
      'with hidden values',
      {
        request: {
          overrides: { containerOverrides: [{ name: 'app', environment: 'HIDDEN_DUE_TO_SECURITY_REASONS' }] },
        },
      },
      { hadClientToken: '1', hadEnvironment: '0' },
    ],
    ['without parameters', { detail: { requestParameters: null } }, { hadParameters: '0', hadEnvironment: '0' }],
  ])('a call %s is refused as ever, and counted with what its record held', async (_, changes, held) => {
    const refused = await observing(REFUSE, decoded(eventText(changes)));
    expect(refused.ending).toEqual(REFUSE);
    expect(refused.done).toEqual([...TELLING, ...TELLING]);
    expect(counts(refused)[0]).toMatchObject({ ...held, wouldRerun: '0' });
  });

  test('of a task that failed to start no record says anything yet', async () => {
    const observed = await observing(RERUN, decoded(stoppedText()));
    expect(counts(observed)).toMatchObject([{ hadParameters: '0', wouldRerun: '1' }]);
  });
});
