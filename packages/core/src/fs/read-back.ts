import { readSync } from 'node:fs';

/** In bytes. */
const STEP = 256 * 1024;

/**
 * Compares bytes that were written with what the file has now: a faulty disk, driver or machine may store others.
 *
 * @param offset of the bytes in the file
 * @throws an `EIO` system error when they differ
 */
export function assertWritten(fd: number, bytes: Uint8Array, offset: number): void {
  const buffer = Buffer.allocUnsafe(Math.min(STEP, bytes.length));
  for (let at = 0; at < bytes.length; ) {
    const read = readSync(fd, buffer, 0, Math.min(buffer.length, bytes.length - at), offset + at);
    if (read === 0 || buffer.compare(bytes, at, at + read, 0, read) !== 0) throw differs(offset + at);
    at += read;
  }
}

function differs(offset: number): NodeJS.ErrnoException {
  const message = `the file does not have the bytes that were written at byte ${offset}`;
  return Object.assign(new Error(message), { code: 'EIO', syscall: 'read' });
}
