import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { BadInputError } from '../context.ts';

/** A file by the name that people know it by, and where it is. */
export interface InputFile {
  readonly name: string;
  readonly path: string;
}

/** The files that are meant, those of folders in the order of their names. */
export async function* filesOf(names: readonly string[], cwd: string): AsyncGenerator<InputFile> {
  for (const name of names) yield* filesAt(name, resolve(cwd, name));
}

/** Fails before anything is done where one of these names is of nothing. */
export async function checkPaths(names: readonly string[], cwd: string): Promise<void> {
  for (const name of names) {
    const found = await stat(resolve(cwd, name)).catch(() => undefined);
    if (!found?.isFile() && !found?.isDirectory()) {
      throw new BadInputError(
        `${name}: found ${found ? 'neither a file nor a folder' : 'nothing'}, expected a file or folder of records. Check the path: it is relative to ${cwd}.`,
      );
    }
  }
}

async function* filesAt(name: string, path: string): AsyncGenerator<InputFile> {
  if (!(await stat(path)).isDirectory()) {
    yield { name, path };
    return;
  }
  const entries = await readdir(path, { withFileTypes: true });
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    // A link may lead back to where it is: only what is named is followed.
    if (entry.isDirectory() || entry.isFile()) yield* filesAt(join(name, entry.name), join(path, entry.name));
  }
}
