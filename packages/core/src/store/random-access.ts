import type { FilePart } from './blob-writer.ts';
import type { Range } from './ranges.ts';

/** Bytes that can be read at any offset: a file, the parts of one, or ranges of a remote object. */
export interface RandomAccess extends AsyncDisposable {
  /** The path or URL, for errors. */
  readonly location: string;
  /** In bytes. */
  readonly size: number;
  /**
   * Reads bytes into a buffer.
   *
   * @param at the offset, in bytes
   * @returns the number of bytes read; less than the buffer holds only at the end
   */
  read(buffer: Uint8Array, at: number): Promise<number>;
  /** The pieces of open local files that hold a range, in order; worker threads read them by their descriptors. */
  files?(range: Range): readonly FilePart[];
  /** A range that will be read in order, and is fetched ahead; only of bytes of which each read is a request. */
  section?(range: Range): RandomAccess;
  /** Whether the bytes are unmodified since they were opened. */
  isUnchanged(): Promise<boolean>;
}

/** Bytes of which each read is a request. */
export interface RemoteAccess extends RandomAccess {
  section(range: Range): RandomAccess;
  /** Fetches the first bytes, and keeps them in memory. @param end the number of bytes */
  keepStart(end: number): Promise<void>;
}

/** Whether each read is a request. */
export function isRemote(bytes: RandomAccess): bytes is RemoteAccess {
  return 'keepStart' in bytes;
}

/** A range of other bytes. Closing it leaves those open. */
export function slice(bytes: RandomAccess, { start, end }: Range): RandomAccess {
  if (bytes.section) return bytes.section({ start, end });
  const size = end - start;
  const files = bytes.files?.bind(bytes);
  return {
    location: bytes.location,
    size,
    read: (buffer, at) =>
      bytes.read(buffer.subarray(0, Math.max(0, Math.min(buffer.length, size - at))), start + at),
    ...(files && { files: range => files({ start: start + range.start, end: start + range.end }) }),
    isUnchanged: () => bytes.isUnchanged(),
    [Symbol.asyncDispose]: async () => {},
  };
}
