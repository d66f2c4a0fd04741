/** The part of a clock that states wait on. */
export interface Timers {
  after(milliseconds: number, run: () => void): () => void;
}

/**
 * What one execution, branch or iteration hangs on. When it is cut (a sibling failed, the execution timed out) its
 * timers are cancelled and whatever it was waiting for never comes back: the suspended functions become garbage, so
 * none of their code has to ask whether it still matters.
 */
export class CancellationScope {
  #cut = false;
  #ends: Set<() => void> | undefined;

  /** To be run when this scope is cut, unless the returned function is called before. */
  onCut(end: () => void): () => void {
    this.#ends ??= new Set();
    const ends = this.#ends.add(end);
    return () => {
      ends.delete(end);
    };
  }

  cut(): void {
    this.#cut = true;
    const ends = this.#ends;
    this.#ends = undefined;
    for (const end of ends ?? []) end();
  }

  sleep(timers: Timers, milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = timers.after(milliseconds, () => {
        forget();
        resolve();
      });
      const forget = this.onCut(cancel);
    });
  }

  /** `promise`, which never settles once the scope is cut. No async function: a hundred thousand of these wait. */
  keep<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      promise.then(
        (value) => {
          if (!this.#cut) resolve(value);
        },
        (error) => {
          if (!this.#cut) reject(error);
        },
      );
    });
  }
}
