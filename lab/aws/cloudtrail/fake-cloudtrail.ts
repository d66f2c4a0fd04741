import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { AwsError, type FakeService, UnsupportedError } from '../../kernel/aws-service.ts';
import type { VirtualClock } from '../../kernel/clock.ts';
import type { JsonObject } from '../../kernel/json.ts';
import { type Random, randomStream, uniform } from '../../kernel/random.ts';
import type { Account } from '../../scenario/account.ts';
import type { ApiRequest } from '../ecs/api-request.ts';
import { derivedUuid } from '../ecs/task.ts';
import { TokenBucket } from '../ecs/token-bucket.ts';
import type { Emit } from '../eventbridge/fake-eventbridge.ts';
import { cloudTrailRecord, identityOf, wholeSeconds } from './cloudtrail-record.ts';

export interface FakeCloudTrailOptions {
  readonly clock: VirtualClock;
  readonly account: Account;
  readonly seed: number;
  /** Where the trail's events go: the bus. Undefined where nobody hears it. */
  readonly emit: Emit | undefined;
  /** Whether somebody may ask for the event history. */
  readonly keepsHistory?: boolean;
  /** By how much the clock that stamps its records is fast. */
  readonly skewMs?: number;
}

/** "The rate of lookup requests is limited to two per second, per account, per Region." */
const LOOKUP_BUCKET = { burst: 2, refillPerSecond: 2 };
const PAGE_SIZE = 50;
const DETAIL_TYPE = 'AWS API Call via CloudTrail';

/**
 * CloudTrail: one record for each request to ECS (the calls to other services are not recorded). A trail brings write
 * calls to the bus; the event history has reads too and is reached by `LookupEvents`. Its ninety days outlast every run.
 */
export class FakeCloudTrail implements FakeService {
  readonly name = 'cloudtrail';
  readonly #options: FakeCloudTrailOptions;
  readonly #lookups = new TokenBucket(LOOKUP_BUCKET);
  readonly #toBus: Random;
  readonly #toHistory: Random;
  /** Whether the trail brings records to the bus; the event history has them always. */
  #isLogging = true;
  /** Requests that wait to be rendered, which most are never asked for, in the order of event time, as virtual time never runs backwards. */
  readonly #history: ApiRequest[] = [];
  /** When `LookupEvents` begins to show each. */
  readonly #visibleAt: number[] = [];

  constructor(options: FakeCloudTrailOptions) {
    this.#options = options;
    this.#toBus = randomStream(options.seed, 'cloudtrail/bus');
    this.#toHistory = randomStream(options.seed, 'cloudtrail/history');
  }

