import type { OpsContext } from '../context.ts';

/** How often a line of progress changes, in milliseconds. */
const PROGRESS_MS = 500;
const ERASED_LINE = '\r\u001b[K';

/** What people are told beside the result, on stderr: messages, and on a terminal one line that says how far long work is. */
export class Messages {
  readonly #write: (text: string) => void;
  readonly #showsProgress: boolean;
  #shownMs = 0;
  #isShown = false;

  constructor({ process, terminal }: OpsContext) {
    this.#write = (text) => process.stderr.write(text);
    this.#showsProgress = terminal.showsProgress;
  }

  warn(message: string): void {
    this.clear();
    this.#write(`${message}\n`);
  }

  progress(message: string): void {
    if (!this.#showsProgress || performance.now() - this.#shownMs < PROGRESS_MS) return;
    this.#write(`${ERASED_LINE}${message} …`);
    this.#shownMs = performance.now();
    this.#isShown = true;
  }

  /** Makes room on the terminal for what stays. */
  clear(): void {
    if (this.#isShown) this.#write(ERASED_LINE);
    this.#isShown = false;
  }
}
