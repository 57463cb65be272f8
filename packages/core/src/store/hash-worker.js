// @ts-check
// A worker thread that computes the sha256 of file ranges and can copy them in the same pass. It is plain JavaScript,
// because a worker starts from a file that must exist both before and after compiling.
import { createHash } from 'node:crypto';
import { readSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { writeAll } from '../fs/write-all.js';

/** @import { HashResult, HashRequest } from './hash-pool.ts' */

/** Small enough for a core's cache, so that bytes that are read, hashed and written come from memory once. */
const BUFFER = Buffer.allocUnsafeSlow(256 * 1024);
/** What a file has after a copy: its digest counts, not that of the bytes before they were written. */
const WRITTEN = Buffer.allocUnsafeSlow(BUFFER.length);
/** Bytes between two progress reports. */
const PROGRESS_STEP = 1024 * 1024;
/** @type {Map<number, import('node:crypto').Hash>} */
const hashes = new Map();

parentPort?.on('message', (/** @type {HashRequest} */ request) => {
  try {
    run(request);
  } catch (error) {
    hashes.delete(request.id);
    // Structured cloning drops the code and syscall of an error; plain fields survive.
    const { message, code, syscall } = /** @type {NodeJS.ErrnoException} */ (error);
    respond({ id: request.id, error: { message, code, syscall } });
  }
});

/** @param {HashRequest} request */
function run(request) {
  const { id, last } = request;
  const hash = hashes.get(id) ?? createHash('sha256');
  hashes.set(id, hash);
  hashRange(request, hash);
  if (!last) return;
  hashes.delete(id);
  respond({ id, digest: hash.digest() });
}

/**
 * @param {HashRequest} request
 * @param {import('node:crypto').Hash} hash
 */
function hashRange({ id, fd, memory, offset, length, from, reportProgress }, hash) {
  let at = 0;
  let reported = 0;
  const report = (/** @type {number} */ step) => {
    if (!reportProgress || at - reported < step) return;
    respond({ id, hashed: at - reported });
    reported = at;
  };
  while (at < length) {
    const bytes = memory ? Buffer.from(memory, offset, length) : read(from ?? { fd, offset }, at, length);
    if (bytes.length === 0 && from) break;
    if (bytes.length === 0) throw new RangeError(`the file ends at byte ${offset + at}`);
    hash.update(from ? writeAndReadBack(fd, bytes, offset + at) : bytes);
    at += bytes.length;
    report(PROGRESS_STEP);
  }
  report(1);
}

/**
 * @param {number} fd
 * @param {Buffer} bytes
 * @param {number} offset in bytes
 */
function writeAndReadBack(fd, bytes, offset) {
  writeAll(fd, bytes, offset);
  return WRITTEN.subarray(0, readSync(fd, WRITTEN, 0, bytes.length, offset));
}

/**
 * @param {{ fd: number, offset: number }} file
 * @param {number} at
 * @param {number} length
 */
function read({ fd, offset }, at, length) {
  return BUFFER.subarray(0, readSync(fd, BUFFER, 0, Math.min(BUFFER.length, length - at), offset + at));
}

/** @param {HashResult} message */
function respond(message) {
  parentPort?.postMessage(message);
}
