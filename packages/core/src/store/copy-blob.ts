import type { AirgapError } from '../model/errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { BlobWriter, ChunkWriter, FilePart } from './blob-writer.ts';
import type { OnEvent } from './events.ts';
import { canFallBack, combineFailures, reachable, reportFallback } from './fallback.ts';
import type { BlobSource } from './image-source.ts';
import { Verifier } from './verifier.ts';

/** Bytes between two `blob-progress` events. */
const PROGRESS_STEP = 1024 * 1024;

/** Who needs a blob, and who is notified. */
export interface CopyOptions {
  /** The images that need the blob, for events and errors; at least one. */
  readonly images: readonly string[];
  readonly onEvent?: OnEvent | undefined;
  /** Receives the number of bytes that a source has sent since its last call. */
  readonly onBytes?: ((source: BlobSource, bytes: number) => void) | undefined;
}

/**
 * Copies one blob from the first source that has it into a writer, and verifies it. This is the only way blobs move.
 *
 * A source that fails, lacks the blob or sends wrong bytes is followed by the next one. What a failed source has written
 * stays, unless the digest is wrong: then everything is copied again. If no source succeeds, those that sent wrong bytes
 * are tried once more.
 *
 * @throws AirgapError `CONTENT` for a digest or size mismatch, `NOT_FOUND`, and what the sources throw, with every
 * source that failed; what the writer throws
 */
export async function copyBlob(
  sources: readonly BlobSource[],
  blob: Descriptor,
  writer: BlobWriter,
  options: CopyOptions,
): Promise<void> {
  await new BlobCopy(blob, writer, options).run(sources);
}

class BlobCopy {
  readonly #blob: Descriptor;
  readonly #writer: BlobWriter;
  readonly #images: readonly string[];
  readonly #onEvent: OnEvent;
  readonly #onBytes: CopyOptions['onBytes'];
  /** The source that has sent bytes last. */
  #sender: BlobSource | undefined;
  #received = 0;
  #reported = 0;

  constructor(blob: Descriptor, writer: BlobWriter, { images, onEvent = () => {}, onBytes }: CopyOptions) {
    this.#blob = blob;
    this.#writer = writer;
    this.#images = images;
    this.#onEvent = onEvent;
    this.#onBytes = onBytes;
  }

  async run(sources: readonly BlobSource[]): Promise<void> {
    const candidates = reachable(sources);
    const failures = await this.#tryAll(candidates);
    if (failures.size === 0) return this.#finish();
    // A damaged cache may be bypassed, or the wrong bytes were those of an interrupted build.
    const wrong = candidates.filter(source => failures.get(source)?.code === 'CONTENT');
    for (const source of wrong) this.#reportRetry(source, failures.get(source));
    if (wrong.length > 0 && (await this.#tryAll(wrong)).size === 0) return this.#finish();
    throw this.#withImages(combineFailures([...failures.values()]));
  }

  /** Tries one source after another. @returns the failure of each; empty if one succeeded */
  async #tryAll(sources: readonly BlobSource[]): Promise<Map<BlobSource, AirgapError>> {
    const failures = new Map<BlobSource, AirgapError>();
    for (const source of sources) {
      const failure = await this.#try(source);
      if (failure === undefined) return new Map();
      failures.set(source, failure);
      if (source !== sources.at(-1)) reportFallback(source, failure, this.#onEvent);
    }
    return failures;
  }

  #reportRetry({ origin }: BlobSource, failure: AirgapError | undefined): void {
    const message = `${origin.host ?? origin.path}: ${failure?.message}; retrying once`;
    this.#onEvent({ type: 'notice', message });
  }

  /** @returns the error if another source may succeed */
  async #try(source: BlobSource): Promise<AirgapError | undefined> {
    try {
      await this.#copy(source);
      return undefined;
    } catch (error) {
      if (!canFallBack(error)) throw error;
      if (error.code === 'CONTENT') this.#restart(error);
      return error;
    }
  }

  async #copy(source: BlobSource): Promise<void> {
    const { size } = this.#blob;
    const missing = this.#writer.written.gaps(size);
    this.#received = this.#writer.written.size;
    this.#reported = this.#received;
    if (missing.length > 0) await source.read(this.#blob, this.#counting(source), missing);
    const verifier = this.#verifier(source);
    verifier.count(this.#writer.written.size);
    verifier.end(await this.#writer.digest());
  }

  #verifier({ origin }: BlobSource): Verifier {
    return new Verifier(this.#blob, { image: this.#images[0] ?? '', ...origin });
  }

  /** @throws the error when the writer cannot take bytes back */
  #restart(error: AirgapError): void {
    if (!this.#writer.restart) throw this.#withImages(error);
    this.#writer.restart();
  }

  /** The writer, with every byte counted. */
  #counting(source: BlobSource): ChunkWriter {
    const { size } = this.#blob;
    const copyFrom = this.#writer.copyFrom?.bind(this.#writer);
    return {
      sequential: this.#writer.sequential,
      write: (chunk, at) => {
        if (at + chunk.length > size) this.#verifier(source).count(at + chunk.length);
        this.#count(source, chunk.length);
        return this.#writer.write(chunk, at);
      },
      ...(copyFrom && { copyFrom: (part: FilePart) => copyFrom(part, bytes => this.#count(source, bytes)) }),
    };
  }

  #count(source: BlobSource, bytes: number): void {
    const { digest, size } = this.#blob;
    this.#onBytes?.(source, bytes);
    this.#received += bytes;
    if (this.#sender !== source) this.#reportStart(source);
    this.#sender = source;
    if (this.#received - this.#reported < PROGRESS_STEP) return;
    this.#reported = this.#received;
    this.#onEvent({ type: 'blob-progress', digest, received: this.#received, size });
  }

  #reportStart({ origin: { host } }: BlobSource): void {
    const { digest, size } = this.#blob;
    const from = host === undefined ? {} : { host };
    this.#onEvent({ type: 'blob-started', digest, size, image: this.#images[0] ?? '', ...from });
  }

  #finish(): void {
    const { digest, size } = this.#blob;
    this.#onEvent({ type: 'blob-progress', digest, received: size, size });
    this.#onEvent({ type: 'blob-finished', digest, size });
  }

  #withImages(error: AirgapError): AirgapError {
    const [image, ...others] = this.#images;
    const named = image === undefined ? error : error.withContext({ image });
    return others.length === 0 ? named : named.withNote(`needed by ${listOf(others)} as well`);
  }
}

function listOf(names: readonly string[]): string {
  const MAX = 3;
  const shown = names.slice(0, MAX).join(', ');
  return names.length > MAX ? `${shown} and ${names.length - MAX} more` : shown;
}
