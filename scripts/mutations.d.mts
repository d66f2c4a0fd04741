/** [what is taken away, the file, its exact text, what stands there instead] */
export const MUTATIONS: readonly (readonly string[])[];
/** What a copy needs to run in. */
export const NEEDED: readonly string[];
