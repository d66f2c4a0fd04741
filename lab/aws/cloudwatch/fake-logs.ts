import { AwsError, type FakeService, UnsupportedError } from '../../kernel/aws-service.ts';
import type { VirtualClock } from '../../kernel/clock.ts';
import type { JsonObject } from '../../kernel/json.ts';
import { type Random, uuid } from '../../kernel/random.ts';
import { describeGroups, filterEvents, type StoredLine } from './log-events.ts';
import { runQuery } from './logs-insights.ts';

interface Query {
  readonly logGroupName?: string;
  readonly logGroupNames?: readonly string[];
  readonly queryString: string;
  readonly startTime: number;
  readonly endTime: number;
  readonly limit?: number;
}

interface StartedQuery {
  readonly completeAt: number;
  readonly results: JsonObject[][];
}

export interface FakeLogsOptions {
  readonly clock: VirtualClock;
  readonly random: Random;
  /** Hears how many lines a query read. */
  readonly onScanned: (lines: number) => void;
}

function* read(lines: readonly StoredLine[]): Generator<object> {
  for (const { at, text } of lines) {
    yield { '@timestamp': new Date(at).toISOString(), ...(JSON.parse(text) as object) };
  }
}

/** How long a query takes. */
const QUERY_MS = 2000;

/** CloudWatch Logs, as far as queries of Logs Insights on the log groups of functions go. Lines are there at once. */
export class FakeLogs implements FakeService {
  readonly name = 'logs';
  readonly #options: FakeLogsOptions;
  readonly #groups = new Map<string, StoredLine[]>();
  readonly #queries = new Map<string, StartedQuery>();

  constructor(options: FakeLogsOptions) {
    this.#options = options;
  }

  createLogGroup(name: string): void {
    this.#groups.set(name, []);
  }

  /** Gives up all lines. */
  forget(): void {
    for (const lines of this.#groups.values()) lines.length = 0;
    this.#queries.clear();
  }

  /** Keeps a structured line. */
  write(group: string, fields: object): void {
    this.#groups.get(group)?.push({ at: this.#options.clock.now(), text: JSON.stringify(fields) });
  }

  call(operation: string, input: JsonObject): JsonObject {
    switch (operation) {
      case 'StartQuery':
        return this.#startQuery(input as never);
      case 'FilterLogEvents':
        return filterEvents(this.#lines(String(input.logGroupName)), input);
      case 'DescribeLogGroups':
        return describeGroups(this.#groups.keys(), input);
      case 'GetQueryResults':
        return this.#results(String(input.queryId));
      default:
        throw new UnsupportedError(`logs ${operation}`);
    }
  }

  /** Times are in seconds, both ends belong to the range. */
  #startQuery(query: Query): JsonObject {
    const { clock, random, onScanned } = this.#options;
    const names = query.logGroupNames ?? [query.logGroupName ?? ''];
    const lines = names.flatMap((name) => {
      return this.#lines(name).filter(({ at }) => at >= query.startTime * 1000 && at < (query.endTime + 1) * 1000);
    });
    onScanned(lines.length);
    const inOrder = lines.toSorted((a, b) => a.at - b.at);
    const limit = query.limit ?? Number.POSITIVE_INFINITY;
    const results = runQuery(query.queryString, read(inOrder))
      .slice(0, limit)
      .map((row) => Object.entries(row).map(([field, value]) => ({ field, value: String(value) })));
    const queryId = uuid(random);
    this.#queries.set(queryId, { completeAt: clock.now() + QUERY_MS, results });
    return { queryId };
  }

  #lines(name: string): readonly StoredLine[] {
    const group = this.#groups.get(name);
    if (!group) throw new AwsError('ResourceNotFoundException', `Log group '${name}' does not exist`);
    return group;
  }

  #results(queryId: string): JsonObject {
    const query = this.#queries.get(queryId);
    if (!query) throw new AwsError('ResourceNotFoundException', `Query '${queryId}' does not exist`);
    return this.#options.clock.now() < query.completeAt
      ? { status: 'Running', results: [] }
      : { status: 'Complete', results: query.results };
  }
}
