import { AirgapError, type ErrorContext } from '../model/errors.ts';
import { type Digest, digestOf } from '../oci/digest.ts';

/** What bytes were promised: their number and their sha256. */
export interface Expected {
  readonly digest: Digest;
  /** In bytes. */
  readonly size: number;
}

/**
 * Checks bytes against what was promised, on the way past: their number at once, their digest at the end. This is
 * the one place where both are judged; who computes the digest depends on where the bytes go.
 */
export class Verifier {
  readonly #promised: Expected;
  readonly #where: ErrorContext;
  #received = 0;

  constructor(promised: Expected, where: ErrorContext = {}) {
    this.#promised = promised;
    this.#where = { digest: promised.digest, ...where };
  }

  /** Bytes seen so far. */
  get received(): number {
    return this.#received;
  }

  /** @throws AirgapError `CONTENT` as soon as there are more bytes than promised */
  count(length: number): void {
    this.#received += length;
    if (this.#received > this.#promised.size) {
      throw this.#mismatch(`more than the ${this.#promised.size} bytes that its descriptor promises`);
    }
  }

  /** @throws AirgapError `CONTENT` when the bytes were too few or have another digest */
  end(actual: Digest): void {
    if (this.#received !== this.#promised.size) {
      throw this.#mismatch(`${this.#received} bytes where its descriptor promises ${this.#promised.size}`);
    }
    if (actual !== this.#promised.digest) throw this.#mismatch(`bytes with the digest ${actual}`);
  }

  #mismatch(got: string): AirgapError {
    return new AirgapError('CONTENT', `content does not match its digest: got ${got}`, {
      where: this.#where,
      hint: 'Somebody on the way changed or cut the bytes; ask again, and if it stays, push the image anew.',
    });
  }
}

/** Checks bytes that are all at hand. @throws AirgapError `CONTENT` */
export function verifyBytes(bytes: Uint8Array, promised: Expected, where: ErrorContext = {}): void {
  const verifier = new Verifier(promised, where);
  verifier.count(bytes.length);
  verifier.end(digestOf(bytes));
}
