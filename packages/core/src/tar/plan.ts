import { BLOCK, encodeHeader, padded, TRAILER_SIZE } from './header.ts';

/** A file to put into a tar. What its content is, only the writer of the tar knows. */
export interface TarInput<Content = unknown> {
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  readonly content: Content;
}

/** A file with its place in the tar. Offsets are bytes from the start of the tar. */
export interface PlannedEntry<Content = unknown> extends TarInput<Content> {
  readonly headerOffset: number;
  readonly header: Buffer;
  /** Where the content begins. */
  readonly offset: number;
}

/** A tar that is known to the last byte before any content is. */
export interface TarPlan<Content = unknown> {
  readonly entries: readonly PlannedEntry<Content>[];
  /** The complete tar, in bytes. */
  readonly size: number;
}

/**
 * Computes the header and the offset of each file, in the order given.
 *
 * @param mtime of every entry, in seconds since 1970
 */
export function planTar<Content>(inputs: readonly TarInput<Content>[], mtime = 0): TarPlan<Content> {
  let end = 0;
  const entries = inputs.map(input => {
    const headerOffset = end;
    const offset = headerOffset + BLOCK;
    end = offset + padded(input.size);
    return { ...input, headerOffset, offset, header: encodeHeader(input.name, input.size, mtime) };
  });
  return { entries, size: end + TRAILER_SIZE };
}
