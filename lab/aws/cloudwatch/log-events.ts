import { AwsError, UnsupportedError } from '../../kernel/aws-service.ts';
import type { Json, JsonObject } from '../../kernel/json.ts';
import type { StoredLine } from './log-lines.ts';

const MAX_PAGE = 10_000;

/** The lines of one group that match, oldest first. Each group has one stream. */
export function filterEvents(lines: Iterable<StoredLine>, input: JsonObject): JsonObject {
  const { startTime, endTime, filterPattern, limit, nextToken } = input;
  const matches = compile(String(filterPattern ?? ''));
  const [from, to] = [Number(startTime ?? 0), Number(endTime ?? Number.POSITIVE_INFINITY)];
  const size = Number(limit ?? MAX_PAGE);
  const first = nextToken == null ? 0 : Number(nextToken);
  if (!Number.isInteger(first)) throw new AwsError('InvalidParameterException', 'The specified nextToken is invalid.');
  const events: JsonObject[] = [];
  let place = -1;
  for (const { at, text: message } of lines) {
    place += 1;
    if (place < first || at < from || at > to || !matches(message)) continue;
    if (events.length === size) return { events, nextToken: String(place) };
    const timestamp = Math.floor(at);
    const eventId = String(place).padStart(56, '0');
    events.push({ logStreamName: 'lab', timestamp, message, ingestionTime: timestamp, eventId });
  }
  return { events };
}

export const describeGroups = (names: Iterable<string>, { logGroupNamePrefix = '' }: JsonObject): JsonObject => ({
  logGroups: [...names]
    .filter((name) => name.startsWith(String(logGroupNamePrefix)))
    .map((logGroupName) => ({ logGroupName })),
});

type Matches = (message: string) => boolean;

/** `{ $.kind = "refuse" }`, also several with `&&`. */
const SELECTOR = /^\$\.([\w.]+)\s*(=|!=)\s*(?:"([^"]*)"|([\w.*-]+))$/;

/**
 * Of the filter syntax what people type: terms that must all be there, quoted or not, and comparisons of members for equality.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
 */
function compile(pattern: string): Matches {
  const text = pattern.trim();
  if (text.startsWith('{')) {
    const parts = text.replace(/^\{|\}$/g, '').split('&&');
    const tests = parts.map((part) => {
      const [, path, operator, quoted, bare] = SELECTOR.exec(part.trim()) ?? [];
      if (path === undefined) throw unsupported(pattern);
      return (fields: JsonObject) => (String(memberOf(fields, path)) === (quoted ?? bare)) === (operator === '=');
    });
    return (message) => {
      const fields = JSON.parse(message) as JsonObject;
      return tests.every((test) => test(fields));
    };
  }
  if (/[?[\]%]|^-/.test(text.replace(/"[^"]*"/g, ''))) throw unsupported(pattern);
  const terms = [...text.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => String(quoted ?? bare));
  return (message) => terms.every((term) => message.includes(term));
}

const memberOf = (fields: JsonObject, path: string): Json | undefined =>
  path.split('.').reduce<Json | undefined>((value, name) => (value as JsonObject | undefined)?.[name], fields);

const unsupported = (pattern: string) => new UnsupportedError(`a filter pattern like ${pattern}`);
