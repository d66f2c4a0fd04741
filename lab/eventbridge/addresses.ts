// An address is its hexadecimal digits, 8 (IPv4) or 32 (IPv6), as in event-ruler's CIDR.java.

const LOOKS_LIKE_IPV4 = /^\d+\.\d+\.\d+\.\d+$/;
const LOOKS_LIKE_IPV6 = /^[\da-fA-F:]*:[\da-fA-F:]*$/;

/** Java's InetAddress, which the engine asks, looks no further than this. */
const MAX_IPV4_LENGTH = 15;

/** The leading digits of an IPv6 address that stands for an IPv4 one; Java turns these into IPv4. */
const IPV4_MAPPED = `${'0'.repeat(20)}FFFF`;

const hex = (value: number, digits: number): string => value.toString(16).toUpperCase().padStart(digits, '0');

/** Numbers in a fixed width each, or `undefined` if one is missing or too large. */
function pack(parts: readonly string[], radix: 10 | 16, digits: 2 | 4): string | undefined {
  const numbers = parts.map((part) => (part === '' ? Number.NaN : Number.parseInt(part, radix)));
  return numbers.every((number) => number < 16 ** digits)
    ? numbers.map((number) => hex(number, digits)).join('')
    : undefined;
}

function ipv6Digits(text: string): string | undefined {
  const halves = text.split('::').map((half) => (half === '' ? [] : half.split(':')));
  const [head = [], tail] = halves;
  if (halves.length > 2) return undefined;
  const missing = 8 - head.length - (tail?.length ?? 0);
  if (tail ? missing < 1 : missing !== 0) return undefined;
  const digits = pack([...head, ...Array<string>(missing).fill('0'), ...(tail ?? [])], 16, 4);
  return digits?.startsWith(IPV4_MAPPED) ? digits.slice(IPV4_MAPPED.length) : digits;
}

/** The digits of an IP address literal, or `undefined` for any other text. */
export function addressDigits(text: string): string | undefined {
  if (LOOKS_LIKE_IPV4.test(text)) return text.length <= MAX_IPV4_LENGTH ? pack(text.split('.'), 10, 2) : undefined;
  return LOOKS_LIKE_IPV6.test(text) ? ipv6Digits(text) : undefined;
}

/** From the first to the last address of a block, both included. */
export interface AddressRange {
  readonly first: string;
  readonly last: string;
}

/** An address is a block of one. `undefined` for any other text. */
export function addressRange(text: string): AddressRange | undefined {
  const digits = addressDigits(text);
  return digits === undefined ? undefined : { first: digits, last: digits };
}

/** The block `10.0.0.0/8` stands for. A mask as long as the address is refused, as by the engine. */
export function cidrRange(cidr: string): AddressRange | undefined {
  const [address, mask, ...rest] = cidr.replace(/\/+$/, '').split('/'); // Java's split drops trailing empty parts
  const digits = addressDigits(address ?? '');
  if (digits === undefined || mask === undefined || rest.length > 0 || !/^[+-]?\d+$/.test(mask)) return undefined;
  const width = digits.length * 4;
  const fixed = Number(mask);
  if (fixed < 0 || fixed >= width) return undefined;
  const variable = (1n << BigInt(width - fixed)) - 1n;
  const value = BigInt(`0x${digits}`);
  const format = (bits: bigint): string => bits.toString(16).toUpperCase().padStart(digits.length, '0');
  return { first: format(value & ~variable), last: format(value | variable) };
}

/**
 * Whether digits lie in a range. The engine walks them left to right and stops as soon as the answer is certain, so
 * longer or shorter digits can match as well (ByteMachine.addRangePattern): the IPv4 address 32.1.13.184 is in 2001::/16.
 */
export function inRange(digits: string, { first, last }: AddressRange): boolean {
  let atFirst = true;
  let atLast = true;
  for (let i = 0; i < first.length; i++) {
    const digit = digits.charAt(i);
    const low = first.charAt(i);
    const high = last.charAt(i);
    if (!/[\dA-F]/.test(digit) || (atFirst && digit < low) || (atLast && digit > high)) return false;
    atFirst &&= digit === low;
    atLast &&= digit === high;
    if (!atFirst && !atLast) return true;
  }
  return true;
}
