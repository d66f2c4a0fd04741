import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';

/** A structured line of a log group. */
export interface StoredLine {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly group: string;
  /** As JSON: what it is in the service takes half of what its members take here. */
  readonly text: string;
}

/** Few enough for a piece to be read in the young generation: large texts stay until the whole heap is collected. */
const LINES_IN_PIECE = 200;

/** Lines in the order in which they were written. Of a storm's million few are ever read: but for the last ones they are kept packed. */
export class LogLines {
  readonly #packed: Buffer[] = [];
  #last: StoredLine[] = [];

  push(line: StoredLine): void {
    this.#last.push(line);
    if (this.#last.length < LINES_IN_PIECE) return;
    this.#packed.push(pack(this.#last));
    this.#last = [];
  }

  /** Those of some groups. */
  *of(groups: readonly string[]): Generator<StoredLine> {
    for (const piece of [...this.#packed, undefined]) {
      for (const line of piece ? unpack(piece) : this.#last) if (groups.includes(line.group)) yield line;
    }
  }
}

/** Neither the name of a group nor JSON on one line has what parts them. */
function pack(lines: readonly StoredLine[]): Buffer {
  const text = lines.map((line) => `${line.at} ${line.group} ${line.text}`).join('\n');
  return zstdCompressSync(text, { params: { [constants.ZSTD_c_compressionLevel]: 1 } });
}

/** What a piece usually has room in. */
const PIECE_BYTES = 128 * 1024;

function unpack(piece: Buffer): StoredLine[] {
  const bytes = zstdDecompressSync(piece, { chunkSize: PIECE_BYTES });
  const lines = bytes.toString().split('\n');
  // Given back at once: of what is outside the heap, a query leaves more than a run before it is collected.
  (bytes.buffer as ArrayBuffer).transfer(0);
  return lines.map((line) => {
    const first = line.indexOf(' ');
    const second = line.indexOf(' ', first + 1);
    return { at: Number(line.slice(0, first)), group: line.slice(first + 1, second), text: line.slice(second + 1) };
  });
}
