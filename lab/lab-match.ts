/** `npm run --silent lab:match -- CASES.jsonl`: one verdict a line; docs/lab.md, "Commands". */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Members, parseJsonText } from './eventbridge/json-text.ts';
import { compilePattern, InvalidPatternError } from './eventbridge/pattern.ts';
import { UnsupportedError } from './kernel/aws-service.ts';

const onOneLine = (text: string): string => text.replace(/\s+/g, ' ');

/** What is printed for one line of the input. */
export function verdict(line: string): string {
  try {
    const testCase = parseJsonText(line);
    if (!(testCase instanceof Members)) return 'error: found no object, expected {"pattern":…,"event":…}';
    const pattern = testCase.get('pattern');
    const event = testCase.get('event');
    if (pattern === undefined) return 'error: pattern: found nothing, expected an event pattern';
    if (!(event instanceof Members)) return 'error: event: found no object, expected an event';
    return String(compilePattern(pattern).matches(event));
  } catch (error) {
    if (error instanceof UnsupportedError) return onOneLine(`unsupported: ${error.message}`);
    if (error instanceof InvalidPatternError || error instanceof SyntaxError)
      return onOneLine(`error: ${error.message}`);
    throw error;
  }
}

function main(path: string): void {
  const lines = readFileSync(resolve(process.env.INIT_CWD ?? '', path), 'utf8')
    .trimEnd()
    .split('\n');
  if (lines.join('') !== '') process.stdout.write(`${lines.map(verdict).join('\n')}\n`);
}

if (import.meta.main) {
  const [path = 'CASES.jsonl'] = process.argv.slice(2);
  try {
    main(path);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    process.exitCode = 2;
  }
}
