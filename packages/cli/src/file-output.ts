import { fstatSync, writeSync } from 'node:fs';
import type { Writable } from 'node:stream';

/**
 * Makes a standard stream that is a file write every chunk completely. Node writes each chunk once, and takes a short
 * write for a complete one: the last write before a disk is full is short, and what is left of it would be lost without an
 * error.
 */
export function writeCompletely(stream: Writable & { readonly fd: number }): void {
  if (!isFile(stream.fd)) return;
  stream._write = (chunk: string | Uint8Array, encoding, done) => {
    try {
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk;
      for (let at = 0; at < bytes.length; ) at += writeSync(stream.fd, bytes, at);
      done();
    } catch (error) {
      done(error as Error);
    }
  };
}

/** A closed stream is no file. */
function isFile(fd: number): boolean {
  try {
    return fstatSync(fd).isFile();
  } catch {
    return false;
  }
}