  /** Takes note of a request: the fake ECS's `onRequest`. */
  readonly record = (request: ApiRequest): void => {
    const { clock, account, emit, skewMs = 0, keepsHistory = true } = this.#options;
    const stamped = skewMs === 0 ? request : { ...request, at: request.at + skewMs };
    if (keepsHistory) {
      const historyDelay = uniform(this.#toHistory, account.eventHistoryDelaySeconds);
      this.#history.push(stamped);
      this.#visibleAt.push(request.at + historyDelay * 1000);
    }
    // "By default, rules match only write management events": reads would need the rule state
    // ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS.
    if (request.readOnly || !this.#isLogging || !emit) return;
    const busDelay = uniform(this.#toBus, account.cloudTrailDelaySeconds);
    clock.after(busDelay * 1000, () => emit(DETAIL_TYPE, () => this.#event(stamped)));
  };

  /** All records, in the order of their requests. */
  *records(): Generator<JsonObject> {
    for (const request of this.#history) yield cloudTrailRecord(request, this.#options.account);
  }

  call(operation: string, input: JsonObject): JsonObject {
    switch (operation) {
      case 'DescribeTrails':
        return { trailList: [this.#trail()] };
      case 'GetTrailStatus':
        return { IsLogging: this.#isLogging };
      case 'StartLogging':
      case 'StopLogging':
        this.#isLogging = operation === 'StartLogging';
        return {};
      case 'LookupEvents':
        return this.#lookUp(input);
      default:
        throw new UnsupportedError(`the lab's CloudTrail does not know the operation ${operation}`);
    }
  }

  /** The account's only trail. */
  #trail(): JsonObject {
    const { id, region } = this.#options.account;
    return {
      Name: 'lab',
      TrailARN: `arn:aws:cloudtrail:${region}:${id}:trail/lab`,
      HomeRegion: region,
      IsMultiRegionTrail: true,
      IncludeGlobalServiceEvents: true,
    };
  }

  #lookUp(input: JsonObject): JsonObject {
    // The status of the SDK's schema.
    if (!this.#lookups.take(this.#options.clock.now()))
      throw new AwsError('ThrottlingException', 'Rate exceeded', { status: 429 });
    return this.#lookupEvents(decodeLookup(input));
  }

  /** Newest first. The token holds the place of the next older event, so pages neither repeat nor skip one. */
  #lookupEvents({ NextToken, ...query }: Lookup): JsonObject {
    const now = this.#options.clock.now();
    const [attribute] = query.LookupAttributes ?? [];
    const matches = attribute ? MATCHERS[attribute.AttributeKey](attribute.AttributeValue) : () => true;
    const from = (query.StartTime ?? Number.NEGATIVE_INFINITY) * 1000;
    const size = query.MaxResults ?? PAGE_SIZE;

    const events: JsonObject[] = [];
    let place =
      NextToken == null ? this.#lastUpTo(query.EndTime ?? Number.POSITIVE_INFINITY) : placeIn(NextToken, query);
    for (; place >= 0; place--) {
      const request = this.#history[place] as ApiRequest;
      if (eventTime(request) < from) break;
      if ((this.#visibleAt[place] ?? 0) > now || !matches(request)) continue;
      if (events.length === size) return { Events: events, NextToken: tokenFor(place, query) };
      events.push(this.#lookedUp(request));
    }
    return { Events: events };
  }

  /** The place of the last entry whose event time is not after `endSeconds`, by bisection; -1 where there is none. */
  #lastUpTo(endSeconds: number): number {
    let low = 0;
    let high = this.#history.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (eventTime(this.#history[middle] as ApiRequest) <= endSeconds * 1000) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  #lookedUp(request: ApiRequest): JsonObject {
    const { name, accessKeyId } = identityOf(request.principal);
    return {
      EventId: request.eventId,
      EventName: request.operation,
      ReadOnly: String(request.readOnly),
      AccessKeyId: accessKeyId,
      EventTime: eventTime(request) / 1000,
      EventSource: 'ecs.amazonaws.com',
      Username: name,
      Resources: [],
      CloudTrailEvent: JSON.stringify(cloudTrailRecord(request, this.#options.account)),
    };
  }

  #event(request: ApiRequest): JsonObject {
    const { account } = this.#options;
    return {
      version: '0',
      id: derivedUuid(request.eventId, 'event'),
      'detail-type': DETAIL_TYPE,
      source: 'aws.ecs',
      account: account.id,
      time: wholeSeconds(request.at),
      region: account.region,
      resources: [],
      detail: cloudTrailRecord(request, account),
    };
  }
}

/** CloudTrail knows whole seconds only. */
const eventTime = ({ at }: ApiRequest): number => Math.floor(at / 1000) * 1000;

const MATCHERS = {
  EventId: (value: string) => (request: ApiRequest) => request.eventId === value,
  EventName: (value: string) => (request: ApiRequest) => request.operation === value,
  EventSource: (value: string) => () => value === 'ecs.amazonaws.com',
  ReadOnly: (value: string) => (request: ApiRequest) => String(request.readOnly) === value,
  Username: (value: string) => (request: ApiRequest) => identityOf(request.principal).name === value,
} as const satisfies Record<string, (value: string) => (request: ApiRequest) => boolean>;

const lookupSchema = z.strictObject({
  LookupAttributes: z
    .array(
      z.object({
        AttributeKey: z.enum(Object.keys(MATCHERS) as (keyof typeof MATCHERS)[]),
        AttributeValue: z.string(),
      }),
    )
    .nullish(),
  StartTime: z.number().nullish(),
  EndTime: z.number().nullish(),
  MaxResults: z.number().nullish(),
  NextToken: z.string().nullish(),
});
type Lookup = z.output<typeof lookupSchema>;

/** What the fake's LookupEvents cannot do (other attributes, Insights events) is loud; what AWS refuses is its error. */
function decodeLookup(input: JsonObject): Lookup {
  const parsed = lookupSchema.safeParse(input);
  if (!parsed.success) throw new UnsupportedError(`the lab's LookupEvents: ${z.prettifyError(parsed.error)}`);
  const { LookupAttributes, StartTime, EndTime, MaxResults } = parsed.data;
  if ((LookupAttributes?.length ?? 0) > 1)
    throw new AwsError('InvalidLookupAttributesException', 'You can only specify one lookup attribute.');
  if (MaxResults != null && !(MaxResults >= 1 && MaxResults <= PAGE_SIZE))
    throw new AwsError('InvalidMaxResultsException', `MaxResults must be between 1 and ${PAGE_SIZE}.`);
  if (StartTime != null && EndTime != null && StartTime > EndTime)
    throw new AwsError('InvalidTimeRangeException', 'StartTime must not be after EndTime.');
  return parsed.data;
}

type Query = Omit<Lookup, 'NextToken'>;

const tokenFor = (place: number, query: Query): string =>
  Buffer.from(JSON.stringify({ place, query })).toString('base64url');

/** "This token must be passed in with the same parameters that were specified in the original call." */
function placeIn(token: string, query: Query): number {
  try {
    const decoded = JSON.parse(Buffer.from(token, 'base64url').toString()) as { place: number; query: Query };
    if (isDeepStrictEqual(decoded.query, query)) return decoded.place;
  } catch {
    // Not a token of ours: refused below like one of another query.
  }
  throw new AwsError('InvalidNextTokenException', 'The token is invalid or belongs to other parameters.');
}
