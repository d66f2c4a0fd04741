import { addressRange, cidrRange } from './addresses.ts';
import { type JsonText, Members, NumberText } from './json-text.ts';
import { comparableNumber } from './numbers.ts';

/** One text for all the ways to write an alternative that the engine takes for the same pattern (Patterns.equals). */
export function meaningOf(element: JsonText): string {
  if (element instanceof NumberText) return String(comparableNumber(element.text) ?? element.text);
  const [[operator, operand] = []] = element instanceof Members ? element.entries : [];
  switch (operator) {
    case 'exactly':
      return JSON.stringify(operand);
    case 'cidr':
      return JSON.stringify(cidrRange(operand as string));
    case 'numeric': {
      const [sign, value] = operand as JsonText[];
      return sign === '=' ? meaningOf(value as JsonText) : JSON.stringify(element);
    }
    case 'anything-but':
      return `anything-but ${meaningOfNegated(operand as JsonText)}`;
    default:
      return typeof element === 'string' ? JSON.stringify(addressRange(element) ?? element) : JSON.stringify(element);
  }
}

/** What is left out is a set to the engine. */
function meaningOfNegated(operand: JsonText): string {
  const [[operator, inner] = ['', operand]] = operand instanceof Members ? operand.entries : [];
  const values = Array.isArray(inner) ? inner : [inner as JsonText];
  return `${operator} ${[...new Set(values.map(meaningOf))].sort().join()}`;
}
