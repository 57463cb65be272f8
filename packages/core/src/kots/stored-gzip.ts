import { Transform, type TransformCallback } from 'node:stream';
import { crc32 } from 'node:zlib';
import type { RandomAccess } from '../store/random-access.ts';
import { readFully } from '../store/read-ranges.ts';

/** The header of a member without a name or a time (RFC 1952, section 2.3). */
const HEADER = Buffer.from('1f8b08000000000000ff', 'hex');
/** CRC-32 and size of the content. */
const TRAILER_SIZE = 8;
/** The header of a stored block: its type, its length and the complement of that (RFC 1951, section 3.2.4). */
const BLOCK_HEADER_SIZE = 5;
/** The most bytes that a stored block holds. */
const BLOCK_SIZE = 65_535;
const FULL_BLOCK_SIZE = BLOCK_HEADER_SIZE + BLOCK_SIZE;
/** The number of blocks that are read at once. */
const BLOCKS_PER_READ = 16;

/**
 * Wraps bytes in gzip without compressing them. All blocks but the last are full, so that the same content has the same
 * bytes, and the position of each byte is known: {@link StoredGzipContent} reads the content at any offset.
 */
export class StoredGzip extends Transform {
  readonly #block = Buffer.alloc(BLOCK_SIZE);
  #filled = 0;
  #checksum = 0;
  #size = 0;

  constructor() {
    super();
    this.push(HEADER);
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#checksum = crc32(chunk, this.#checksum);
    this.#size += chunk.length;
    for (let at = 0; at < chunk.length; ) {
      const copied = chunk.copy(this.#block, this.#filled, at);
      this.#filled += copied;
      at += copied;
      if (this.#filled === BLOCK_SIZE) this.#pushBlock(false);
    }
    done();
  }

  override _flush(done: TransformCallback): void {
    this.#pushBlock(true);
    const trailer = Buffer.alloc(TRAILER_SIZE);
    trailer.writeUInt32LE(this.#checksum, 0);
    trailer.writeUInt32LE(this.#size % 2 ** 32, 4);
    this.push(trailer);
    done();
  }

  #pushBlock(isLast: boolean): void {
    this.push(blockHeader(this.#filled, isLast));
    this.push(Buffer.from(this.#block.subarray(0, this.#filled)));
    this.#filled = 0;
  }
}

/** The size of {@link StoredGzip}'s output for a content of this size, in bytes. */
export function storedGzipSize(content: number): number {
  const blocks = Math.floor(content / BLOCK_SIZE) + 1;
  return HEADER.length + blocks * BLOCK_HEADER_SIZE + content + TRAILER_SIZE;
}

/** The content of a file that {@link StoredGzip} has written, read in place. */
export class StoredGzipContent implements RandomAccess {
  readonly size: number;
  readonly #file: RandomAccess;

  private constructor(file: RandomAccess, size: number) {
    this.#file = file;
    this.size = size;
  }

  /** Opens a file if its header, its first and last block, and its length are those of stored gzip; else undefined. */
  static async open(file: RandomAccess): Promise<StoredGzipContent | undefined> {
    const size = contentSize(file.size);
    if (size === undefined) return undefined;
    const start = Buffer.alloc(HEADER.length + BLOCK_HEADER_SIZE);
    const end = Buffer.alloc(TRAILER_SIZE);
    if (!(await readFully(file, start, 0)) || !(await readFully(file, end, file.size - TRAILER_SIZE)))
      return undefined;
    const isStored =
      start.subarray(0, HEADER.length).equals(HEADER) &&
      start.subarray(HEADER.length).equals(headerOfBlock(0, size)) &&
      end.readUInt32LE(4) === size % 2 ** 32;
    return isStored ? new StoredGzipContent(file, size) : undefined;
  }

  get location(): string {
    return this.#file.location;
  }

  /** Reads fewer bytes where a block is not stored, as at the end of a file. */
  async read(buffer: Uint8Array, at: number): Promise<number> {
    const wanted = Math.min(buffer.length, Math.max(0, this.size - at));
    let done = 0;
    while (done < wanted) {
      const copied = await this.#readBlocks(buffer.subarray(done, wanted), at + done);
      if (copied === 0) break;
      done += copied;
    }
    return done;
  }

  isUnchanged(): Promise<boolean> {
    return this.#file.isUnchanged();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file[Symbol.asyncDispose]();
  }

  async #readBlocks(buffer: Uint8Array, at: number): Promise<number> {
    const first = Math.floor(at / BLOCK_SIZE);
    const last = Math.min(first + BLOCKS_PER_READ - 1, Math.floor((at + buffer.length - 1) / BLOCK_SIZE));
    const end = Math.min((last + 1) * BLOCK_SIZE, this.size);
    const blocks = last - first + 1;
    const raw = Buffer.alloc(blocks * BLOCK_HEADER_SIZE + end - first * BLOCK_SIZE);
    if (!(await readFully(this.#file, raw, HEADER.length + first * FULL_BLOCK_SIZE))) return 0;
    let copied = 0;
    for (let block = first; block <= last; block++) {
      const start = (block - first) * FULL_BLOCK_SIZE;
      const header = raw.subarray(start, start + BLOCK_HEADER_SIZE);
      if (!header.equals(headerOfBlock(block, this.size))) break;
      const content = raw.subarray(start + BLOCK_HEADER_SIZE, start + FULL_BLOCK_SIZE);
      const skipped = Math.max(0, at - block * BLOCK_SIZE);
      const part = content.subarray(skipped, skipped + buffer.length - copied);
      buffer.set(part, copied);
      copied += part.length;
    }
    return copied;
  }
}

/** The content size of a stored gzip file of this size; undefined when no content has this size. */
function contentSize(file: number): number | undefined {
  const body = file - HEADER.length - TRAILER_SIZE;
  const fullBlocks = Math.floor((body - BLOCK_HEADER_SIZE) / FULL_BLOCK_SIZE);
  const size = body - (fullBlocks + 1) * BLOCK_HEADER_SIZE;
  return body >= BLOCK_HEADER_SIZE && storedGzipSize(size) === file ? size : undefined;
}

function headerOfBlock(block: number, size: number): Buffer {
  const remaining = size - block * BLOCK_SIZE;
  return remaining >= BLOCK_SIZE ? blockHeader(BLOCK_SIZE, false) : blockHeader(remaining, true);
}

function blockHeader(length: number, isLast: boolean): Buffer {
  const header = Buffer.alloc(BLOCK_HEADER_SIZE);
  header.writeUInt8(isLast ? 1 : 0, 0);
  header.writeUInt16LE(length, 1);
  header.writeUInt16LE(length ^ 0xffff, 3);
  return header;
}
