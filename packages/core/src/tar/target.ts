import type { BlobWriter } from '../store/blob-writer.ts';
import type { PlannedEntry } from './plan.ts';

/** Anything that a planned tar is written to: a file, the parts of one, a stream, an upload. Offsets are bytes of the tar. */
export interface TarTarget {
  /** `any`: bytes may be written at any offset, concurrently. `sequential`: from the first byte to the last. */
  readonly order: 'any' | 'sequential';
  /** Writes bytes at an offset. */
  write(bytes: Uint8Array, offset: number): Promise<void> | undefined;
  /** Opens the writer for the blob of an entry. */
  writer(entry: PlannedEntry): BlobWriter;
  /** Completes the tar. Until then nothing has its final name. */
  commit(): Promise<void>;
}
