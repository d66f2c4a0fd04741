import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GIVE_UP_REASONS, REFUSE_REASONS } from '../../../../lambda/core/contract.ts';
import type { NoticePlace } from '../../../../lambda/core/notices/follow-up.ts';
import { type Notice, noticeGroup } from '../../../../lambda/core/notices/notice.ts';
import { PLACE } from '../../../support/dependencies.ts';
import { CRON_ROLE, EVENT_TIME_MS, OPS_USER } from '../../../support/records.ts';

const NOTICE: Notice = { kind: 'refused', reason: 'hiddenEnvironment', caller: CRON_ROLE, family: 'report' };
const MINUTE = 60_000;

describe('people are told once', () => {
  const { id } = noticeGroup(NOTICE, EVENT_TIME_MS);

  test('per caller, family, reason and hour', () => {
    expect(noticeGroup({ ...NOTICE }, EVENT_TIME_MS + 59 * MINUTE).id).toBe(id);
    expect(noticeGroup(NOTICE, EVENT_TIME_MS + 60 * MINUTE).id).not.toBe(id);
    expect(noticeGroup(NOTICE, EVENT_TIME_MS - 1).id).not.toBe(id);
  });

  test.each<[string, Partial<Notice>]>([
    ['caller', { caller: OPS_USER }],
    ['family', { family: 'other' }],
    ['reason', { reason: 'noClientToken' }],
    ['kind', { kind: 'gaveUp' }],
  ])('and again for another %s', (_, change) => {
    expect(noticeGroup({ ...NOTICE, ...change }, EVENT_TIME_MS).id).not.toBe(id);
  });

  test('whose hour ends on the hour', () => {
    expect(noticeGroup(NOTICE, EVENT_TIME_MS + 1).endsAt).toBe('2026-01-15T04:00:00.000Z');
    expect(noticeGroup(NOTICE, EVENT_TIME_MS).endsAt).toBe('2026-01-15T04:00:00.000Z');
  });

  test('under an id that an execution’s name can hold', () => {
    expect(`notice-${id}`).toMatch(/^[A-Za-z0-9-]{1,80}$/);
  });
});

describe('a subject', () => {
  test.each<[Partial<Notice>, string]>([
    [{}, 'ECS task report was not re-run: hiddenEnvironment'],
    [{ kind: 'gaveUp', reason: 'maxAttempts' }, 'ECS task report could not be re-run: maxAttempts'],
    [{ family: '' }, 'ECS task of unknown family was not re-run: hiddenEnvironment'],
  ])('for %j reads "%s"', (change, subject) => {
    expect(noticeGroup({ ...NOTICE, ...change }, EVENT_TIME_MS).subject).toBe(subject);
  });

  test('is one that SNS takes, whatever the family and the reason', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 300 }),
        fc.constantFrom(...REFUSE_REASONS, ...GIVE_UP_REASONS),
        (family, reason) => {
          expect(noticeGroup({ ...NOTICE, family, reason }, EVENT_TIME_MS).subject).toMatch(/^[\x20-\x7e]{1,100}$/);
        },
      ),
    );
  });
});

test.each([...REFUSE_REASONS, ...GIVE_UP_REASONS])('a message about %s says who, what, and what to do', (reason) => {
  const { message } = noticeGroup({ ...NOTICE, reason }, EVENT_TIME_MS);
  expect(message).toContain(`Reason: ${reason}\nFamily: report\nCaller: ${CRON_ROLE}\n\n`);
  expect(message).not.toContain('undefined');
  expect(message.split('\n\n')).toHaveLength(4);
});

test('a message about nobody in particular says so, and holds nothing but the notice', () => {
  const crafted = { ...NOTICE, caller: '', family: '', members: ['canary'], request: 'canary' };
  const group = noticeGroup(crafted, EVENT_TIME_MS);
  expect(group.message).toContain('Family: unknown\nCaller: unknown');
  expect(JSON.stringify(group)).not.toContain('canary');
});

