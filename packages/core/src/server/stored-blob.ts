import { createHash } from 'node:crypto';
import type { Layout } from '../layout/layout.ts';
import { AirgapError } from '../model/errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, sha256Digest } from '../oci/digest.ts';
import { type RandomAccess, slice } from '../store/random-access.ts';
import type { Range } from '../store/ranges.ts';
import { readFully } from '../store/read-ranges.ts';
import { Verifier } from '../store/verifier.ts';

/** Buffer size of one reader, in bytes. */
const CHUNK_SIZE = 256 * 1024;

/** A manifest, config or layer of a served layout. */
export class StoredBlob {
  readonly digest: Digest;
  /** In bytes. */
  readonly size: number;
  readonly #layout: Layout;
  #isVerified = false;
  #verifyError: unknown;

  constructor(layout: Layout, { digest, size }: Pick<Descriptor, 'digest' | 'size'>) {
    this.digest = digest;
    this.size = size;
    this.#layout = layout;
  }

  /**
   * Reads a range in chunks. All chunks share one buffer: a chunk is valid until the next one is requested. The first
   * complete read verifies the digest, and the last chunk is held back until it matches.
   *
   * @throws AirgapError `BUNDLE` when the file was modified, `CONTENT` for a digest mismatch
   */
  async *read({ start, end }: Range): AsyncGenerator<Buffer, void> {
    if (this.#verifyError !== undefined) throw this.#verifyError;
    await using blob = await this.#layout.open(this);
    if (!(await blob.isUnchanged())) throw this.#modified(blob);
    await using bytes = slice(blob, { start, end });
    const isComplete = end - start === this.size;
    const verify = isComplete && !this.#isVerified ? this.#createVerify() : () => {};
    const buffer = Buffer.allocUnsafeSlow(Math.min(CHUNK_SIZE, end - start));
    for (let at = start; at < end; at += buffer.length) {
      const chunk = buffer.subarray(0, Math.min(buffer.length, end - at));
      if (!(await readFully(bytes, chunk, at - start))) throw this.#modified(bytes);
      verify(chunk);
      yield chunk;
    }
  }

  #modified({ location }: RandomAccess): AirgapError {
    return new AirgapError('BUNDLE', 'the bundle was modified while it was served', {
      where: { path: location, digest: this.digest },
      hint: 'Restart airgap serve, and replace bundles only by renaming a new file over the old one.',
    });
  }

  /** A function that receives all chunks in order, and throws at the last one for a digest mismatch. */
  #createVerify(): (chunk: Buffer) => void {
    const verifier = new Verifier(this, { path: this.#layout.path });
    const hash = createHash('sha256');
    return chunk => {
      verifier.count(chunk.length);
      hash.update(chunk);
      if (verifier.received < this.size) return;
      try {
        verifier.end(sha256Digest(hash.digest()));
        this.#isVerified = true;
      } catch (error) {
        this.#verifyError = error;
        throw error;
      }
    };
  }
}
