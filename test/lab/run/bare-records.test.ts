import { describe, expect, test } from 'vitest';
import { BareRecords } from '../../../lab/run/bare-records.ts';
import type { CallFate } from '../../../lab/run/fates.ts';
import type { Oracle } from '../../../lab/run/oracle.ts';

const CRON = 'arn:aws:iam::111122223333:role/cron';
const notice = (message: string) => ({ topicArn: '', subject: undefined, message, attributes: {}, at: 0 });
const NAMED = [notice('nothing'), notice(`Caller: ${CRON}`)];

interface Case {
  readonly verdict?: string;
  readonly handsOver?: boolean;
  readonly lostForGood?: boolean;
  readonly notices?: ReturnType<typeof notice>[];
}

function unreported({ verdict, handsOver = false, lostForGood = true, notices = NAMED }: Case): number {
  const oracle = { isLostForGood: () => lostForGood, saysHandsOver: () => handsOver } as unknown as Oracle;
  const records = new BareRecords(() => oracle);
  const fate = { call: { principal: { arn: 'arn:aws:sts::111122223333:assumed-role/cron/s' } } } as CallFate;
  records.delivered('event', fate);
  records.answered('another event', 'refuse bareRecord');
  if (verdict) records.answered('event', verdict);
  return records.unreported(notices);
}

describe('a bare record of a call that nobody can run', () => {
  test.each<[string, Case, number]>([
    ['is reported where it is refused and a notice names the caller', { verdict: 'refuse bareRecord' }, 0],
    ['is unreported where no notice names the caller', { verdict: 'refuse bareRecord', notices: [notice('x')] }, 1],
    [
      'is unreported where a notice names another whose name begins alike',
      { verdict: 'refuse bareRecord', notices: [notice(`Caller: ${CRON}-2`)] },
      1,
    ],
    ['is unreported where it is refused for another reason', { verdict: 'refuse missingParameters' }, 1],
    ['is unreported where it passes for nothing', { verdict: 'ignore notAThrottle' }, 1],
    ['is reported where its caller hands over', { verdict: 'ignore handedOver', handsOver: true, notices: [] }, 0],
    ['is unreported where that caller does not', { verdict: 'ignore handedOver' }, 1],
    ['is of no account where the call came back', { verdict: 'ignore notAThrottle', lostForGood: false }, 0],
  ])('%s', (_, given, expected) => {
    expect(unreported(given)).toBe(expected);
  });

  test('is left to whoever counts the unanswered where it has no verdict', () => {
    expect(unreported({})).toBe(0);
  });
});
