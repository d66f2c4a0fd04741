import type { JsonText } from './json-text.ts';

/** An event pattern that AWS refuses. The message names where, what was found there and what was expected. */
export class InvalidPatternError extends Error {
  override readonly name = 'InvalidPatternError';

  constructor(path: string, found: JsonText, expected: string) {
    const text = JSON.stringify(found);
    const shown = text.length > 80 ? `${text.slice(0, 77)}...` : text;
    super(`${path === '' ? 'pattern' : path}: found ${shown}, expected ${expected}`);
  }
}
