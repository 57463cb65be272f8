import { DirectoryFiles } from '../layout/directory-files.ts';
import { Layout } from '../layout/layout.ts';
import type { LayoutFiles, LayoutForm } from '../layout/layout-files.ts';
import { openStorage } from '../layout/open-layout.ts';
import { TarFiles } from '../layout/tar-files.ts';
import { AirgapError } from '../model/errors.ts';
import { interruptible } from '../model/interrupted.ts';
import { type Digest, digestOf, parseDigest } from '../oci/digest.ts';
import { BundleChecksums, type SignatureOptions } from '../signing/bundle-checksums.ts';
import {
  ImagePolicy,
  type ImageSignature,
  requireSignatures,
  type SignatureRule,
} from '../signing/image-policy.ts';
import { checkLayoutImages } from '../signing/layout-images.ts';
import { type OnEvent, type OnTimedEvent, withTime } from '../store/events.ts';
import type { RandomAccess } from '../store/random-access.ts';
import { digestMismatch } from '../store/verifier.ts';
import type { PlacedEntry } from '../tar/walk.ts';
import { blobsOf, checkBlobs } from '../verify/blob-check.ts';
import { checkDocuments } from '../verify/document-check.ts';
import { checkNames } from '../verify/name-check.ts';
import { checkInOnePass } from '../verify/one-pass.ts';
import { offsetOf, type Problem } from '../verify/problem.ts';
import { ReferenceCheck } from '../verify/reference-check.ts';
import { checkTar } from '../verify/tar-check.ts';
import { readTar } from '../verify/tar-stream.ts';
import { checkOptions } from './check-options.ts';

/** The path in the result for a stream. */
const STREAM = '<stdin>';

/** The options of {@link verify}. */
export interface VerifyOptions extends SignatureOptions {
  /** The path of a bundle, of an OCI archive of another tool, or of an OCI layout directory; or a stream, read once. */
  readonly bundle: string | AsyncIterable<Uint8Array>;
  /** The sha256 that the file, or its `index.json`, must have: `sha256:` and 64 hex digits. */
  readonly digest?: string | undefined;
  /** Which key must have signed which images. */
  readonly signatures?: readonly SignatureRule[] | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: OnTimedEvent | undefined;
}

/** What {@link verify} found. */
export interface VerifyResult {
  readonly path: string;
  /** How it is stored: a bundle, an archive of another tool, or a directory. */
  readonly form: LayoutForm;
  /** The digest of its `index.json`; undefined when that cannot be read. */
  readonly digest?: string;
  /** The sha256 of the file, when it was compared with something. */
  readonly fileDigest?: string;
  /** The checksums that it matches, if there are any. */
  readonly checksums?: VerifiedChecksums;
  /** The images that the policy for signatures is about; empty without one. */
  readonly signatures: readonly ImageSignature[];
  /** The names of its images. */
  readonly images: readonly string[];
  readonly blobs: number;
  /** The total size of all blobs. */
  readonly bytes: number;
  /** Empty for an intact bundle. */
  readonly problems: readonly Problem[];
}

/** Checksums that a bundle matches. */
export interface VerifiedChecksums {
  readonly path: string;
  /** The path of the key that has signed them; undefined for checksums that nothing protects. */
  readonly signedBy?: string;
}

/**
 * Verifies a bundle in place, in one pass: all digests match, all references resolve, names are valid, and the file
 * contains nothing else. It returns what is wrong as problems; what is only unusual, such as layers with `urls`, is a
 * `notice` event.
 *
 * With `publicKey`, the signature of the checksums is checked first, and the bundle must match them. Without it, the
 * bundle must match the checksums beside it, if there are any.
 *
 * @throws AirgapError `INPUT` when a file cannot be opened, `DISK` when reading it fails, `CONTENT` when the bundle is not the one that is signed, listed
 * or named by `digest`, `SIGNATURE` when an image lacks a required signature, `INTERRUPTED`
 * @example
 * const { problems } = await verify({ bundle: 'bundle.tar', publicKey: 'vendor.pub' });
 * if (problems.length > 0) throw new Error('the bundle is damaged');
 */
export async function verify(options: VerifyOptions): Promise<VerifyResult> {
  checkOptions('verify', options, ['bundle']);
  const expected = options.digest === undefined ? undefined : parseDigest(options.digest);
  const checksums = await checksumsFor(options);
  const policy = await ImagePolicy.read(options.signatures);
  const verification = new Verification(options, { checksums, expected, policy });
  return interruptible(options.signal, () => verification.run());
}

