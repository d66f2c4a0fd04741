import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GIVE_UP_REASONS, REFUSE_REASONS } from '../../../../lambda/core/contract.ts';
import { type Notice, noticeGroup } from '../../../../lambda/core/notices/notice.ts';
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

test('a message says where the first was and what it is found by, and knows our own role', () => {
  const first = { cluster: 'batch', at: '2026-01-15T03:00:00Z', foundBy: 'CloudTrail event 1234' };
  const where = { account: '111122223333', region: 'us-east-1', ownRoleArn: CRON_ROLE };
  const { message } = noticeGroup({ ...NOTICE, first }, EVENT_TIME_MS, false, where);
  for (const line of [
    `Caller: ${CRON_ROLE} (this stack)`,
    'Account: 111122223333',
    'Region: us-east-1',
    'Cluster: batch',
    'First at: 2026-01-15T03:00:00Z',
    'First found by: CloudTrail event 1234',
  ]) {
    expect(message.split('\n')).toContain(line);
  }
});
