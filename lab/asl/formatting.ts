import { type Definition, world } from './function-definition.ts';
import { native } from './native.ts';

const fromMillis = await native<[millis: number, picture?: string, zone?: string], string>('fromMillis');
const toMillis = await native<[text?: string, picture?: string], number>('toMillis');
const round = await native<[value: number, digits: number], number>('round');
const formatNumber = await native<[value: number, picture: string, options?: object], string>('formatNumber');

/** A zone that is none is UTC. */
const zoneOf = (zone: string | undefined): string | undefined => (/^[+-]\d{4}$/.test(zone ?? '') ? zone : undefined);

/** How many digits of a number a picture shows behind the point; `undefined` where it has an exponent. */
function shownDigits(value: number, picture: string): number | undefined {
  const [positive = '', negative = positive] = picture.split(';');
  const part = value < 0 ? negative : positive;
  if (part.includes('e')) return undefined;
  const shift = part.includes('%') ? 2 : part.includes('‰') ? 3 : 0;
  return (part.split('.')[1]?.match(/[\d#]/g)?.length ?? 0) + shift;
}

/** Times and numbers as text, and back. */
export const FORMATTING: readonly Definition[] = [
  {
    name: 'now',
    signature: '<s?s?:s>',
    run(picture?: string, zone?: string) {
      return fromMillis.implementation.call(this, world(this).clock.now(), picture, zoneOf(zone));
    },
  },
  {
    name: 'fromMillis',
    signature: '<x-s?s?:s>',
    run(millis: unknown, picture?: string, zone?: string) {
      return typeof millis === 'number'
        ? fromMillis.implementation.call(this, millis, picture, zoneOf(zone))
        : undefined;
    },
  },
  {
    name: 'millis',
    signature: '<:n>',
    run() {
      return world(this).clock.now();
    },
  },
  {
    // A picture without a date means today, a time without an offset UTC.
    name: 'toMillis',
    signature: '<s-s?:n>',
    run(text?: string, picture?: string) {
      const environment = { timestamp: new Date(world(this).clock.now()) };
      const isLocal = picture === undefined && /T[\d:.]+$/.test(text ?? '');
      return toMillis.implementation.call({ environment }, isLocal ? `${text}Z` : text, picture);
    },
  },
  {
    // Rounds the number as it is written, half to even: JSONata would round its binary value.
    name: 'formatNumber',
    signature: '<n-so?:s>',
    run(value: number | undefined, picture: string, options?: object) {
      const digits = value === undefined || options ? undefined : shownDigits(value, picture);
      const rounded = digits === undefined ? value : round.implementation.call(this, value as number, digits);
      return formatNumber.implementation.call(this, rounded as number, picture, options);
    },
  },
];
