// @ts-check
import { writeSync } from 'node:fs';

/**
 * Writes all bytes at an offset of a file. A nearly full disk accepts a part; the next write then fails with the reason.
 * Plain JavaScript, because worker threads use it as well.
 *
 * @param {number} fd
 * @param {Uint8Array} bytes
 * @param {number} offset in bytes
 */
export function writeAll(fd, bytes, offset) {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at, bytes.length - at, offset + at);
}
