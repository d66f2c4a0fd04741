import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeEvent, decodeHistoryRecord } from '../../../lambda/core/events/event.ts';
import { decodeHandOver } from '../../../lambda/core/events/hand-over.ts';
import { parseJson } from '../../../lambda/core/json.ts';
import { eventText, HOME } from '../../support/records.ts';

const nested = (levels: number) => `${'{"a":['.repeat(levels / 2)}1${']}'.repeat(levels / 2)}`;

describe('a text', () => {
  test('is what it says, whatever that is', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(parseJson(JSON.stringify(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  test.each(['', '{', 'undefined', '"', '"\\', '{"a":1}}'])('that is no JSON is nothing: %s', (text) => {
    expect(parseJson(text)).toBeUndefined();
  });

  test('may hold any brackets in its strings', () => {
    const value = { text: '[{'.repeat(5000), quoted: '\\"[['.repeat(500) };
    expect(parseJson(JSON.stringify(value))).toEqual(value);
  });

  test('is nothing where it is nested deeper than anybody can walk', () => {
    expect(parseJson(nested(200))).toBeDefined();
    expect(parseJson(nested(202))).toBeUndefined();
  });
});

describe('ten thousand levels are malformed, wherever they stand', () => {
  const deep = (member: object) => JSON.stringify(member).replace('"DEEP"', nested(10_000));
  const { detail, ...envelope } = JSON.parse(eventText());
  const record = { ...detail, requestParameters: 'DEEP' };

  test.each([
    ['an event', () => decodeEvent(deep({ ...envelope, detail: record }))],
    ['a record of the history', () => decodeHistoryRecord(deep(record))],
    [
      'a message',
      () => {
        const body = deep({ request: 'DEEP', key: 'k' });
        return decodeHandOver({ messageId: 'm', body, sentAtMs: 0, caller: { principalArn: 'arn' } }, HOME);
      },
    ],
  ])('%s', (_, decode) => {
    expect(decode()).toHaveProperty('problems');
  });
});
