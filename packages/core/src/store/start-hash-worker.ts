import { Worker } from 'node:worker_threads';

/** The source of hash-worker.js. Only builds that are a single file define it: they have no file beside them. */
declare const HASH_WORKER_SOURCE: string | undefined;

/** Starts a thread that runs hash-worker.js. This is the only place that decides where its code comes from. */
export function startHashWorker(): Worker {
  if (typeof HASH_WORKER_SOURCE === 'string') return new Worker(HASH_WORKER_SOURCE, { eval: true });
  return new Worker(new URL('./hash-worker.js', import.meta.url));
}
