import { createHash } from 'node:crypto';
import { parseJson } from '../../lambda/core/json.ts';
import { jsonValues } from './json-values.ts';
import { filesOf } from './paths.ts';
import { type Found, recordsIn } from './shapes.ts';
import { Skipped } from './skipped.ts';
import { textOf } from './texts.ts';

type EventFound = Extract<Found, { kind: 'event' }>;

export interface RecordFound {
  readonly file: string;
  readonly event: EventFound['event'];
}

export interface ReadingListener {
  /** Hears of log lines of the stack, where somebody wants them. */
  line?(line: Readonly<Record<string, unknown>>): void;
  /** Hears of records of other services, where somebody wants them. */
  foreign?(record: Readonly<Record<string, unknown>>): void;
  /** Hears of each file that something was passed over in. */
  warn(message: string): void;
  /** Hears how far it is after each file. */
  progress(message: string): void;
}

/** What reading came to, when it is over. */
export class ReadingTally {
  files = 0;
  records = 0;
  duplicates = 0;
  skipped = 0;
  /** Records of other services: they show that a file is what it should be. */
  foreign = 0;
  /** Log lines of the stack. */
  lines = 0;
}

/**
 * The ECS events in files and folders, each once: one value is held at a time, and of each event that went by some characters
 * of a hash.
 */
export async function* readRecords(
  names: readonly string[],
  cwd: string,
  tally: ReadingTally,
  listener: ReadingListener,
): AsyncGenerator<RecordFound> {
  const seen = new Set<string>();
  for await (const { name, path } of filesOf(names, cwd)) {
    tally.files++;
    const skipped = new Skipped();
    try {
      for await (const { text, line } of jsonValues(textOf(path))) {
        for (const found of recordsInText(text)) {
          if (found.kind === 'event') {
            const identity = identityOf(found.event);
            if (seen.has(identity)) tally.duplicates++;
            else {
              seen.add(identity);
              tally.records++;
              yield { file: name, event: found.event };
            }
          } else if (found.kind === 'line') {
            tally.lines++;
            if (listener.line) listener.line(found.line);
            else skipped.add('log lines of the stack');
          } else if (found.kind === 'foreign') {
            tally.foreign++;
            listener.foreign?.(found.record);
            skipped.add(`of ${found.source}`);
          } else skipped.addUnknown(line);
        }
      }
    } catch (error) {
      skipped.add(`rest of the file: ${(error as Error).message}`);
    }
    tally.skipped += skipped.total;
    if (skipped.total > 0) listener.warn(`${name}: skipped ${skipped}`);
    listener.progress(`records ${tally.records}, files ${tally.files}`);
  }
}

/** A value that does not parse as a whole may be lines that do, after one that was cut off. */
function* recordsInText(text: string): Generator<Found> {
  const whole = parseJson(text) ?? parseJson(withoutTime(text));
  if (whole !== undefined) {
    yield* recordsIn(whole);
    return;
  }
  yield { kind: 'unknown' };
  if (!text.includes('\n')) return;
  for (const line of text.split('\n')) {
    const value = /^\s*\{/.test(line) ? parseJson(line) : undefined;
    if (value !== undefined) yield* recordsIn(value);
  }
}

/** As CloudWatch Logs exports lines: `2026-01-15T03:00:00.234Z {"level":...`. */
const withoutTime = (text: string) => text.replace(/^\s*\d{4}-\d\d-\d\dT[\d:.]+Z\s+(?=\{)/, '');

/** What is the same in two deliveries of an event, and in an event and a record or a task that tell of the same. */
function identityOf(event: EventFound['event']): string {
  const { eventID, taskArn, lastStatus } = event.detail as Record<string, unknown>;
  const identity = eventID ?? (taskArn === undefined ? event.id : `${taskArn} ${lastStatus}`) ?? JSON.stringify(event);
  return createHash('sha256').update(`${identity}`).digest('base64').slice(0, 12);
}
