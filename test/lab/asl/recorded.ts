import type { Json } from '../../../lab/kernel/json.ts';
import { inState, output, run } from './support.ts';

export const pass = (fields: object = {}) => ({ Type: 'Pass', End: true, ...fields });
export const flow = (states: Record<string, object>) => ({ StartAt: Object.keys(states)[0], States: states });

/** The result of one expression, or the end of the cause that it fails with. */
export async function result(
  expression: string,
  input: Json = {},
): Promise<{ value: Json } | { fails: string | null }> {
  const { status, output: value, cause } = await run(output(`{% ${expression} %}`), input);
  const place = `${inState('S')}The JSONata expression '${expression}' specified for the field 'Output' `;
  return status === 'SUCCEEDED' ? { value } : { fails: cause?.replace(place, '') ?? null };
}

export const threw = (cause: string) => ({ fails: `threw an error during evaluation. ${cause}` });
export const nothing = { fails: 'returned nothing (undefined).' };
export const signature = (position: number, name: string) =>
  threw(`T0410: Argument ${position} of function "${name}" does not match function signature`);
