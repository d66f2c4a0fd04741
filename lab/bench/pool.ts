import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Figures, Job } from './measure.ts';

/** Each may need a gigabyte. */
const WORKERS = 2;

/** The figures of each job, in the order of the jobs; tells of each as soon as it has them. */
export async function measureAll(jobs: readonly Job[], onMeasured: (job: Job) => void): Promise<Figures[]> {
  const queue = jobs.entries();
  const measured: Figures[] = [];
  const work = async (): Promise<void> => {
    const worker = new Worker(new URL('worker.ts', import.meta.url));
    for (const [index, job] of queue) {
      worker.postMessage(job);
      const [figures] = await once(worker, 'message');
      measured[index] = figures;
      onMeasured(job);
    }
    await worker.terminate();
  };
  await Promise.all(Array.from({ length: WORKERS }, work));
  return measured;
}