describe('rejected attempts without a request', () => {
  const group = noticeGroup({ kind: 'refused', reason: 'bareRecord', caller: CRON_ROLE, family: '' }, EVENT_TIME_MS);

  test('are told of after the hour, by their number, and never as so many calls', () => {
    expect(group).toMatchObject({ tells: 'afterTheHour', counted: 'rejected attempts; 3 to 5 make one call' });
    expect(noticeGroup(NOTICE, EVENT_TIME_MS)).toMatchObject({ tells: 'atOnce', counted: 'such calls in all' });
  });

  test('are told of with the lines of the configuration that would bring such calls back', () => {
    expect(group.message).toContain('docs/hand-over.md');
    const [line = ''] = group.message.split('\n').filter((text) => text.startsWith('"callers"'));
    expect(JSON.parse(`{${line}}`)).toEqual({ callers: [{ arn: CRON_ROLE, handsOver: true }] });
  });

  test('of a caller that is only observed are told of as the other observed calls are', () => {
    const observed = noticeGroup(
      { kind: 'observed', reason: 'observeMode', caller: CRON_ROLE, family: '' },
      EVENT_TIME_MS,
    );
    expect(observed.tells).toBe('atOnce');
  });
});

describe('nobody is asked to repeat by hand', () => {
  const messageOf = (reason: Notice['reason'], callerHandsOver: boolean) =>
    noticeGroup({ ...NOTICE, reason }, EVENT_TIME_MS, callerHandsOver).message;

  test.each([...REFUSE_REASONS, ...GIVE_UP_REASONS])('what its caller hands over: %s', (reason) => {
    expect(messageOf(reason, true)).not.toMatch(/by hand|\{repeat/i);
  });

  test('what has no request in its record, by whomever', () => {
    expect(messageOf('bareRecord', false)).not.toContain('by hand');
    expect(messageOf('tooLarge', false)).toContain('Repeat the call by hand.');
    expect(messageOf('tooLarge', true)).toContain('Hand the call over again under a new key.');
  });
});

describe('what somebody wrote in place of a name', () => {
  const PHISHING = 'report\n\nACTION REQUIRED: log in at https://evil.example/aws';

  test.each<[string, Partial<Notice>]>([
    ['a family', { family: PHISHING }],
    ['a family that goes on', { family: 'report\u202eevil' }],
    ['a caller', { caller: PHISHING }],
    ['an ARN that goes on', { caller: `${CRON_ROLE}\nhttps://evil.example` }],
    ['a link in an ARN', { caller: 'arn:aws:iam::111122223333:role/https://evil.example/x' }],
    ['an address', { caller: 'www.evil.example' }],
    ['a control sequence', { family: '\u001b[2Jreport' }],
  ])('is not shown: %s', (_, changes) => {
    const group = noticeGroup({ ...NOTICE, ...changes }, EVENT_TIME_MS);
    const other = noticeGroup({ ...NOTICE, ...('family' in changes ? { family: '' } : { caller: '' }) }, EVENT_TIME_MS);
    // And all such texts make one group: nobody can have a mail sent for each.
    expect(group).toEqual(other);
  });

  test('leaves a message as many lines as any, and no text that is not ours or a name', () => {
    const lines = noticeGroup(NOTICE, EVENT_TIME_MS).message.split('\n').length;
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (caller, family) => {
        const { message } = noticeGroup({ ...NOTICE, caller, family }, EVENT_TIME_MS);
        expect(message.split('\n')).toHaveLength(lines);
        expect(message).toMatch(/^[\x20-\x7e\n’]*$/);
      }),
    );
  });

  test.each([CRON_ROLE, OPS_USER, 'AROAEXAMPLEEXAMPLE123', 'arn:aws-cn:events:cn-north-1:111122223333:rule/nightly'])(
    'but %s is a name',
    (caller) => {
      expect(noticeGroup({ ...NOTICE, caller }, EVENT_TIME_MS).message).toContain(`Caller: ${caller}\n`);
    },
  );
});

