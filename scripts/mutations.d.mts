/** What a copy needs to run in. */
export const NEEDED: readonly string[];
