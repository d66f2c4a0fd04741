import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Replay } from '../html/probe-page.ts';
import { type ReadingListener, ReadingTally, readRecords } from '../records/read-records.ts';
import { Facts } from './facts.ts';

const LAB = fileURLToPath(new URL('../../lab/lab.ts', import.meta.url));

/** Plays a scenario in the lab, a program of its own, and reads what it leaves as it reads anybody's records. */
export async function replayed(scenario: string, listener: ReadingListener): Promise<Replay> {
  const directory = mkdtempSync(join(tmpdir(), 'replay-'));
  try {
    await play(scenario, directory, listener);
    const facts = new Facts();
    const backAt: number[] = [];
    const line = ({ message, kind, timestamp }: Readonly<Record<string, unknown>>) => {
      if (message === 'result' && (kind === 'started' || kind === 'alreadyStarted'))
        backAt.push(Date.parse(`${timestamp}`));
    };
    const quiet = { warn: () => {}, progress: (text: string) => listener.progress(text), line };
    for await (const { event } of readRecords([directory], directory, new ReadingTally(), quiet)) facts.event(event);
    const lost = [...facts.calls.calls]
      .filter(({ loss, isAccepted }) => loss && !isAccepted)
      .map(({ lastMs }) => lastMs);
    const lostAt = [...lost, ...facts.calls.lone.map(({ atMs }) => atMs)];
    return curves(lostAt, backAt);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** How many calls are missing at the end of each second. */
function curves(lostAt: readonly number[], backAt: readonly number[]): Replay {
  const begin = Math.min(...lostAt, ...backAt);
  const seconds = Math.ceil((Math.max(...lostAt, ...backAt) - begin) / 1000) + 1;
  const upTo = (instants: readonly number[]) => {
    const sorted = instants.toSorted((a, b) => a - b);
    let come = 0;
    return Array.from({ length: seconds }, (_, second) => {
      while (come < sorted.length && (sorted[come] ?? 0) < begin + (second + 1) * 1000) come++;
      return come;
    });
  };
  const [asItWas, back] = [upTo(lostAt), upTo(backAt)];
  return {
    asItWas,
    asItWouldBe: asItWas.map((lost, second) => Math.max(0, lost - (back[second] ?? 0))),
    throttled: lostAt.length,
    broughtBack: Math.min(lostAt.length, backAt.length),
  };
}

async function play(scenario: string, directory: string, listener: ReadingListener): Promise<void> {
  const child = spawn(process.execPath, [LAB, scenario, '--json', '--records', directory], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    listener.progress(`playing the storm again: ${text.trim().split('\n').at(-1)?.slice(0, 60)}`);
  });
  listener.progress('playing the storm again');
  const code = await new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve));
  if (code === 2 || code === null) throw new Error(`the lab could not play ${scenario}: ${said}`);
}
