import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { classifyStart } from '../../../../lambda/core/events/start-failure.ts';
import { BEGINNINGS, SHARED_ERROR_NAMES, WRAPPED_EXAMPLES } from '../../../../lambda/core/events/texts.ts';
import { classifyError, classifyFailure } from '../../../../lambda/core/events/throttle.ts';

interface Reported {
  readonly where: 'stopped' | 'failures' | 'error';
  readonly class: string;
  readonly text: string;
  readonly code?: string;
}

const REPORTED: readonly Reported[] = readFileSync(
  new URL('../../../fixtures/reported/texts.jsonl', import.meta.url),
  'utf8',
)
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line));

function classOf({ where, code = '', text }: Reported): string {
  if (where === 'error') return classifyError({ code, message: text });
  return where === 'failures' ? classifyFailure(text) : classifyStart([text]);
}

describe('a text from a public report', () => {
  test.each(REPORTED)('is $class: $text', (reported) => {
    expect(classOf(reported)).toBe(reported.class);
  });
});

const THROTTLES = [
  'ThrottlingException: Rate exceeded\n\tstatus code: 400, request id: 5d1c',
  'operation error SSM: GetParameters, exceeded maximum number of attempts, 3, https response error StatusCode: 400, RequestID: 0, api error ThrottlingException: Rate exceeded',
  'RequestLimitExceeded: Request limit exceeded.',
  'RequestLimitExceeded',
  'Throttling: Rate exceeded',
  'SlowDown: Please reduce your request rate.\n\tstatus code: 503, request id: 7C1AB, host id: aBcDeFgHiJ',
  'api error SlowDown: Please reduce your request rate.',
  'KMSThrottlingException: You have exceeded the rate at which you may call KMS.',
  'ThrottleException: Rate exceeded',
  'AmazonEC2Exception: Request limit exceeded. (Service: AmazonEC2; Status Code: 503; Error Code: RequestLimitExceeded; Request ID: 0)',
  'toomanyrequests: Rate exceeded',
  'TOOMANYREQUESTS: Rate exceeded',
];
/** Only where images come from. */
const REGISTRY_THROTTLES = [
  '429 TOO MANY REQUESTS',
  '503 Slow Down',
  'toomanyrequests: You have reached your unauthenticated pull rate limit. https://www.docker.com/increase-rate-limit',
  'received unexpected HTTP status: 429 Too Many Requests',
  'unexpected status: 429',
  'API error (500): toomanyrequests: You have reached your pull rate limit.',
  'Unknown: Rate exceeded',
];

/** What else the same beginnings carry; `{name}` is quoted by the service once more. */
const MISTAKES = [
  'AccessDeniedException: User: arn:aws:sts::111122223333:assumed-role/{name} is not authorized to perform: ssm:GetParameters on resource: {name} because no identity-based policy allows it',
  'operation error S3: GetObject, https response error StatusCode: 403, RequestID: 1, HostID: 2, api error AccessDenied: User is not authorized to perform: s3:GetObject on resource: "{name}"',
  'ResourceNotFoundException: Secrets Manager can’t find the specified secret {name}.',
  'invalid parameters: {name}',
  'NoSuchBucket: The specified bucket {name} does not exist',
  'manifest for {name} not found: manifest unknown: manifest unknown',
  'pull access denied for {name}, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed',
  'TagPolicyViolation: The tag policy does not allow the value {name}',
  'InvalidSubnetID.NotFound: {name}',
  'RequestCanceled: request context canceled caused by: context deadline exceeded',
  'not found',
];

/** Everything that the table knows, as part of a name. */
const PIECES = [
  'ThrottlingException',
  'Throttling',
  'RequestLimitExceeded',
  'SlowDown',
  'toomanyrequests',
  'TooManyRequests',
  'RESOURCE:GPU',
  'AGENT',
  'InsufficientFreeAddressesInSubnet',
  'Rate-exceeded',
  '429',
  ':',
  '-',
  '/',
  '.',
  'alarm',
];
const WORDS = [
  ...PIECES,
  ': ThrottlingException: Rate exceeded',
  ' from secrets manager: ThrottlingException: Rate exceeded',
  ' from bucket b, error: SlowDown: Please reduce your request rate.',
  "'. toomanyrequests: Rate exceeded",
  ': InsufficientFreeAddressesInSubnet',
  'api error ThrottlingException: Rate exceeded',
  'Timeout waiting for network interface provisioning to complete.',
  ' ',
];
const joined = (pieces: readonly string[]) =>
  fc.array(fc.constantFrom(...pieces), { maxLength: 5 }).map((parts) => parts.join(''));
