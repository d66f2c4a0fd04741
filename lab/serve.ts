/** `npm run lab:serve`: the lab on the real clock, for AWS clients that speak HTTP, and as a page for people. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ConfigurationError } from '../lib/config/read-config.ts';
import { type LiveLab, startLiveLab } from './live/live-lab.ts';
import { duration } from './report/format.ts';
import { BadScenarioError, readScenario, type Scenario } from './scenario/scenario.ts';

const DEFAULT_SCENARIO = fileURLToPath(new URL('scenarios/live.json', import.meta.url));
const USAGE = 'usage: npm run --silent lab:serve -- [SCENARIO.json] [--port N] [--speed X] [--for 90s|30m|1h]';

class UsageError extends Error {}

interface Command {
  readonly file: string;
  readonly port: number;
  readonly speed: number;
  readonly seconds: number;
}

/** Serves until Ctrl-C or the end of its time. Exit code: 0, 1 where the lab came to something that it cannot do, 2 = bad usage. */
async function main(args: readonly string[]): Promise<number> {
  try {
    const command = readCommand(args);
    const scenario = readScenario(readFileSync(command.file, 'utf8'), command.file);
    const lab = await startLiveLab(scenario, command);
    console.log(`AWS_ENDPOINT_URL=${lab.url}`);
    console.error(greeting(scenario, lab, command));
    const end = setTimeout(lab.close, command.seconds * 1000);
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, lab.close);
    await lab.run();
    clearTimeout(end);
    return 0;
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException;
    if (error instanceof UsageError) console.error(`${message}\n${USAGE}`);
    else if (isOfTheUser(error) || ['ENOENT', 'EISDIR', 'EADDRINUSE', 'EACCES'].includes(code ?? ''))
      console.error(message);
    else throw error;
    return 2;
  }
}

const isOfTheUser = (error: unknown) => error instanceof BadScenarioError || error instanceof ConfigurationError;

function readCommand(args: readonly string[]): Command {
  const { values, positionals } = parsed(args);
  const [file, ...more] = positionals;
  if (more.length > 0)
    throw new UsageError(`found ${positionals.length} scenarios, expected one scenario file at most`);
  return {
    // Paths are meant from where the command was typed, which npm leaves.
    file: file === undefined ? DEFAULT_SCENARIO : resolve(process.env.INIT_CWD ?? '.', file),
    port: numberOf('--port', values.port, 0, (value) => Number.isInteger(value) && value >= 0 && value < 65_536),
    speed: numberOf('--speed', values.speed, 1, (value) => value > 0 && value <= 100),
    seconds: secondsOf(values.for ?? '1h'),
  };
}

function parsed(args: readonly string[]) {
  try {
    const text = { type: 'string' } as const;
    return parseArgs({ args: [...args], allowPositionals: true, options: { port: text, speed: text, for: text } });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function numberOf(option: string, text: string | undefined, otherwise: number, isValid: (value: number) => boolean) {
  const value = text === undefined ? otherwise : Number(text);
  if (text?.trim() === '' || !isValid(value)) {
    const expected =
      option === '--port' ? 'a port from 0 (any that is free) to 65535' : 'a number above 0, at most 100';
    throw new UsageError(`${option}: found ${text}, expected ${expected}`);
  }
  return value;
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };

function secondsOf(text: string): number {
  const [, number = '', unit = 's'] = /^(\d+)([smh]?)$/.exec(text) ?? [];
  const seconds = Number(number) * (UNITS[unit || 's'] ?? 1);
  // Longer than a timer of Node can wait.
  if (seconds > 0 && seconds < 2_000_000) return seconds;
  throw new UsageError(`--for: found ${text}, expected a time like 90s, 30m or 1h`);
}

function greeting({ name, account, remediation }: Scenario, { url }: LiveLab, { seconds, speed }: Command): string {
  const listed = [remediation.config.callers ?? []].flat().map((entry) => {
    const { arn, handsOver } =
      typeof entry === 'object' && entry !== null
        ? (entry as { arn: string; handsOver?: boolean })
        : { arn: String(entry) };
    return `${arn.slice(arn.lastIndexOf('/') + 1)}${handsOver ? ' (hands over)' : ''}`;
  });
  return `
  ${name}
  Console   ${url}/
  Clients   export AWS_ENDPOINT_URL=${url} AWS_REGION=${account.region} AWS_ACCESS_KEY_ID=scheduler AWS_SECRET_ACCESS_KEY=lab
            AWS CLI before 2.13 and boto3 before 1.28: --endpoint-url, endpoint_url=
            An access key is the name of a role. The configuration lists ${listed.join(', ') || 'nobody'}.
  Time      ${speed === 1 ? 'the real one' : `${speed} times as fast as the real one`}; ends in ${duration(seconds)}, or by Ctrl-C
`;
}

process.exitCode = await main(process.argv.slice(2));
