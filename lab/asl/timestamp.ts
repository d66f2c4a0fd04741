/** In a definition: RFC 3339 with a capital T and Z. https://states-language.net/#timestamps */
const WRITTEN = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;

/** From an expression: an ISO 8601 extended offset date-time, as measured by https://github.com/iwamot/sfnx */
const EVALUATED = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/i;

/** JavaScript takes the 30th of February for the 2nd of March. */
const isDay = (day: string): boolean => {
  const midnight = Date.parse(day);
  return !Number.isNaN(midnight) && new Date(midnight).toISOString().startsWith(day);
};

function instant(text: string): number | undefined {
  const milliseconds = Date.parse(text.toUpperCase());
  return Number.isNaN(milliseconds) || !isDay(text.slice(0, 10)) ? undefined : milliseconds;
}

/** Milliseconds since the epoch; undefined for what is not a timestamp. */
export const parseWrittenTimestamp = (text: string): number | undefined =>
  WRITTEN.test(text) ? instant(text) : undefined;

export const parseEvaluatedTimestamp = (text: string): number | undefined =>
  EVALUATED.test(text) ? instant(text) : undefined;
