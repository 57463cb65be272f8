import type { Descriptor } from '../oci/descriptor.ts';
import type { ChunkWriter } from './blob-writer.ts';
import { HashingWriter } from './blob-writer.ts';
import { copyBlob } from './copy-blob.ts';
import type { OnEvent } from './events.ts';
import type { BlobSource } from './image-source.ts';
import type { BlobBody } from './image-target.ts';

/**
 * A blob as a body that a target pulls, from sources that push. The complete blob is verified, and its last chunk is held
 * back until the digest has matched; a part of it is verified by the target.
 */
export function blobBody(
  sources: readonly BlobSource[],
  blob: Descriptor,
  images: readonly string[],
  onEvent: OnEvent = () => {},
): BlobBody {
  return (start, end) => {
    const pipe = new Pipe();
    const isComplete = start === 0 && end === blob.size;
    const sending = isComplete
      ? copyBlob(sources, blob, new HashingWriter(pipe), { images, onEvent })
      : readPart(sources, blob, pipe.writer(), start, end);
    return pipe.chunks(sending);
  };
}

async function readPart(
  sources: readonly BlobSource[],
  blob: Descriptor,
  into: ChunkWriter,
  start: number,
  end: number,
): Promise<void> {
  const [source] = sources;
  await source?.read(blob, into, [{ start, end }]);
}

/** Hands chunks from a writer to a reader, one at a time. The last one is handed over when the writer has succeeded. */
class Pipe {
  #chunk: Uint8Array | undefined;
  #takeChunk: (() => void) | undefined;
  #wake: (() => void) | undefined;
  #held: Uint8Array | undefined;
  #isClosed = false;

  /** Accepts a chunk once the one before it was taken. */
  write(chunk: Uint8Array): Promise<void> | undefined {
    if (this.#isClosed) throw new Error('the reader has stopped');
    const before = this.#held;
    this.#held = Buffer.from(chunk);
    if (before === undefined) return undefined;
    this.#chunk = before;
    this.#wake?.();
    return new Promise(resolve => {
      this.#takeChunk = resolve;
    });
  }

  writer(): ChunkWriter {
    return { sequential: true, write: chunk => this.write(chunk) };
  }

  async *chunks(sending: Promise<void>): AsyncGenerator<Uint8Array> {
    let ended: { readonly error?: unknown } | undefined;
    const settle = (result: { readonly error?: unknown }) => {
      ended = result;
      this.#wake?.();
    };
    sending.then(
      () => settle({}),
      error => settle({ error }),
    );
    try {
      for (;;) {
        if (this.#chunk) yield this.#take(this.#chunk);
        else if (ended) break;
        else await this.#change();
      }
    } finally {
      this.#isClosed = true;
      this.#takeChunk?.();
    }
    if ('error' in ended) throw ended.error;
    if (this.#held) yield this.#held;
  }

  /** Lets the writer send the next chunk; it copies each, so that the reader keeps its own. */
  #take(chunk: Uint8Array): Uint8Array {
    this.#chunk = undefined;
    this.#takeChunk?.();
    return chunk;
  }

  #change(): Promise<void> {
    return new Promise(resolve => {
      this.#wake = resolve;
    });
  }
}
