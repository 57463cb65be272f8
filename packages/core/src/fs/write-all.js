// @ts-check
import { writeSync } from 'node:fs';

/**
 * Writes all bytes to their place in a file; a nearly full disk takes a part, and the next write then says why. Plain JavaScript,
 * for threads use it, too.
 *
 * @param {number} fd
 * @param {Uint8Array} bytes
 * @param {number} offset in bytes
 */
export function writeAll(fd, bytes, offset) {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at, bytes.length - at, offset + at);
}
