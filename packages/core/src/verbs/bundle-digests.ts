import type { Layout } from '../layout/layout.ts';
import { AirgapError } from '../model/errors.ts';
import type { Digest } from '../oci/digest.ts';
import type { BundleChecksums } from '../signing/bundle-checksums.ts';
import type { OnEvent } from '../store/events.ts';
import type { Problem } from '../verify/problem.ts';

/** The digests of a bundle, and what they must be. */
export class BundleDigests {
  /** That of `index.json`. */
  index: Digest | undefined;
  /** That of the complete file. */
  file: Digest | undefined;
  readonly #path: string;
  readonly #checksums: BundleChecksums | undefined;
  readonly #expected: Digest | undefined;
  readonly #onEvent: OnEvent;

  /** @param expected that of the file or of its index */
  constructor(
    path: string,
    checksums: BundleChecksums | undefined,
    expected: Digest | undefined,
    onEvent: OnEvent,
  ) {
    this.#path = path;
    this.#checksums = checksums;
    this.#expected = expected;
    this.#onEvent = onEvent;
  }

  /** Whether the digest of the complete file is needed: an index that is the expected one needs none. */
  get needsFile(): boolean {
    const isIndex = this.#expected !== undefined && this.#expected === this.index;
    return this.#checksums !== undefined || (this.#expected !== undefined && !isIndex);
  }

  /** Compares the index with the checksums. @throws AirgapError `CONTENT` */
  async checkIndex(layout: Layout): Promise<void> {
    const listed = await this.#checksums?.checkIndex(layout);
    if (layout.form === 'directory') this.#noteName(listed);
  }

  /** @throws AirgapError `CONTENT`, with the problems as details: they say what has changed */
  compare(problems: readonly Problem[]): void {
    try {
      if (this.#checksums && this.file) this.#noteName(this.#checksums.checkFile(this.file));
      this.#compareExpected();
    } catch (error) {
      if (!(error instanceof AirgapError)) throw error;
      const { code, message, hint, where } = error;
      const details = problems.map(({ message, entry }) => problemError(message, entry));
      throw new AirgapError(code, message, { ...(hint ? { hint } : {}), where, details });
    }
  }

  #compareExpected(): void {
    const expected = this.#expected;
    if (expected === undefined || expected === this.file || expected === this.index) return;
    const index = this.index ? `, its index has ${this.index}` : '';
    const file = this.file ? `the file has ${this.file}` : 'it is a directory';
    throw new AirgapError('CONTENT', `digest mismatch: expected ${expected}; ${file}${index}`, {
      where: { path: this.#path },
      hint: 'Fetch the bundle again, and compare with the digest that airgap build printed.',
    });
  }

  /** Says that the file has another name in the checksums. */
  #noteName(listed: string | undefined): void {
    if (this.#checksums === undefined || listed === undefined || listed === this.#checksums.name) return;
    const message = `${this.#path} is listed as ${listed} in ${this.#checksums.path}`;
    this.#onEvent({ type: 'notice', message });
  }
}

function problemError(message: string, entry: string | undefined): AirgapError {
  return new AirgapError('BUNDLE', message, { where: entry === undefined ? {} : { path: entry } });
}
