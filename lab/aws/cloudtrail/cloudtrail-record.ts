import type { Principal } from '../../kernel/aws-service.ts';
import { exceeds, type Json, type JsonObject } from '../../kernel/json.ts';
import type { Account } from '../../scenario/account.ts';
import type { ApiRequest } from '../ecs/api-request.ts';
import { digestOf, principalIdOf, principalParts, uniqueMark } from '../iam/principal-id.ts';

/** https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html */
const MAX_FIELD_BYTES = 100 * 1024;
const MAX_ERROR_MESSAGE = 1024;
const HIDDEN = 'HIDDEN_DUE_TO_SECURITY_REASONS';
const USER_AGENT = 'aws-sdk-js/3.1164.0 ua/2.1 os/linux lang/js md/nodejs#24.21.0 api/ecs#3.1164.0';

/**
 * One request as CloudTrail records it. The shape follows the real RunTask records of
 * https://github.com/aws-samples/aws-batch-runtime-monitoring/issues/20 and
 * https://github.com/aws-samples/siem-on-amazon-opensearch-service/issues/99
 */
export function cloudTrailRecord(request: ApiRequest, account: Account): JsonObject {
  const { id: accountId, region, throttledRecords } = account;
  const { principal, outcome } = request;
  const refused = 'code' in outcome ? outcome : undefined;
  const isBare = refused !== undefined && throttledRecords === 'bare';
  return {
    eventVersion: '1.11',
    userIdentity: knownIdentity(principal, request.at),
    eventTime: wholeSeconds(request.at),
    eventSource: 'ecs.amazonaws.com',
    eventName: request.operation,
    awsRegion: region,
    // A service that calls for somebody stands in both fields under its own name.
    sourceIPAddress: principal.invokedBy ?? sourceAddress(principal),
    userAgent: principal.invokedBy ?? principal.userAgent ?? USER_AGENT,
    ...(refused && { errorCode: refused.code, errorMessage: refused.message.slice(0, MAX_ERROR_MESSAGE) }),
    // Of 102 throttled and 50 denied calls of services with the same protocol, the public records hold no request:
    // https://github.com/invictus-ir/aws_dataset, https://github.com/adanalvarez/TrailDiscover
    requestParameters: isBare ? null : field(request.input),
    // Reads record none: "actions that don't change state" have no response elements.
    responseElements: 'code' in outcome || request.readOnly ? null : field(outcome.output()),
    requestID: request.requestId,
    eventID: request.eventId,
    readOnly: request.readOnly,
    eventType: 'AwsApiCall',
    managementEvent: true,
    recipientAccountId: accountId,
    eventCategory: 'Management',
  };
}

export const wholeSeconds = (at: number): string => `${new Date(at).toISOString().slice(0, 19)}Z`;

interface Identity {
  readonly name: string;
  readonly accessKeyId: string;
}

/** What `LookupEvents` shows of the caller: the session of a role, the name of a user. */
export function identityOf({ arn }: Principal): Identity {
  const { user, session } = principalParts(arn);
  return { name: user ?? session, accessKeyId: `${user ? 'AKIA' : 'ASIA'}${uniqueMark(arn)}` };
}

const SESSION_MS = 3_600_000;
const identities = new Map<string, { readonly since: number; readonly identity: JsonObject }>();

/** Remembered, because few principals make many requests. */
function knownIdentity(principal: Principal, at: number): JsonObject {
  const key = `${principal.arn} ${principal.invokedBy}`;
  // Sessions are as old as the hour is.
  const since = at - (at % SESSION_MS);
  const known = identities.get(key);
  if (known?.since === since) return known.identity;
  const identity = userIdentity(principal, since);
  identities.set(key, { since, identity });
  return identity;
}

/** https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html */
function userIdentity(principal: Principal, since: number): JsonObject {
  const { accountId, arn: issuer, user, role, session, uniqueId } = principalParts(principal.arn);
  const { accessKeyId } = identityOf(principal);
  const principalId = principalIdOf(principal.arn);
  const invokedBy: JsonObject = principal.invokedBy ? { invokedBy: principal.invokedBy } : {};
  if (user !== undefined) {
    return { type: 'IAMUser', principalId, arn: principal.arn, accountId, accessKeyId, userName: user, ...invokedBy };
  }
  const [, partition] = principal.arn.split(':');
  return {
    type: 'AssumedRole',
    principalId,
    arn: `arn:${partition}:sts::${accountId}:assumed-role/${role}/${session}`,
    accountId,
    accessKeyId,
    sessionContext: {
      sessionIssuer: { type: 'Role', principalId: uniqueId, arn: issuer, accountId, userName: role },
      attributes: { creationDate: wholeSeconds(since), mfaAuthenticated: 'false' },
    },
    ...invokedBy,
  };
}

/** An address of the range reserved for documentation (RFC 5737), the same for every request of a principal. */
const sourceAddress = ({ arn }: Principal): string => `198.51.100.${digestOf(arn).readUInt8() % 254}`;

/** Too large a field is left out: "when the field size exceeds 100 KB, the content is omitted". */
function field(value: JsonObject): Json {
  const shown = rewritten(value);
  return exceeds(shown, MAX_FIELD_BYTES) ? null : shown;
}

const dates = new Intl.DateTimeFormat('en-US', { timeZone: 'UTC', dateStyle: 'medium', timeStyle: 'medium' });
/** What tasks of a storm did they did within few seconds, which are not written anew each time. */
const MOST_DATES = 10_000;
const written = new Map<number, string>();

/** ECS's records hold dates as Java prints them: `Jan 15, 2026, 3:00:01 AM`. */
function javaDate(seconds: Json): Json {
  const second = Math.floor(Number(seconds));
  const known = written.get(second);
  if (known !== undefined) return known;
  if (written.size >= MOST_DATES) written.clear();
  const text = dates.format(second * 1000).replaceAll('\u202f', ' ');
  written.set(second, text);
  return text;
}

/** What the record shows differently from the request and the answer, wherever it stands. */
const REWRITES: Readonly<Record<string, (value: Json) => Json>> = {
  environment: () => HIDDEN,
  connectivityAt: javaDate,
  createdAt: javaDate,
  startedAt: javaDate,
  stoppedAt: javaDate,
  stoppingAt: javaDate,
};

/** Parts in which nothing is to be rewritten are the same ones: nobody changes a record. */
function rewritten(value: Json): Json {
  if (Array.isArray(value)) {
    const items = value.map(rewritten);
    return items.every((item, index) => item === value[index]) ? value : items;
  }
  if (typeof value !== 'object' || value === null) return value;
  let copy: JsonObject | undefined;
  for (const name of Object.keys(value)) {
    const member = value[name] as Json;
    const shown = (REWRITES[name] ?? rewritten)(member);
    if (shown === member) continue;
    copy ??= { ...value };
    copy[name] = shown;
  }
  return copy ?? value;
}
