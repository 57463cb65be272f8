import { createHash } from 'node:crypto';
import type { BundleReader } from '../bundle/reader.ts';
import { AirgapError } from '../model/errors.ts';
import { type Digest, sha256Digest } from '../oci/digest.ts';
import type { Range } from '../store/ranges.ts';
import { Verifier } from '../store/verifier.ts';
import type { PlacedEntry } from '../tar/walk.ts';

/** What one reader holds in memory at a time, in bytes. */
const CHUNK_SIZE = 256 * 1024;

/** The bytes of a manifest, a config or a layer, where they stand in a bundle. */
export class StoredBlob {
  readonly digest: Digest;
  /** In bytes. */
  readonly size: number;
  readonly #bundle: BundleReader;
  readonly #offset: number;
  #isVerified = false;
  #damage: unknown;

  constructor(bundle: BundleReader, digest: Digest, { offset, size }: PlacedEntry) {
    this.digest = digest;
    this.size = size;
    this.#bundle = bundle;
    this.#offset = offset;
  }

  /**
   * Reads a range, a chunk at a time into the same memory: a chunk is the reader's until it asks for the next one.
   * The first time that all of it is read it is verified, and the last chunk is held back until it is.
   *
   * @throws AirgapError `BUNDLE` when the file was changed under it, `CONTENT`
   */
  async *read({ start, end }: Range): AsyncGenerator<Buffer, void> {
    await this.#check();
    const verify = this.#isVerified || end - start < this.size ? () => {} : this.#verification();
    const buffer = Buffer.allocUnsafeSlow(Math.min(CHUNK_SIZE, end - start));
    for (let at = start; at < end; at += buffer.length) {
      const chunk = buffer.subarray(0, Math.min(buffer.length, end - at));
      await this.#bundle.readFully(chunk, this.#offset + at);
      verify(chunk);
      yield chunk;
    }
  }

  async #check(): Promise<void> {
    if (this.#damage !== undefined) throw this.#damage;
    if (await this.#bundle.isUnchanged()) return;
    throw new AirgapError('BUNDLE', 'the bundle was changed while it was served', {
      where: { path: this.#bundle.path, digest: this.digest },
      hint: 'Serve it anew, and put a new bundle in the place of an old one by renaming it.',
    });
  }

  /** Takes every chunk in order, and throws at the last one when they are not what the digest promises. */
  #verification(): (chunk: Buffer) => void {
    const verifier = new Verifier(this, { path: this.#bundle.path });
    const hash = createHash('sha256');
    return chunk => {
      verifier.count(chunk.length);
      hash.update(chunk);
      if (verifier.received < this.size) return;
      try {
        verifier.end(sha256Digest(hash.digest()));
        this.#isVerified = true;
      } catch (error) {
        this.#damage = error;
        throw error;
      }
    };
  }
}
