const DECIMAL = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;

/** One spelling for every decimal number: 1, 1.0 and 10e-1 are the same; `undefined` for what is no number. */
function canonicalDecimal(text: string): string | undefined {
  const [, sign, whole = '', fraction = '', exponent = '0'] = DECIMAL.exec(text) ?? [];
  if (sign === undefined) return undefined;
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return '0';
  return `${sign}${significant}e${Number(exponent) - fraction.length + digits.length - significant.length}`;
}

/**
 * The shortest text that means this number, and no other float64, as Java writes it: of two digits at least. The smallest
 * of all is 4.9E-324 there and 5e-324 here. https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/lang/Double.html
 */
function javaText(number: number): string {
  const shortest = String(number);
  return /^-?\de/.test(shortest) ? number.toPrecision(2) : shortest;
}

/**
 * The number a JSON text stands for, if AWS's rule engine compares it as a number: when a float64 holds it exactly as it
 * is written (ComparableNumber.generate, event-ruler 1.9; before 1.8 it was ±5e9 with six decimals:
 * https://github.com/aws/event-ruler/pull/188). Other numbers, such as 12345678901234567890, are compared by spelling.
 */
export function comparableNumber(text: string): number | undefined {
  const number = Number(text);
  const shortest = javaText(number);
  if (shortest === text) return Number.isFinite(number) ? number : undefined;
  const written = canonicalDecimal(text);
  return written !== undefined && written === canonicalDecimal(shortest) ? number : undefined;
}