describe('a message that can be acted on', () => {
  const EXECUTION = 'arn:aws:states:us-east-1:111122223333:execution:rerun:report-0900';
  const at = '2026-01-15T03:00:00.000Z';
  const linesOf = (changes: Partial<Notice>, place: Partial<NoticePlace> = {}) =>
    noticeGroup({ ...NOTICE, ...changes }, EVENT_TIME_MS, false, { ...PLACE, ...place }).message.split('\n');

  test('says where and when the first was and what it is found by, and knows our own role', () => {
    const first = { cluster: 'batch', at, trace: { kind: 'event', id: 'e-1234' } } as const;
    expect(linesOf({ first }, { ownRoleArn: CRON_ROLE }).slice(2, 10)).toEqual([
      'Reason: hiddenEnvironment',
      'Family: report',
      `Caller: ${CRON_ROLE} (this stack)`,
      'Account: 111122223333',
      'Region: us-east-1',
      'Cluster: batch',
      `First call: ${at}`,
      'CloudTrail event: e-1234',
    ]);
  });

  test('links the execution in the console of its partition, and has the command that redrives it', () => {
    const lines = linesOf({ reason: 'maxAttempts', first: { trace: { kind: 'execution', arn: EXECUTION } } });
    expect(lines).toContain(
      `Execution: https://us-east-1.console.aws.amazon.com/states/home?region=us-east-1#/v2/executions/details/${EXECUTION}`,
    );
    expect(lines).toContain(`aws stepfunctions redrive-execution --region us-east-1 --execution-arn ${EXECUTION}`);
  });

  test('has the command that starts a sweep where no execution holds the call', () => {
    const lines = linesOf({
      reason: 'roleOverride',
      first: { cluster: 'batch', at, trace: { kind: 'event', id: 'e' } },
    });
    expect(lines).toContain(
      `aws stepfunctions start-execution --region us-east-1 --state-machine-arn {sweepStateMachineArn} --input '{"cluster":"batch","since":"${at}"}'`,
    );
  });

  test.each<[string, Partial<Notice>]>([
    ['nothing brings the call back', { reason: 'partlyRan', first: { trace: { kind: 'execution', arn: EXECUTION } } }],
    ['only its caller has the request', { reason: 'roleOverride', first: { trace: { kind: 'message', id: 'm' } } }],
    ['nothing names it', { reason: 'maxAttempts' }],
    ['it was only observed', { kind: 'observed', reason: 'observeMode', first: { trace: { kind: 'event', id: 'e' } } }],
  ])('has no command where %s', (_, changes) => {
    expect(linesOf(changes).filter((line) => line.startsWith('aws '))).toEqual([]);
  });

  test('leads to the runbook, and to a query of its hour, reason and caller', () => {
    const lines = linesOf({});
    expect(lines).toContain('Runbook: {runbook}#reasons');
    const [query = ''] = lines.filter((line) => line.startsWith('All of them, one by one: https://'));
    const text = query.replaceAll(/\*([0-9a-f]{2})/g, (_, code) => String.fromCharCode(Number.parseInt(code, 16)));
    expect(text).toContain(`| filter reason = "hiddenEnvironment"\n| filter caller = "${CRON_ROLE}"\n`);
    expect(text).toContain("end~'2026-01-15T04:00:00.000Z~start~'2026-01-15T03:00:00.000Z");
    expect(text).toContain('~source~({logGroups})');
  });

  test.each<[string, NonNullable<Notice['first']>]>([
    ['an execution', { trace: { kind: 'execution', arn: `${EXECUTION}; rm -rf` } }],
    ['an execution that is none', { trace: { kind: 'execution', arn: 'https://evil.example' } }],
    ['an event', { trace: { kind: 'event', id: 'https://evil.example' } }],
    ['a message', { trace: { kind: 'message', id: 'call 0900 now' } }],
    ['a task', { trace: { kind: 'task', arn: "arn:aws:ecs:us-east-1:111122223333:task/a'b" } }],
    ['a cluster', { cluster: "batch' --evil '" }],
    ['an instant', { at: '2026 call 0900' }],
  ])('shows nothing in place of what is no name of AWS’s: %s', (_, first) => {
    expect(linesOf({ reason: 'maxAttempts', first })).toEqual(linesOf({ reason: 'maxAttempts', first: {} }));
  });
});
