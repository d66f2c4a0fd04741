/** ISO 8601 with an offset and a capital T and Z: https://states-language.net/#timestamps */
const TIMESTAMP = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;

/** Milliseconds since the epoch; undefined for what is not a timestamp. */
export function parseTimestamp(text: string): number | undefined {
  const instant = TIMESTAMP.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(instant) ? undefined : instant;
}
