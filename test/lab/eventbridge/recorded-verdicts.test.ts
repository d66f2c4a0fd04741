import { describe, expect, it } from 'vitest';
import { verdict } from '../../../lab/lab-match.ts';

/**
 * What EventBridge itself answered to TestEventPattern: facts that LocalStack recorded for its own tests.
 * https://github.com/localstack/localstack/tree/main/tests/aws/services/events/event_pattern_templates
 */
interface Recorded {
  readonly pattern: string;
  readonly matches?: readonly string[];
  readonly misses?: readonly string[];
}

const judge = (pattern: string, event: string): string => verdict(`{"pattern":${pattern},"event":${event}}`);

/** The field `detail.k`, and events without it. */
const leaf = (alternative: string): string => `{"detail":{"k":[${alternative}]}}`;
const value = (json: string): string => `{"detail":{"k":${json}}}`;
const ABSENT = '{"detail":{}}';

/** What `anything-but` negates; a field that is null or a number is anything but that, an absent one is nothing. */
const negated = (operand: string): Recorded => ({
  pattern: leaf(`{"anything-but":${operand}}`),
  matches: [value('null'), value('"other"'), value('123')],
  misses: [ABSENT],
});

const RECORDED: Readonly<Record<string, Recorded>> = {
  'anything-but a string': negated('"init"'),
  'anything-but strings': negated('["init","stop"]'),
  'anything-but a prefix': negated('{"prefix":"init"}'),
  'anything-but prefixes': negated('{"prefix":["init","stop"]}'),
  'anything-but a suffix': negated('{"suffix":"init"}'),
  'anything-but suffixes': negated('{"suffix":["init","stop"]}'),
  'anything-but a wildcard': negated('{"wildcard":"in*it"}'),
  'anything-but wildcards': negated('{"wildcard":["in*it","s*"]}'),
  'anything-but the wildcard of nothing': negated('{"wildcard":""}'),
  'anything-but in any case': negated('{"equals-ignore-case":"INIT"}'),
  'anything-but several in any case': negated('{"equals-ignore-case":["INIT","Stop"]}'),
  'anything-but zero': { pattern: leaf('{"anything-but":0}'), matches: [value('789')], misses: [value('0'), ABSENT] },
  'null is not an empty array': { pattern: '{"resources":[null]}', misses: ['{"resources":[]}'] },
  'no number is an address': { pattern: leaf('{"cidr":"10.0.0.0/24"}'), misses: [value('123')] },
  'an address of IPv6 with all its zeros': {
    pattern: leaf('{"cidr":"2001:db8:1234:1a00::/64"}'),
    matches: [value('"2001:0db8:1234:1a00:0000:0000:0000:0000"')],
    misses: [value('"2001:0db8:123f:1a01:0000:0000:0000:0000"')],
  },
  'absence beside another alternative': {
    pattern: '{"a":{"b":{"S":[{"anything-but":["roses"]},{"exists":false}]}}}',
    matches: ['{"a":{"c":{"N":"789"}}}', '{"a":{"b":{"S":"lilies"}}}'],
    misses: ['{"a":{"b":{"S":"roses"}}}'],
  },
  'presence makes what stands beside it needless': {
    pattern: leaf('{"exists":true},{"prefix":"x"},{"suffix":"x"}'),
    matches: [value('"y"')],
    misses: [ABSENT],
  },
  'an object is not there, its members are': {
    pattern: leaf('{"exists":true}'),
    misses: [value('{"S":"test"}')],
  },
  'one of several elements has the member': {
    pattern: '{"detail":{"k":{"id":[{"exists":true}]}}}',
    matches: [value('[{"key1":"x"},{"id":"x"},{"key2":"x"}]')],
    misses: [value('[{"key1":"x"},{"key2":"x"}]')],
  },
  'a dotted name in the event is a path': {
    pattern: '{"detail":{"state":{"status":["running"]}}}',
    matches: ['{"detail":{"state.status":"running"}}'],
  },
  'a dotted name in the pattern is a path': {
    pattern: '{"detail":{"state.status":["running"]}}',
    matches: ['{"detail":{"state":{"status":"running"}}}'],
  },
  'of a name written twice in the pattern the last counts': {
    pattern: '{"detail":{"k":[{"prefix":"us-"}],"k":[{"anything-but":"us-east"}]}}',
    matches: [value('"eu-central-1"')],
    misses: [value('"us-east"')],
  },
  'a star and a backslash are plain in an exact string': {
    pattern: leaf('"*","\\\\"'),
    matches: [value('"*"'), value('"\\\\"')],
    misses: [value('"x"'), value('"**"')],
  },
};

const REFUSED: readonly string[] = [
  ...['["not","an","object"]', '{"resources":[]}', '{"int":42}', '{"string":"my-value"}'],
  ...['{"NUMERIC":["=",5]}', '{"EXISTS":true}'].map(leaf),
  ...['[">",0,">",0]', '[">",0,"<"]'].map((terms) => leaf(`{"numeric":${terms}}`)),
  ...['null', '["x",null]', '{"prefix":{"equals-ignore-case":"x"}}', '{"suffix":{"equals-ignore-case":"x"}}']
    .concat('{"prefix":123}', '{"suffix":123}', '{"wildcard":123}', '{"equals-ignore-case":123}')
    .concat('{"prefix":[123,"x"]}', '{"suffix":[123,"x"]}', '{"wildcard":[123,"x"]}')
    .map((operand) => leaf(`{"anything-but":${operand}}`)),
  ...['["x"]', '{"prefix":"ec2"}'].map((operand) => leaf(`{"equals-ignore-case":${operand}}`)),
  ...['"bad"', '"10.0.0.0/xx"', '"xx.11.xx/8"', '["bad-type"]', '"xxxx:db8:1234:1a00::/64"'].map((operand) =>
    leaf(`{"cidr":${operand}}`),
  ),
  leaf('{"wildcard":"arn:aws:events:us-east-1:**:event-bus/*"}'),
];

describe.each(Object.entries(RECORDED))('as the service: %s', (_sentence, { pattern, matches = [], misses = [] }) => {
  it.each(matches)(`${pattern} matches %s`, (event) => expect(judge(pattern, event)).toBe('true'));
  it.each(misses)(`${pattern} misses %s`, (event) => expect(judge(pattern, event)).toBe('false'));
});

describe('as the service refuses', () => {
  it.each(REFUSED)('%s', (pattern) => expect(judge(pattern, value('"x"'))).toMatch(/^error: /));
});
