import { closestMatch } from 'leven';

/** `, did you mean "mode"?` where something known is spelled almost so; else nothing. */
export function suggestion(found: unknown, known: readonly string[]): string {
  if (typeof found !== 'string') return '';
  const maxDistance = Math.max(2, Math.floor(found.length / 3));
  const nearest = closestMatch(found, [...known], { maxDistance });
  return nearest === undefined || nearest === found ? '' : `, did you mean ${JSON.stringify(nearest)}?`;
}
