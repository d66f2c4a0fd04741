import { AwsError, type FakeService, UnsupportedError } from '../../kernel/aws-service.ts';
import type { VirtualClock } from '../../kernel/clock.ts';
import type { JsonObject } from '../../kernel/json.ts';
import { type Random, uuid } from '../../kernel/random.ts';
import { describeGroups, filterEvents } from './log-events.ts';
import { LogLines, type StoredLine } from './log-lines.ts';
import { mayWant, runQuery } from './logs-insights.ts';

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

/** How long a query takes. */
const QUERY_MS = 2000;

/** CloudWatch Logs, as far as queries of Logs Insights on the log groups of functions go. Lines are there at once. */
export class FakeLogs implements FakeService {
  readonly name = 'logs';
  readonly #options: FakeLogsOptions;
  readonly #groups = new Set<string>();
  #lines = new LogLines();
  readonly #queries = new Map<string, StartedQuery>();

  constructor(options: FakeLogsOptions) {
    this.#options = options;
  }

  createLogGroup(name: string): void {
    this.#groups.add(name);
  }

  /** Gives up all lines. */
  forget(): void {
    this.#lines = new LogLines();
    this.#queries.clear();
  }

  /** Keeps a structured line. */
  write(group: string, fields: object): void {
    if (!this.#groups.has(group)) return;
    this.#lines.push({ at: this.#options.clock.now(), group, text: JSON.stringify(fields) });
  }

  call(operation: string, input: JsonObject): JsonObject {
    switch (operation) {
      case 'StartQuery':
        return this.#startQuery(input as never);
      case 'FilterLogEvents':
        return filterEvents(this.#linesOf([String(input.logGroupName)]), input);
      case 'DescribeLogGroups':
        return describeGroups(this.#groups, input);
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
    let scanned = 0;
    const isWanted = mayWant(query.queryString);
    const rows = function* (lines: Iterable<StoredLine>) {
      for (const { at, text } of lines) {
        if (at < query.startTime * 1000 || at >= (query.endTime + 1) * 1000) continue;
        scanned += 1;
        if (isWanted(text)) yield { '@timestamp': new Date(at).toISOString(), ...(JSON.parse(text) as object) };
      }
    };
    const limit = query.limit ?? Number.POSITIVE_INFINITY;
    const results = runQuery(query.queryString, rows(this.#linesOf(names)))
      .slice(0, limit)
      .map((row) => Object.entries(row).map(([field, value]) => ({ field, value: String(value) })));
    onScanned(scanned);
    const queryId = uuid(random);
    this.#queries.set(queryId, { completeAt: clock.now() + QUERY_MS, results });
    return { queryId };
  }

  #linesOf(names: readonly string[]): Iterable<StoredLine> {
    const unknown = names.find((name) => !this.#groups.has(name));
    if (unknown !== undefined) throw new AwsError('ResourceNotFoundException', `Log group '${unknown}' does not exist`);
    return this.#lines.of(names);
  }

  #results(queryId: string): JsonObject {
    const query = this.#queries.get(queryId);
    if (!query) throw new AwsError('ResourceNotFoundException', `Query '${queryId}' does not exist`);
    return this.#options.clock.now() < query.completeAt
      ? { status: 'Running', results: [] }
      : { status: 'Complete', results: query.results };
  }
}
