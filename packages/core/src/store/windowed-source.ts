import type { Descriptor } from '../oci/descriptor.ts';
import type { ChunkWriter } from './blob-writer.ts';
import type { BlobSource } from './image-source.ts';
import { pieces, type Range } from './ranges.ts';

/** The size of one range, in bytes. */
const RANGE = 4 * 1024 * 1024;
/** The number of ranges in memory: 96 MiB, one for each of the concurrent requests to a host. */
const RANGES = 24;

/** The buffers that all blobs in transfer share. Those that wait for one get it in the order in which they came. */
export class ReadWindow {
  readonly #free: Buffer[] = [];
  readonly #waiting: ((buffer: Buffer) => void)[] = [];
  #unallocated = RANGES;

  /** Resolves with a buffer of the size of a range, once one is free. */
  async take(): Promise<Buffer> {
    const free = this.#free.pop();
    if (free) return free;
    if (this.#unallocated === 0) return new Promise(resolve => this.#waiting.push(resolve));
    this.#unallocated -= 1;
    return Buffer.allocUnsafeSlow(RANGE);
  }

  give(buffer: Buffer): void {
    const next = this.#waiting.shift();
    if (next) next(buffer);
    else this.#free.push(buffer);
  }
}

/** A range in memory. */
interface ReadRange {
  readonly buffer: Buffer;
  readonly range: Range;
  /** Resolves with the number of bytes that were read. */
  readonly read: Promise<number>;
}

/**
 * A source that reads ahead for a writer which needs a blob in order: several ranges at once, because registries and
 * storage limit the rate of each connection. Memory is bounded by the window, whatever the size of the blob.
 */
export class WindowedSource implements BlobSource {
  readonly #source: BlobSource;
  readonly #window: ReadWindow;

  constructor(source: BlobSource, window: ReadWindow) {
    this.#source = source;
    this.#window = window;
  }

  get origin(): BlobSource['origin'] {
    return this.#source.origin;
  }

  get isDown(): boolean {
    return this.#source.isDown ?? false;
  }

  get servesRanges(): boolean | undefined {
    return this.#source.servesRanges;
  }

  has(blob: Descriptor): Promise<boolean> {
    return this.#source.has(blob);
  }

  async read(blob: Descriptor, into: ChunkWriter, wanted: readonly Range[]): Promise<void> {
    const ranges = pieces(wanted, RANGE);
    const [first, ...others] = ranges;
    if (!into.sequential || first === undefined || others.length === 0 || this.servesRanges === false)
      return this.#source.read(blob, into, wanted);
    if (this.servesRanges) return this.#readAhead(blob, into, ranges);
    // The first range shows whether the source serves ranges; if not, each would cost the complete blob.
    await this.#readAhead(blob, into, [first]);
    if (this.servesRanges) return this.#readAhead(blob, into, others);
    await this.#source.read(blob, into, remaining(wanted, first.end));
  }

  async #readAhead(blob: Descriptor, into: ChunkWriter, ranges: readonly Range[]): Promise<void> {
    const started: Promise<ReadRange>[] = [];
    let isStopped = false;
    const start = async (range: Range): Promise<ReadRange> => {
      const buffer = await this.#window.take();
      const read = isStopped ? Promise.resolve(0) : this.#readRange(blob, range, buffer);
      read.catch(() => {});
      return { buffer, range, read };
    };
    // Buffers are requested in the order of the ranges, and no more of them than the window has.
    const request = () => {
      const range = ranges[started.length];
      if (range) started.push(start(range));
    };
    for (let count = 0; count < RANGES; count += 1) request();
    let next = 0;
    try {
      for (; next < ranges.length; next += 1) {
        const { buffer, range, read } = (await started[next]) as ReadRange;
        const received = await read;
        await writeAt(into, buffer.subarray(0, received), range.start);
        // The stored blob is too short, which its verification reports.
        if (received < range.end - range.start) break;
        this.#window.give(buffer);
        request();
      }
    } finally {
      isStopped = true;
      for (const rest of started.slice(next)) void this.#release(rest);
    }
  }

  /** Gives a buffer back once nothing writes into it. */
  async #release(started: Promise<ReadRange>): Promise<void> {
    const { buffer, read } = await started;
    await read.catch(() => {});
    this.#window.give(buffer);
  }

  /** Reads one range. @returns the number of bytes before the first gap */
  async #readRange(blob: Descriptor, range: Range, buffer: Buffer): Promise<number> {
    let received = 0;
    const writer: ChunkWriter = {
      sequential: true,
      write(chunk, at) {
        buffer.set(chunk, at - range.start);
        received += chunk.length;
        return undefined;
      },
    };
    await this.#source.read(blob, writer, [range]);
    return received;
  }
}

async function writeAt(into: ChunkWriter, bytes: Uint8Array, at: number): Promise<void> {
  if (bytes.length > 0) await into.write(bytes, at);
}

/** The part of some ranges from an offset on. */
function remaining(ranges: readonly Range[], from: number): Range[] {
  return ranges
    .filter(({ end }) => end > from)
    .map(({ start, end }) => ({ start: Math.max(start, from), end }));
}
