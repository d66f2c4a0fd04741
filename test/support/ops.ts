import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { runOps } from '../../ops/app.ts';
import type { Clients } from '../../ops/aws/clients.ts';
import type { OpsContext, Terminal } from '../../ops/context.ts';
import type { Json } from './stacks.ts';

/** Files by name: text and bytes as they are, anything else as JSON. */
export type Contents = Readonly<Record<string, unknown>>;

/** Clients of commands that work offline. */
export const neverAsked = new Proxy({} as Clients, {
  get: (_, name) => {
    // Whether it is a promise.
    if (name === 'then') return undefined;
    throw new Error(`found a request to ${String(name)}, expected none`);
  },
});

/** Runs a command in a folder that holds these files, in this process. */
export async function ops(
  inputs: readonly string[],
  files: Contents = {},
  terminal: Partial<Terminal> = {},
  account: Partial<Pick<OpsContext, 'clients' | 'confirm' | 'sleep'>> = {},
) {
  const cwd = mkdtempSync(join(tmpdir(), 'ops-'));
  const written: Record<'stdout' | 'stderr', string[]> = { stdout: [], stderr: [] };
  const context: OpsContext = {
    process: {
      stdout: { write: (text) => void written.stdout.push(text) },
      stderr: { write: (text) => void written.stderr.push(text) },
    },
    cwd,
    terminal: { columns: 120, hasColour: false, showsProgress: false, ...terminal },
    clients: async () => neverAsked,
    confirm: undefined,
    sleep: async () => {},
    ...account,
  };
  try {
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(join(cwd, name)), { recursive: true });
      const isWritten = typeof content === 'string' || content instanceof Uint8Array;
      writeFileSync(join(cwd, name), isWritten ? content : JSON.stringify(content));
    }
    const exitCode = await runOps(inputs, context);
    return { exitCode, stdout: written.stdout.join(''), stderr: written.stderr.join('') };
  } finally {
    rmSync(cwd, { recursive: true });
  }
}

/** What `explain --json` says of these files. */
export async function explained(files: Contents, ...options: string[]): Promise<Json[]> {
  const { stdout } = await ops(['explain', '--json', ...options, ...Object.keys(files)], files);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}
