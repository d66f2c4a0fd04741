/** `npm run --silent ops -- COMMAND …`: docs/ops.md. */
import { createInterface } from 'node:readline/promises';
import { setTimeout } from 'node:timers/promises';
import { completionsFor, runOps } from './app.ts';
import { COMPLETE } from './completion.ts';
import type { OpsContext } from './context.ts';

const { stdin, stdout, stderr, env } = process;
/** A line of a file or of a pipe may be longer than most terminals are wide, but not by much: people read it there later. */
const COLUMNS_ELSEWHERE = 120;

const context: OpsContext = {
  process: { stdout, stderr, env },
  cwd: env.INIT_CWD ?? process.cwd(),
  terminal: {
    columns: stdout.isTTY ? stdout.columns : COLUMNS_ELSEWHERE,
    showsProgress: stderr.isTTY === true,
    hasColour: stdout.isTTY === true && env.NO_COLOR === undefined,
  },
  clients: async (options) => (await import('./aws/clients.ts')).makeClients(options),
  confirm: stdin.isTTY === true ? confirm : undefined,
  sleep: (ms) => setTimeout(ms),
};

async function confirm(question: string): Promise<boolean> {
  const lines = createInterface({ input: stdin, output: stderr });
  try {
    return /^y(es)?$/i.test((await lines.question(`${question} [y/N] `)).trim());
  } finally {
    lines.close();
  }
}

// Whoever reads has had enough, as `head` has.
stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

const [first, ...words] = process.argv.slice(2);
if (first === COMPLETE) {
  for (const { completion } of await completionsFor(words, context)) stdout.write(`${completion}\n`);
} else {
  process.exitCode = await runOps(process.argv.slice(2), context);
}