function checksumsFor(options: VerifyOptions): Promise<BundleChecksums | undefined> {
  const { bundle, publicKey, checksums } = options;
  if (typeof bundle !== 'string') return streamChecksums(options);
  const isRequested = publicKey !== undefined || checksums !== undefined;
  return isRequested ? BundleChecksums.read(bundle, options) : BundleChecksums.find(bundle);
}

/** A stream has no name: it is recognised by its sum. */
async function streamChecksums(options: VerifyOptions): Promise<BundleChecksums | undefined> {
  if (options.publicKey === undefined || options.checksums !== undefined)
    return BundleChecksums.read('', options);
  throw new AirgapError('USAGE', 'verify: publicKey needs checksums for a stream', {
    hint: 'Name the checksums with --checksums FILE.',
  });
}

/** What a bundle must match. */
interface Expectations {
  readonly checksums: BundleChecksums | undefined;
  /** The sha256 of the file or of its index. */
  readonly expected: Digest | undefined;
  readonly policy: ImagePolicy;
}

/** One run of {@link verify}. */
class Verification {
  readonly #options: VerifyOptions;
  readonly #checksums: BundleChecksums | undefined;
  readonly #expected: Digest | undefined;
  readonly #policy: ImagePolicy;
  readonly #path: string;
  readonly #problems: Problem[] = [];
  readonly #onEvent: OnEvent;
  /** The digest of `index.json`. */
  #digest: Digest | undefined;
  #fileDigest: Digest | undefined;
  #signatures: readonly ImageSignature[] = [];

  constructor(options: VerifyOptions, { checksums, expected, policy }: Expectations) {
    this.#options = options;
    this.#checksums = checksums;
    this.#expected = expected;
    this.#policy = policy;
    this.#path = typeof options.bundle === 'string' ? options.bundle : STREAM;
    this.#onEvent = withTime(options.onEvent ?? (() => {}));
  }

  async run(): Promise<VerifyResult> {
    const { bundle } = this.#options;
    if (typeof bundle !== 'string') return this.#verifyStream(bundle);
    await using storage = await openStorage(bundle);
    return storage instanceof DirectoryFiles
      ? await this.#verifyDirectory(storage)
      : await this.#verifyTar(storage);
  }

