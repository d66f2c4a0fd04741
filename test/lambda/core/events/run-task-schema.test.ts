import { type RunTaskCommandInput, RunTaskRequest$ } from '@aws-sdk/client-ecs';
import { expect, test } from 'vitest';
import type * as z from 'zod';
import { type RunTaskRequest, runTaskRequestSchema } from '../../../../lambda/core/events/run-task-request.ts';

/**
 * The names of all members at all depths; values, with their enumerations and optionality, left out, and so is the SDK's
 * variant of a union for what is newer than itself.
 */
type Members<T> = T extends readonly (infer Element)[]
  ? Members<Element>
  : T extends { $unknown: unknown[] }
    ? never
    : T extends object
      ? { [Member in Exclude<keyof T, '$unknown'>]-?: Members<NonNullable<T[Member]>> }
      : 'value';
type Equal<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
type Expect<T extends true> = T;

/** Fails to compile as soon as the SDK's type and ours have different members, at any depth. */
const sameMembers: Expect<Equal<Members<RunTaskCommandInput>, Members<RunTaskRequest>>> = true;

test('our schema has exactly the members that the installed SDK sends', () => {
  expect(sameMembers).toBe(true);
  const ours = membersOfZod(runTaskRequestSchema);
  expect(ours).toContain('volumeConfigurations.managedEBSVolume.tagSpecifications.tags.key');
  expect(ours).toEqual(membersOfSdk(RunTaskRequest$));
});

/** Paths of all members of a Zod schema, list items under their list's path. */
function membersOfZod(schema: z.core.$ZodType, path: readonly string[] = []): string[] {
  const { def } = (schema as z.ZodType)._zod as unknown as { def: Record<string, z.core.$ZodType> & { type: string } };
  if (def.type === 'optional') return membersOfZod(def.innerType as z.core.$ZodType, path);
  if (def.type === 'array') return membersOfZod(def.element as z.core.$ZodType, path);
  if (def.type !== 'object') return [];
  return Object.entries(def.shape as unknown as Record<string, z.core.$ZodType>)
    .flatMap(([name, inner]) => [[...path, name].join('.'), ...membersOfZod(inner, [...path, name])])
    .sort();
}

/** The same of a schema of the SDK: `[3, namespace, name, traits, names, schemas]` is a structure (4: a union), 1 a list, a function a promise of one. */
function membersOfSdk(schema: unknown, path: readonly string[] = []): string[] {
  if (typeof schema === 'function') return membersOfSdk(schema(), path);
  if (typeof schema === 'number' && (schema & 64) !== 0) return [];
  if (!Array.isArray(schema)) return [];
  const [kind, , , , names, schemas] = schema;
  if (kind === 1) return membersOfSdk(names, path);
  if (kind !== 3 && kind !== 4)
    return Array.isArray(schema[0]) || typeof schema[0] === 'function' ? membersOfSdk(schema[0], path) : [];
  return (names as string[])
    .flatMap((name, index) => [[...path, name].join('.'), ...membersOfSdk(schemas[index], [...path, name])])
    .sort();
}