/** What AWS allows in the names of secrets, parameters, buckets, images, tags and log groups: no spaces. */
const name = fc.oneof(joined(PIECES), fc.stringMatching(/^[\w/+=.@:-]{1,40}$/)).map((text) => `x${text}`);
/** What an S3 key holds, or what stands between quotes. */
const freeText = fc.oneof(joined(WORDS), fc.string({ maxLength: 40 }), name);

const EXAMPLES = BEGINNINGS.flatMap(({ examples }) => examples);
const embedding = EXAMPLES.filter((example) => /\{name\}|\{text\}/.test(example));

function fill(example: string, cause: string, chosen: { name: string; text: string }): string {
  const echo = example.includes('{text}') ? chosen.text : chosen.name;
  return example.replaceAll(/\{(\w+)\}/g, (_, slot: string) =>
    slot === 'cause' ? cause.replaceAll('{name}', () => echo) : chosen[slot as 'name' | 'text'],
  );
}
const chosenNames = fc.record({ name, text: freeText });

describe('a reason that embeds names', () => {
  test.each(embedding)('is a mistake whatever the names are: %s', (example) => {
    fc.assert(
      fc.property(chosenNames, fc.constantFrom(...MISTAKES), (chosen, cause) => {
        expect(classifyStart([fill(example, cause, chosen)])).toBe('none');
      }),
      { numRuns: 500 },
    );
  });

  test.each(embedding)('is a mistake where a cut ends it within a name: %s', (example) => {
    fc.assert(
      fc.property(name, (chosen) => {
        const [upToName = ''] = example.split(/(?<=\{name\}|\{text\})/);
        expect(classifyStart([fill(upToName, '', { name: chosen, text: chosen })])).toBe('none');
      }),
    );
  });

  test.each(embedding)('is a throttle whatever the names are: %s', (example) => {
    const causes = example.startsWith('CannotPull') ? [...THROTTLES, ...REGISTRY_THROTTLES] : THROTTLES;
    fc.assert(
      fc.property(name, fc.constantFrom(...causes), (chosen, cause) => {
        expect(classifyStart([fill(example, cause, { name: chosen, text: chosen })])).toBe('throttle');
      }),
    );
  });
});

describe('a beginning', () => {
  test.each(EXAMPLES.filter((example) => example !== '{cause}'))('alone says nothing: %s', (example) => {
    const names = { name: 'x', text: 'x' };
    expect(classifyStart([fill(example, '', names)])).toBe('none');
    for (const cause of MISTAKES) expect(classifyStart([fill(example, cause, names)])).toBe('none');
    for (const cause of THROTTLES) expect(classifyStart([fill(example, cause, names)])).toBe('throttle');
  });
});

describe('a wrapped error that embeds names', () => {
  const MISTAKEN = [
    "The subnet ID '{name}' does not exist (ErrorCode: InvalidSubnetID.NotFound)",
    'You are not authorized to perform this operation. (ErrorCode: UnauthorizedOperation)',
  ];
  const SENTENCES = [
    'Override for container named {name} is not a container in the TaskDefinition.',
    "ECS was unable to assume the role '{name}' that was provided for this task.",
    'Invalid revision number. Number: {name}',
    "The specified capacity provider '{name}' was not found.",
    'TaskDefinition {name} not found',
  ];
  const code = fc.constantFrom(...SHARED_ERROR_NAMES);
  const ids = fc.oneof(freeText, joined([...WORDS, ']: Rate exceeded (ErrorCode: Throttling)', '[', ']']));

  test('is a mistake whatever the names are', () => {
    const message = fc.oneof(
      fc.record({ ids, cause: fc.constantFrom(...MISTAKEN) }).map((found) => {
        const beginning = `Error retrieving subnet information for [${found.ids}]: `;
        return beginning + found.cause.replace('{name}', () => found.ids);
      }),
      fc
        .record({ ids, sentence: fc.constantFrom(...SENTENCES) })
        .map((found) => found.sentence.replace('{name}', () => found.ids)),
    );
    fc.assert(
      fc.property(code, message, (errorCode, text) => {
        expect(classifyError({ code: errorCode, message: text })).toBe('none');
      }),
      { numRuns: 2000 },
    );
  });

  test.each(WRAPPED_EXAMPLES)('is a throttle whatever the subnets are: %s', (example) => {
    fc.assert(
      fc.property(code, fc.array(fc.stringMatching(/^(subnet|sg)-[0-9a-f]{8,17}$/)), (errorCode, list) => {
        const message = example.replace(/\{\w+\}/, list.join(', '));
        expect(classifyError({ code: errorCode, message })).toBe('throttle');
      }),
    );
  });
});
