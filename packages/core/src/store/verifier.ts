import { AirgapError, type ErrorContext } from '../model/errors.ts';
import { type Digest, digestOf } from '../oci/digest.ts';

/** The expected digest and size of some content. */
export interface Expected {
  readonly digest: Digest;
  /** In bytes. */
  readonly size: number;
}

/**
 * Verifies streamed content: its size while it is counted, its digest at the end. All content is verified here; the
 * caller computes the digest where that is cheapest.
 */
export class Verifier {
  readonly #expected: Expected;
  readonly #where: ErrorContext;
  #received = 0;

  constructor(expected: Expected, where: ErrorContext = {}) {
    this.#expected = expected;
    this.#where = { digest: expected.digest, ...where };
  }

  /** The number of bytes counted so far. */
  get received(): number {
    return this.#received;
  }

  /** @throws AirgapError `CONTENT` as soon as the expected size is exceeded */
  count(length: number): void {
    this.#received += length;
    const { size } = this.#expected;
    if (this.#received > size) throw this.#mismatch(`size mismatch: expected ${size} bytes, got more`);
  }

  /** @throws AirgapError `CONTENT` for a size or digest mismatch */
  end(actual: Digest): void {
    const { digest, size } = this.#expected;
    if (this.#received !== size)
      throw this.#mismatch(`size mismatch: expected ${size} bytes, got ${this.#received}`);
    const mismatch = digestMismatch(digest, actual);
    if (mismatch !== undefined) throw this.#mismatch(mismatch);
  }

  #mismatch(message: string): AirgapError {
    return new AirgapError('CONTENT', message, {
      where: this.#where,
      hint: 'The content was modified or truncated in transit. Retry; if it persists, re-push the image.',
    });
  }
}

/** Compares the digest of some content with the expected one. @returns how they differ */
export function digestMismatch(expected: Digest, actual: Digest | undefined): string | undefined {
  return actual === expected ? undefined : `digest mismatch: expected ${expected}, got ${actual}`;
}

/** Verifies content that is in memory. @throws AirgapError `CONTENT` */
export function verifyBytes(bytes: Uint8Array, expected: Expected, where: ErrorContext = {}): void {
  const verifier = new Verifier(expected, where);
  verifier.count(bytes.length);
  verifier.end(digestOf(bytes));
}
