// @ts-check
// A thread that computes sha256 over parts of files. It is plain JavaScript because a worker is started from a file,
// and that file has to be the same one before and after compiling.
import { createHash } from 'node:crypto';
import { readSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';

/** @import { HashAnswer, HashOrder } from './hash-threads.ts' */

const BUFFER = Buffer.allocUnsafeSlow(256 * 1024);
/** @type {Map<number, import('node:crypto').Hash>} */
const hashes = new Map();

parentPort?.on('message', (/** @type {HashOrder} */ order) => {
  try {
    obey(order);
  } catch (error) {
    hashes.delete(order.id);
    // What makes it a system error is lost when an error crosses threads; plain fields are not.
    const { message, code, syscall } = /** @type {NodeJS.ErrnoException} */ (error);
    answer({ id: order.id, error: { message, code, syscall } });
  }
});

/** @param {HashOrder} order */
function obey({ id, fd, offset, length, last, tell }) {
  const hash = hashes.get(id) ?? createHash('sha256');
  hashes.set(id, hash);
  for (let at = 0; at < length; ) {
    const read = readSync(fd, BUFFER, 0, Math.min(BUFFER.length, length - at), offset + at);
    if (read === 0) throw new RangeError(`the file ends at byte ${offset + at}`);
    hash.update(BUFFER.subarray(0, read));
    at += read;
    if (tell) answer({ id, hashed: read });
  }
  if (!last) return;
  hashes.delete(id);
  answer({ id, digest: hash.digest() });
}

/** @param {HashAnswer} message */
function answer(message) {
  parentPort?.postMessage(message);
}
