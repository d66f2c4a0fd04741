import { afterEach, beforeEach, expect, vi } from 'vitest';
import { type Heard, listen, unknownErrors } from './listen.ts';

/** Holds all that the fakes answer in a test file against the services' own models. */
export function holdToModels(): void {
  let heard: Heard;

  beforeEach(() => {
    heard = listen();
  });

  afterEach(() => {
    vi.restoreAllMocks();
    expect([...heard.problems]).toEqual([]);
    expect(unknownErrors(heard)).toEqual([]);
  });
}
