import type jsonata from 'jsonata';
import { isObject, type Json } from '../kernel/json.ts';

/** A variable and names of members, such as `$states.input.next`. */
export type PlainPath = readonly [variable: string, ...members: string[]];

/** What the nodes of such a path hold: anything else changes what it means. */
const PLAIN = new Set(['type', 'value', 'position']);

/** More than half of a definition's expressions are plain paths. */
export function plainPath(root: jsonata.ExprNode): PlainPath | undefined {
  const nodes = (root.type as string) === 'path' && Object.keys(root).length === 2 ? (root.steps ?? []) : [root];
  const [variable, ...members] = nodes;
  const isPlain = nodes.every((node) => Object.keys(node).every((key) => PLAIN.has(key)));
  if (!isPlain || variable?.type !== 'variable' || members.some(({ type }) => type !== 'name')) return undefined;
  return [String(variable.value), ...members.map(({ value }) => String(value))];
}

/**
 * What a plain path leads to through objects, which takes a tenth of the time that JSONata takes; undefined where it meets an array, of which
 * JSONata has ideas of its own, or where something is missing.
 */
export function follow([variable, ...members]: PlainPath, bindings: object): Json | undefined {
  let found = ownMember(bindings, variable);
  for (const member of members) found = ownMember(found, member);
  return Array.isArray(found) ? undefined : (found as Json | undefined);
}

function ownMember(value: unknown, name: string): unknown {
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}
