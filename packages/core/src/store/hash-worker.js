// @ts-check
// A thread that computes sha256 over parts of files, and copies them on the way if it is told to. It is plain JavaScript because a worker is started from a file,
// and that file has to be the same one before and after compiling.
import { createHash } from 'node:crypto';
import { readSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { writeAll } from '../fs/write-all.js';

/** @import { HashResult, HashRequest } from './hash-pool.ts' */

/** What fits into a core's own cache, so that bytes that are read, hashed and written come from memory once. */
const BUFFER = Buffer.allocUnsafeSlow(256 * 1024);
/** Bytes between two answers about how it goes. */
const PROGRESS_STEP = 1024 * 1024;
/** @type {Map<number, import('node:crypto').Hash>} */
const hashes = new Map();

parentPort?.on('message', (/** @type {HashRequest} */ order) => {
  try {
    run(order);
  } catch (error) {
    hashes.delete(order.id);
    // What makes it a system error is lost when an error crosses threads; plain fields are not.
    const { message, code, syscall } = /** @type {NodeJS.ErrnoException} */ (error);
    respond({ id: order.id, error: { message, code, syscall } });
  }
});

/** @param {HashRequest} order */
function run(order) {
  const { id, last } = order;
  const hash = hashes.get(id) ?? createHash('sha256');
  hashes.set(id, hash);
  hashRange(order, hash);
  if (!last) return;
  hashes.delete(id);
  respond({ id, digest: hash.digest() });
}

/**
 * @param {HashRequest} order
 * @param {import('node:crypto').Hash} hash
 */
function hashRange({ id, fd, offset, length, from, reportProgress }, hash) {
  let at = 0;
  let told = 0;
  const tellOf = (/** @type {number} */ least) => {
    if (!reportProgress || at - told < least) return;
    respond({ id, hashed: at - told });
    told = at;
  };
  while (at < length) {
    const bytes = next(from ?? { fd, offset }, at, length);
    if (bytes.length === 0 && from) break;
    if (bytes.length === 0) throw new RangeError(`the file ends at byte ${offset + at}`);
    hash.update(bytes);
    if (from) writeAll(fd, bytes, offset + at);
    at += bytes.length;
    tellOf(PROGRESS_STEP);
  }
  tellOf(1);
}

/**
 * @param {{ fd: number, offset: number }} file
 * @param {number} at
 * @param {number} length
 */
function next({ fd, offset }, at, length) {
  return BUFFER.subarray(0, readSync(fd, BUFFER, 0, Math.min(BUFFER.length, length - at), offset + at));
}

/** @param {HashResult} message */
function respond(message) {
  parentPort?.postMessage(message);
}
