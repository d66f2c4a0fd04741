import type { Occasion } from '../core/identity.ts';
import type { HandlerDependencies } from '../runtime/ports.ts';
import { makePutFirst } from './first-item.ts';
import { ITEMS } from './items.ts';

/**
 * Takes what is left of a call for an execution; returns the one that sees to it, which is the first that asked. Two may come upon
 * the same answer, each by another record. Both derive the same tokens, which ECS forgets after an hour, and room may take longer.
 */
export type RestOwners = (occasion: Occasion, execution: string) => Promise<string>;

export function makeRestOwners(dependencies: HandlerDependencies<'dynamoDb'>): RestOwners {
  const putFirst = makePutFirst(dependencies, ITEMS.rest);
  return async ({ callId, occasion }, execution) => {
    const first = await putFirst(`${callId}#${occasion}`, { execution: { S: execution } });
    return first.execution?.S ?? execution;
  };
}
