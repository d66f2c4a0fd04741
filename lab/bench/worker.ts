/** Measures one job after the other, as they are sent (pool.ts). */
import { parentPort } from 'node:worker_threads';
import { type Job, measure } from './measure.ts';

parentPort?.on('message', async (job: Job) => parentPort?.postMessage(await measure(job)));
