import { afterEach, beforeEach, expect, vi } from 'vitest';
import { type Heard, listen, unknownErrors } from './listen.ts';

/*
 * A test file that imports this holds all that the fakes answer in it against the services' own models.
 */
let heard: Heard;

beforeEach(() => {
  heard = listen();
});

afterEach(() => {
  vi.restoreAllMocks();
  expect([...heard.problems]).toEqual([]);
  expect(unknownErrors(heard)).toEqual([]);
});
