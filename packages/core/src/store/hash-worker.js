// @ts-check
// A thread that computes sha256 over parts of files, and copies them on the way if it is told to. It is plain JavaScript because a worker is started from a file,
// and that file has to be the same one before and after compiling.
import { createHash } from 'node:crypto';
import { readSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { writeAll } from '../fs/write-all.js';

/** @import { HashAnswer, HashOrder } from './hash-pool.ts' */

/** What fits into a core's own cache, so that bytes that are read, hashed and written come from memory once. */
const BUFFER = Buffer.allocUnsafeSlow(256 * 1024);
/** Bytes between two answers about how it goes. */
const TELL_STEP = 1024 * 1024;
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
function obey(order) {
  const { id, last } = order;
  const hash = hashes.get(id) ?? createHash('sha256');
  hashes.set(id, hash);
  work(order, hash);
  if (!last) return;
  hashes.delete(id);
  answer({ id, digest: hash.digest() });
}

/**
 * @param {HashOrder} order
 * @param {import('node:crypto').Hash} hash
 */
function work({ id, fd, offset, length, from, tell }, hash) {
  let at = 0;
  let told = 0;
  const tellOf = (/** @type {number} */ least) => {
    if (!tell || at - told < least) return;
    answer({ id, hashed: at - told });
    told = at;
  };
  while (at < length) {
    const bytes = next(from ?? { fd, offset }, at, length);
    if (bytes.length === 0 && from) break;
    if (bytes.length === 0) throw new RangeError(`the file ends at byte ${offset + at}`);
    hash.update(bytes);
    if (from) writeAll(fd, bytes, offset + at);
    at += bytes.length;
    tellOf(TELL_STEP);
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

/** @param {HashAnswer} message */
function answer(message) {
  parentPort?.postMessage(message);
}
