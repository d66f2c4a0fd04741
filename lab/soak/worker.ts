import { parentPort } from 'node:worker_threads';
import { type Campaign, soak } from './campaign.ts';

/** Plays one campaign after the other, as they are sent. */
parentPort?.on('message', async (campaign: Campaign) => parentPort?.postMessage(await soak(campaign)));
