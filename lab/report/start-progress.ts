import { styleText } from 'node:util';
import type { PlayOptions } from '../run/run.ts';
import { count, stopwatch } from './format.ts';
import { type Standing, standing } from './story.ts';

/** Where progress is shown; `process.stdout` is one. */
export interface Terminal {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

/** Wall milliseconds between two looks: often enough to move, seldom enough to fill no log. */
const INTERVAL_MS = { terminal: 150, log: 2000 } as const;
/** A look at a hundred thousand calls takes a while: no more than this share of the run goes into looking. */
const LOOKING_SHARE = 0.01;
const BAR_WIDTH = 24;
const CLEAR_LINE = '\r\u001b[2K';

/** How the calls stand, in one line. */
export function progressLine(seconds: number, { made, taken, broughtBack, waiting }: Standing): string {
  const figures = [
    `${count(made)} calls`,
    `${count(taken)} throttled`,
    `${count(broughtBack)} brought back`,
    `${count(waiting)} waiting`,
  ];
  return `${stopwatch(seconds).padStart(6)} virtual   ${figures.join(' · ')}`;
}

/** `━━━━━━──────`: the share of what was taken that is back. */
export function progressBar({ broughtBack, waiting }: Standing, width: number = BAR_WIDTH): string {
  const owed = broughtBack + waiting;
  const done = owed === 0 ? 0 : Math.floor((broughtBack / owed) * width);
  return '━'.repeat(done) + '─'.repeat(width - done);
}

/** Shows a run while it goes on: one line that overwrites itself on a terminal, a line now and then elsewhere. */
export function liveProgress(terminal: Terminal, now: () => number = () => performance.now()) {
  const { isTTY = false, columns = 80 } = terminal;
  let nextAt = now();
  const onTick: NonNullable<PlayOptions['onTick']> = ({ clock, oracle }) => {
    const begun = now();
    if (begun < nextAt) return;
    const state = standing(oracle);
    const looked = now();
    nextAt = looked + Math.max(isTTY ? INTERVAL_MS.terminal : INTERVAL_MS.log, (looked - begun) / LOOKING_SHARE);
    const line = progressLine(clock.elapsedSeconds(), state);
    if (!isTTY) terminal.write(`${line}\n`);
    else {
      const bar = line.length + 2 + BAR_WIDTH < columns ? `  ${styleText('green', progressBar(state))}` : '';
      terminal.write(CLEAR_LINE + line.slice(0, columns - 1) + bar);
    }
  };
  const done = (): void => {
    if (isTTY) terminal.write(CLEAR_LINE);
  };
  return { onTick, done };
}
