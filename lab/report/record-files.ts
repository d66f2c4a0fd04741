import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { derivedUuid } from '../aws/ecs/task.ts';
import type { JsonObject } from '../kernel/json.ts';
import type { Run } from '../run/run.ts';
import type { Observer } from '../world/world.ts';

/** A trail delivers a file about every five minutes. https://docs.aws.amazon.com/awscloudtrail/latest/userguide/how-cloudtrail-works.html */
const DELIVERY_MS = 300_000;
/** Lines are written in pieces, so that a long run needs no memory for them. */
const LINES_AT_ONCE = 1000;

const TASK_EVENTS = 'ECS Task State Change';

/**
 * What a run leaves behind as an account would have it: CloudTrail's records as a trail delivers them to its bucket, the
 * events of tasks, and the log lines of the functions. Task events hold environment values, as those of AWS do.
 */
export class RecordFiles {
  readonly #directory: string;
  readonly #taskEvents: JsonLines;
  readonly #logs: JsonLines;

  constructor(directory: string) {
    this.#directory = directory;
    mkdirSync(directory, { recursive: true });
    this.#taskEvents = new JsonLines(join(directory, 'task-events.jsonl'));
    this.#logs = new JsonLines(join(directory, 'function-logs.jsonl'));
  }

  /** What hears a run whose virtual clock says `now`. */
  readonly listen = ({ now }: { readonly now: () => number }): Partial<Observer> => ({
    emitted: (detailType, render) => {
      if (detailType === TASK_EVENTS) this.#taskEvents.add(render());
    },
    log: ({ handler, level, message, fields }) => {
      const timestamp = new Date(now()).toISOString();
      this.#logs.add({ level: level.toUpperCase(), message, timestamp, service: handler, ...fields });
    },
  });

  /** Writes what is left, and the records of the run. */
  conclude({ world, scenario }: Pick<Run, 'world' | 'scenario'>): void {
    this.#taskEvents.flush();
    this.#logs.flush();
    const { id, region } = scenario.account;
    const deliveries = Map.groupBy(world.cloudTrail.records(), ({ eventTime }) => {
      const at = Date.parse(String(eventTime));
      return at - (at % DELIVERY_MS) + DELIVERY_MS;
    });
    for (const [at, Records] of deliveries) {
      const [day = '', time = ''] = new Date(at).toISOString().split('T');
      const directory = join(this.#directory, 'AWSLogs', id, 'CloudTrail', region, ...day.split('-'));
      const stamp = `${day.replaceAll('-', '')}T${time.slice(0, 5).replace(':', '')}Z`;
      const unique = derivedUuid(`${scenario.seed}`, stamp).replaceAll('-', '').slice(0, 16);
      mkdirSync(directory, { recursive: true });
      const file = join(directory, `${id}_CloudTrail_${region}_${stamp}_${unique}.json.gz`);
      writeFileSync(file, gzipSync(JSON.stringify({ Records })));
    }
  }
}

/** A file of one JSON document a line. */
class JsonLines {
  readonly #file: string;
  #lines: string[] = [];

  constructor(file: string) {
    this.#file = file;
    writeFileSync(file, '');
  }

  add(value: JsonObject | object): void {
    this.#lines.push(`${JSON.stringify(value)}\n`);
    if (this.#lines.length >= LINES_AT_ONCE) this.flush();
  }

  flush(): void {
    appendFileSync(this.#file, this.#lines.join(''));
    this.#lines = [];
  }
}
