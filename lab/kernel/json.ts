/** Any JSON value, as the services exchange them. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A character takes six bytes at most, in JSON (`\u001f`) and in UTF-8; with quotes, colons and commas around it. */
const MAX_CHARACTER_BYTES = 6;
const MAX_OTHER_BYTES = 32;

/** Whether a value is longer than `bytes` as text, in UTF-8. Writing it only to measure it takes longer than making it: that is left for those that may be. */
export function exceeds(value: Json, bytes: number): boolean {
  let left = bytes;
  const measure = (each: Json | undefined): void => {
    left -= MAX_OTHER_BYTES;
    if (typeof each === 'string') left -= MAX_CHARACTER_BYTES * each.length;
    else if (Array.isArray(each)) for (const item of each) measure(item);
    else if (typeof each === 'object' && each !== null) {
      for (const name of Object.keys(each)) {
        left -= MAX_CHARACTER_BYTES * name.length;
        measure(each[name]);
      }
    }
  };
  measure(value);
  return left < 0 && Buffer.byteLength(JSON.stringify(value)) > bytes;
}
