import type { ReadItem } from './item-reader.ts';
import { ITEMS } from './items.ts';

/** Whether people hold all permits. They do while the item exists, whatever it holds. */
export const makePauseSwitch = (readItem: ReadItem) => async (): Promise<boolean> =>
  (await readItem(ITEMS.pause.id)) !== undefined;
