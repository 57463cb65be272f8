import type { Descriptor } from '../oci/descriptor.ts';
import type { Reference } from '../reference/reference.ts';
import { BLOCK, encodeHeader, padded, TRAILER_SIZE } from './header.ts';

/** What goes into one entry: bytes that are at hand, or a blob to fetch from the repository of a name. */
export type Content = { readonly bytes: Uint8Array } | BlobContent;

export interface BlobContent {
  readonly blob: Descriptor;
  /** A name whose repository has it. */
  readonly from: Reference;
  readonly bytes?: undefined;
}

/** A file to put into the tar. */
export interface Item {
  readonly name: string;
  readonly size: number;
  readonly content: Content;
}

/** An item with its place in the tar; offsets are bytes from the tar's start. */
export interface Slot extends Item {
  readonly headerOffset: number;
  readonly header: Buffer;
  /** Where the content begins. */
  readonly offset: number;
}

/** A tar that is known to the last byte before any content is. */
export interface Layout {
  readonly slots: readonly Slot[];
  /** The whole tar, in bytes. */
  readonly size: number;
}

/**
 * Gives every item its place, in the order given.
 *
 * @param mtime of every entry, in seconds since 1970
 */
export function layOut(items: readonly Item[], mtime = 0): Layout {
  let end = 0;
  const slots = items.map(item => {
    const headerOffset = end;
    const offset = headerOffset + BLOCK;
    end = offset + padded(item.size);
    return { ...item, headerOffset, offset, header: encodeHeader(item.name, item.size, mtime) };
  });
  return { slots, size: end + TRAILER_SIZE };
}
