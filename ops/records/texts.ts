import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { TextDecoder } from 'node:util';
import { createGunzip } from 'node:zlib';

/** What files begin with that are not written in UTF-8, by what they are written in. */
const GZIP = [0x1f, 0x8b] as const;
/** PowerShell's `>` writes it. */
const UTF_16 = [0xff, 0xfe] as const;

/** The text of a file, in parts, whatever its name says: plain or compressed, in UTF-8 or UTF-16. */
export async function* textOf(path: string): AsyncGenerator<string> {
  const file = createReadStream(path);
  const isPacked = beginsWith(GZIP, await firstBytes(path));
  const bytes = isPacked ? file.pipe(createGunzip()) : file;
  file.on('error', (error) => bytes.destroy(error));
  let decoder: TextDecoder | undefined;
  try {
    for await (const chunk of bytes as AsyncIterable<Buffer>) {
      decoder ??= new TextDecoder(beginsWith(UTF_16, chunk) ? 'utf-16le' : 'utf-8');
      yield decoder.decode(chunk, { stream: true });
    }
  } finally {
    file.destroy();
  }
}

async function firstBytes(path: string): Promise<Uint8Array> {
  const handle = await open(path);
  try {
    const { buffer } = await handle.read(Buffer.alloc(2), 0, 2, 0);
    return buffer;
  } finally {
    await handle.close();
  }
}

const beginsWith = (mark: readonly number[], bytes: Uint8Array) => mark.every((byte, index) => bytes[index] === byte);
