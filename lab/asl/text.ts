import type { Definition } from './function-definition.ts';
import { native } from './native.ts';

const string = await native<[value: unknown, prettify?: boolean], string>('string');
const replace = await native<[text?: string, pattern?: unknown, by?: unknown, limit?: number], unknown>('replace');

const DIGITS = 15;

/** A number with no more than 15 significant digits, rounded down. */
function floored(number: number): number {
  if (Number.isInteger(number) || !Number.isFinite(number)) return number;
  const [mantissa = '', exponent = ''] = number.toExponential().split('e');
  const digits = mantissa.replace(/[-.]/g, '');
  if (digits.length <= DIGITS) return number;
  const kept = BigInt(digits.slice(0, DIGITS));
  return Number(`${number < 0 ? -kept - 1n : kept}e${Number(exponent) - DIGITS + 1}`);
}

/** One whose first 15 digits end before its decimal point: the service writes an exponent. */
const isBeyondDigits = (value: unknown): value is number =>
  Number.isFinite(value) && !Number.isInteger(value) && Math.abs(value as number) >= 10 ** DIGITS;

function withFlooredNumbers(value: unknown): unknown {
  if (typeof value === 'number') return floored(value);
  if (Array.isArray(value)) return value.map(withFlooredNumbers);
  const isPlain = typeof value === 'object' && value !== null && !('_jsonata_function' in value);
  if (!isPlain || '_jsonata_lambda' in value) return value;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, withFlooredNumbers(field)]));
}

/** The service escapes only the control characters that have a letter for it. */
const withRawControls = (json: string): string =>
  json.replace(/\\(?:u([0-9a-f]{4})|.)/g, (escaped, code?: string) =>
    code === undefined ? escaped : String.fromCharCode(Number.parseInt(code, 16)),
  );

/** What `$string` and `&` write, as measured by https://github.com/iwamot/sfnx */
export function toText(value: unknown, prettify = false): string {
  if (isBeyondDigits(value)) return floored(value).toExponential();
  const text = string.implementation(withFlooredNumbers(value), prettify);
  return typeof value === 'object' ? withRawControls(text) : text;
}

/** Functions of JSONata that deal with text and work otherwise in the service. */
export const TEXT: readonly Definition[] = [
  {
    // One argument for whoever counts them, as $map does: the other has a default.
    name: 'string',
    signature: '<x-b?:s>',
    run(value?: unknown, prettify = false) {
      return value === undefined ? undefined : toText(value, prettify);
    },
  },
  {
    // Where JSONata rounds up how often it replaces, the service rounds down.
    name: 'replace',
    signature: '<s-(sf)(sf)n?:s>',
    run(text?: string, pattern?: unknown, by?: unknown, limit?: number) {
      return replace.implementation.call(this, text, pattern, by, limit === undefined ? undefined : Math.trunc(limit));
    },
  },
];
