import { BLOCK, encodeHeader, padded, TRAILER_SIZE } from './header.ts';

/** A file to put into a tar. The planner passes its content through unread. */
export interface TarInput<Content = unknown> {
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  readonly content: Content;
}

/** A file with its position in the tar. Offsets are bytes from the start of the tar. */
export interface PlannedEntry<Content = unknown> extends TarInput<Content> {
  readonly headerOffset: number;
  readonly header: Buffer;
  /** Where the content starts. */
  readonly offset: number;
}

/** The layout of a tar: every header and offset, known before any content is. */
export interface TarPlan<Content = unknown> {
  readonly entries: readonly PlannedEntry<Content>[];
  /** Size of the complete tar, in bytes. */
  readonly size: number;
  /** Of every entry, in seconds since 1970. */
  readonly mtime: number;
}

/** Where the files of a tar lie, without their headers. */
export interface TarPlaces<Content = unknown> {
  readonly entries: readonly Omit<PlannedEntry<Content>, 'header'>[];
  /** Size of the complete tar, in bytes. */
  readonly size: number;
}

/** Computes where each file lies, in the given order. */
export function placeEntries<Content>(inputs: readonly TarInput<Content>[]): TarPlaces<Content> {
  let end = 0;
  const entries = inputs.map(input => {
    const headerOffset = end;
    const offset = headerOffset + BLOCK;
    end = offset + padded(input.size);
    return { ...input, headerOffset, offset };
  });
  return { entries, size: end + TRAILER_SIZE };
}

/**
 * Computes the offset of each file, and its header once it is written, in the given order.
 *
 * @param mtime of every entry, in seconds since 1970
 */
export function planTar<Content>(inputs: readonly TarInput<Content>[], mtime = 0): TarPlan<Content> {
  const { entries, size } = placeEntries(inputs);
  return { entries: entries.map(entry => new PlannedFile(entry, mtime)), size, mtime };
}

/** A file of a plan. Its header is made when it is written: those of 10,000 images would take as much memory as their manifests. */
class PlannedFile<Content> implements PlannedEntry<Content> {
  readonly name: string;
  readonly size: number;
  readonly content: Content;
  readonly headerOffset: number;
  readonly offset: number;
  readonly #mtime: number;

  constructor(
    { name, size, content, headerOffset, offset }: Omit<PlannedEntry<Content>, 'header'>,
    mtime: number,
  ) {
    this.name = name;
    this.size = size;
    this.content = content;
    this.headerOffset = headerOffset;
    this.offset = offset;
    this.#mtime = mtime;
  }

  get header(): Buffer {
    return encodeHeader(this.name, this.size, this.#mtime);
  }
}