  async #verifyStream(stream: AsyncIterable<Uint8Array>): Promise<VerifyResult> {
    const needsSum = this.#checksums !== undefined || this.#expected !== undefined;
    const tar = await this.#collect(() => readTar(stream, STREAM, this.#problems, needsSum));
    if (!tar) return this.#result(undefined);
    await this.#checkIndex(tar.files);
    this.#fileDigest = tar.fileDigest;
    this.#start(new Layout(tar.files));
    for (const { entry, digest } of blobsOf(new Layout(tar.files))) {
      const message = digestMismatch(digest, tar.digests.get(entry.name));
      if (message !== undefined) this.#problems.push({ message, entry: entry.name, ...offsetOf(entry) });
    }
    return this.#result(tar.files);
  }

  async #verifyDirectory(files: DirectoryFiles): Promise<VerifyResult> {
    await this.#checkIndex(files);
    await this.#collect(() => this.#checkBlobs(new Layout(files)));
    return this.#result(files);
  }

  async #verifyTar(tar: RandomAccess): Promise<VerifyResult> {
    const contents = await this.#collect(() => checkTar(tar, this.#problems));
    const files = contents && new TarFiles(tar, contents);
    if (files) await this.#checkIndex(files);
    if (this.#needsSum) await this.#checkWithSum(tar, files, contents?.entries);
    else if (files) await this.#collect(() => this.#checkBlobs(new Layout(files)));
    const result = await this.#result(files);
    if (!(await tar.isUnchanged()))
      this.#problems.push({ message: 'the file was modified while it was verified' });
    return result;
  }

  /** Compares what is known before the blobs are read. @throws AirgapError `CONTENT` */
  async #checkIndex(files: LayoutFiles): Promise<void> {
    const layout = new Layout(files);
    if (layout.entries.has('index.json'))
      this.#digest = await this.#collect(async () => digestOf(await layout.documentBytes('index.json')));
    if (this.#digest === undefined) return;
    const listed = await this.#checksums?.checkIndex(layout);
    if (layout.form === 'directory') this.#noteName(listed);
    const found = await this.#collect(() => checkLayoutImages(layout, this.#policy));
    this.#signatures = found ?? [];
    requireSignatures(this.#signatures);
  }

  /** Whether the sum of the complete file is compared: an index that is the expected one needs no sum. */
  get #needsSum(): boolean {
    const isIndex = this.#expected !== undefined && this.#expected === this.#digest;
    return this.#checksums !== undefined || (this.#expected !== undefined && !isIndex);
  }

  /** A file that is not a layout still has a sum. */
  async #checkWithSum(
    tar: RandomAccess,
    files: LayoutFiles | undefined,
    entries: ReadonlyMap<string, PlacedEntry> | undefined,
  ): Promise<void> {
    if (files) this.#start(new Layout(files));
    const { signal } = this.#options;
    const placed = entries?.values() ?? [];
    this.#fileDigest = await checkInOnePass(tar, placed, this.#problems, this.#onEvent, signal);
  }

  async #checkBlobs(layout: Layout): Promise<void> {
    this.#start(layout);
    await checkBlobs(layout, this.#problems, this.#onEvent, this.#options.signal);
  }

  #start(layout: Layout): void {
    const blobs = blobsOf(layout);
    const bytes = blobs.reduce((sum, { entry }) => sum + entry.size, 0);
    this.#onEvent({ type: 'planned', images: 0, blobs: blobs.length, bytes, size: layout.size });
    this.#onEvent({ type: 'phase', phase: 'verify' });
  }

  /** Checks documents and references, compares the sum of the file, and reports. @throws AirgapError `CONTENT` */
  async #result(files: LayoutFiles | undefined): Promise<VerifyResult> {
    const layout = files && new Layout(files);
    const names = layout && (await this.#collect(() => this.#checkReferences(layout)));
    this.#compareSums();
    const blobs = layout && names ? blobsOf(layout) : [];
    const { signedBy, path } = this.#checksums ?? {};
    return {
      path: this.#path,
      form: layout && names ? layout.form : 'bundle',
      ...(this.#digest ? { digest: this.#digest } : {}),
      ...(this.#fileDigest ? { fileDigest: this.#fileDigest } : {}),
      ...(path === undefined
        ? {}
        : { checksums: { path, ...(signedBy ? { signedBy: signedBy.path } : {}) } }),
      signatures: this.#signatures,
      images: names ?? [],
      blobs: blobs.length,
      bytes: blobs.reduce((sum, { entry }) => sum + entry.size, 0),
      problems: this.#problems,
    };
  }

  async #checkReferences(layout: Layout): Promise<string[]> {
    const names = await layout.names();
    checkNames(layout, names, this.#problems);
    await checkDocuments(layout, names, this.#problems);
    const notices = await new ReferenceCheck(layout, this.#problems).check(names);
    for (const message of notices) this.#onEvent({ type: 'notice', message });
    return names.flatMap(({ name }) => name ?? []);
  }

  /** @throws AirgapError `CONTENT`, with the problems as details: they say what has changed */
  #compareSums(): void {
    try {
      if (this.#checksums && this.#fileDigest) this.#noteName(this.#checksums.checkFile(this.#fileDigest));
      this.#compareExpected();
    } catch (error) {
      if (!(error instanceof AirgapError)) throw error;
      const { code, message, hint, where } = error;
      const details = this.#problems.map(({ message, entry }) => problemError(message, entry));
      throw new AirgapError(code, message, { ...(hint ? { hint } : {}), where, details });
    }
  }

  #compareExpected(): void {
    const expected = this.#expected;
    if (expected === undefined || expected === this.#fileDigest || expected === this.#digest) return;
    const index = this.#digest ? `, its index has ${this.#digest}` : '';
    const file = this.#fileDigest ? `the file has ${this.#fileDigest}` : 'it is a directory';
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

  /** Runs a check; what makes further checks impossible is a problem. */
  async #collect<T>(check: () => Promise<T>): Promise<T | undefined> {
    try {
      return await check();
    } catch (error) {
      if (this.#options.signal?.aborted || !(error instanceof AirgapError) || error.code === 'DISK')
        throw error;
      this.#problems.push({ message: error.message });
      return undefined;
    }
  }
}

function problemError(message: string, entry: string | undefined): AirgapError {
  return new AirgapError('BUNDLE', message, { where: entry === undefined ? {} : { path: entry } });
}
