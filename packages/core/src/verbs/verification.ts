import { isAirgap } from '../kots/archive.ts';
import { AirgapFiles } from '../layout/airgap-files.ts';
import { amountOf } from '../layout/blob-usage.ts';
import { DeltaFiles } from '../layout/delta-files.ts';
import { DirectoryFiles } from '../layout/directory-files.ts';
import { Layout } from '../layout/layout.ts';
import type { LayoutFiles } from '../layout/layout-files.ts';
import { formatBases, formatLayers } from '../layout/missing-base.ts';
import { type OpenLayouts, openStorage, refuseAirgapBase, remoteAirgap } from '../layout/open-layout.ts';
import { TarFiles } from '../layout/tar-files.ts';
import { openByHead } from '../layout/tar-head.ts';
import { AirgapError } from '../model/errors.ts';
import { shownPath } from '../model/path-or-url.ts';
import { type Digest, digestOf } from '../oci/digest.ts';
import type { BundleChecksums } from '../signing/bundle-checksums.ts';
import { type ImagePolicy, type ImageSignature, requireSignatures } from '../signing/image-policy.ts';
import { checkLayoutImages } from '../signing/layout-images.ts';
import { type OnEvent, withTime } from '../store/events.ts';
import { isRemote, type RandomAccess, type RemoteAccess } from '../store/random-access.ts';
import { readInOrder } from '../store/read-ranges.ts';
import { digestMismatch } from '../store/verifier.ts';
import { type PlacedEntry, startsWithEntry } from '../tar/walk.ts';
import { blobProblem, blobsOf, checkBlobs } from '../verify/blob-check.ts';
import { checkDiffIds } from '../verify/diff-id-check.ts';
import { checkLayout } from '../verify/layout-check.ts';
import { checkInOnePass } from '../verify/one-pass.ts';
import type { Problem } from '../verify/problem.ts';
import type { ReferenceCheck } from '../verify/reference-check.ts';
import { checkTar } from '../verify/tar-check.ts';
import { readTar } from '../verify/tar-stream.ts';
import { BundleDigests } from './bundle-digests.ts';
import type { VerifyOptions, VerifyResult } from './verify.ts';

/** How errors and results name a stream. */
const STREAM = '<stdin>';

/** What a bundle must match. */
export interface Expectations {
  readonly checksums: BundleChecksums | undefined;
  /** The sha256 of the file or of its index. */
  readonly expected: Digest | undefined;
  readonly policy: ImagePolicy;
  /** May have what a delta lacks. */
  readonly bases: OpenLayouts;
}

/** One run of `verify`. */
export class Verification {
  readonly #options: VerifyOptions;
  readonly #checksums: BundleChecksums | undefined;
  readonly #policy: ImagePolicy;
  readonly #bases: OpenLayouts;
  readonly #path: string;
  #problems: Problem[] = [];
  readonly #onEvent: OnEvent;
  readonly #digests: BundleDigests;
  /** Has the layers of a bundle that went by. */
  #layers: Layout | undefined;
  #signatures: readonly ImageSignature[] = [];

  constructor(options: VerifyOptions, { checksums, expected, policy, bases }: Expectations) {
    this.#options = options;
    this.#checksums = checksums;
    this.#policy = policy;
    this.#bases = bases;
    this.#path = typeof options.bundle === 'string' ? shownPath(options.bundle) : STREAM;
    this.#onEvent = withTime(options.onEvent ?? (() => {}));
    this.#digests = new BundleDigests(this.#path, checksums, expected, this.#onEvent);
  }

  async run(): Promise<VerifyResult> {
    const { bundle } = this.#options;
    if (typeof bundle !== 'string') return this.#verifyStream(bundle);
    await using storage = await this.#open(bundle);
    if (storage === undefined) return this.#summary(undefined, []);
    if (storage instanceof DirectoryFiles) return await this.#verifyFiles(storage);
    if (isRemote(storage)) return await this.#verifyRemote(storage);
    return (await isAirgap(storage)) ? await this.#verifyAirgap(storage) : await this.#verifyTar(storage);
  }

  /** Reads each byte once. A bundle that is not the signed one is refused by its head. */
  async #verifyRemote(tar: RemoteAccess): Promise<VerifyResult> {
    if (await isAirgap(tar)) throw remoteAirgap(tar.location);
    const files = await this.#headOf(tar);
    if (!files && !(await startsWithEntry(tar))) return await this.#verifyNoTar(tar);
    const head = files && new Layout(files);
    if (head) await this.#checksums?.checkIndex(head);
    if (head) this.#start(head);
    if (this.#options.diffIds) await this.#openLayers(files, tar);
    return await this.#verifyStream(readInOrder(tar), head && this.#onEvent);
  }

  /** Says what the file is instead, by its start. */
  async #verifyNoTar(file: RandomAccess): Promise<VerifyResult> {
    const contents = await this.#collect(() => checkTar(file, this.#problems));
    return this.#result(contents && (await this.#layoutOf(new TarFiles(file, contents))));
  }

  /** Layers that went by are read again to decompress them. */
  async #openLayers(head: LayoutFiles | undefined, tar: RemoteAccess): Promise<void> {
    const files = head ?? (await this.#collect(() => TarFiles.open(tar)));
    this.#layers = files && (await this.#layoutOf(files));
  }

  /** The files that the head of a bundle leads to; undefined where only the complete tar says what is wrong. */
  async #headOf(tar: RemoteAccess): Promise<LayoutFiles | undefined> {
    try {
      return await openByHead(tar);
    } catch (error) {
      if (error instanceof AirgapError && error.code === 'BUNDLE') return undefined;
      throw error;
    }
  }

  /** Also reports what KOTS would reject, or lose without a message. Its index does not cover the release in it. */
  async #verifyAirgap(storage: RandomAccess): Promise<VerifyResult> {
    const { signal, base } = this.#options;
    refuseAirgapBase(storage.location, base);
    if (this.#digests.needsFile)
      this.#digests.file = await checkInOnePass(storage, [], this.#problems, this.#onEvent, signal);
    const files = await this.#collect(() =>
      AirgapFiles.open(storage.location, { signal, onEvent: this.#onEvent }),
    );
    if (!files) return this.#result(undefined);
    await using open = files;
    this.#problems.push(...open.problems.map(message => ({ message })));
    const result = await this.#verifyFiles(open);
    // Other bundles need no parser of YAML, which takes time to load.
    const { releaseNotices } = await import('./verify-release.ts');
    const notices = await this.#collect(() => releaseNotices(open, signal));
    for (const message of notices ?? []) this.#onEvent({ type: 'notice', message });
    return { ...result, problems: this.#problems };
  }

  /** Opens a stored bundle; undefined when parts are missing or wrong, which are problems. @throws AirgapError `INPUT` */
  async #open(bundle: string): Promise<DirectoryFiles | RandomAccess | undefined> {
    try {
      return await openStorage(bundle, this.#options);
    } catch (error) {
      if (!(error instanceof AirgapError) || error.code !== 'BUNDLE') throw error;
      const errors = error.details.length > 0 ? error.details : [error];
      this.#problems.push(...errors.map(({ message }) => ({ message })));
      return undefined;
    }
  }

  /** @param onEvent receives the progress, when it is known what will come */
  async #verifyStream(stream: AsyncIterable<Uint8Array>, onEvent?: OnEvent): Promise<VerifyResult> {
    const tar = await this.#collect(() =>
      readTar(stream, this.#path, this.#problems, this.#digests.needsFile, onEvent),
    );
    if (!tar) return this.#result(undefined);
    const layout = await this.#layoutOf(tar.files);
    if (layout) await this.#checkIndex(layout);
    this.#digests.file = tar.fileDigest;
    if (layout && !onEvent) this.#start(layout);
    if (layout) await this.#checkStreamed(layout, tar.digests);
    return this.#result(layout);
  }

  /** Compares the digests of what went by; the blobs of a base did not. */
  async #checkStreamed(layout: Layout, digests: ReadonlyMap<string, Digest>): Promise<void> {
    for (const { entry, digest } of blobsOf(layout)) {
      const actual = digests.get(entry.name);
      const message = actual && digestMismatch(digest, actual);
      if (message !== undefined) this.#problems.push(blobProblem(message, entry));
    }
    await this.#collect(() => this.#checkOthers(layout, digests));
  }

  async #verifyFiles(files: LayoutFiles): Promise<VerifyResult> {
    const layout = new Layout(files);
    await this.#checkIndex(layout);
    await this.#collect(() => this.#checkBlobs(layout));
    return this.#result(layout);
  }

  async #verifyTar(tar: RandomAccess): Promise<VerifyResult> {
    const contents = await this.#collect(() => checkTar(tar, this.#problems));
    const layout = contents && (await this.#layoutOf(new TarFiles(tar, contents)));
    if (layout) await this.#checkIndex(layout);
    if (this.#digests.needsFile) await this.#checkWithSum(tar, layout, contents?.entries);
    else if (layout) await this.#collect(() => this.#checkBlobs(layout));
    const result = await this.#result(layout);
    if (!(await tar.isUnchanged()))
      this.#problems.push({ message: 'the file was modified while it was verified' });
    return result;
  }

  /** A delta has the blobs of its bases as well; undefined when its recipe is invalid. */
  #layoutOf(files: LayoutFiles): Promise<Layout | undefined> {
    return this.#collect(
      async () => new Layout(files.form === 'delta' ? await DeltaFiles.open(files, this.#bases) : files),
    );
  }

  /** Compares what is known before the blobs are read. @throws AirgapError `CONTENT` */
  async #checkIndex(layout: Layout): Promise<void> {
    if (layout.entries.has('index.json'))
      this.#digests.index = await this.#collect(async () =>
        digestOf(await layout.documentBytes('index.json')),
      );
    if (this.#digests.index === undefined) return;
    await this.#digests.checkIndex(layout);
    const found = await this.#collect(() => checkLayoutImages(layout, this.#policy));
    this.#signatures = found ?? [];
    requireSignatures(this.#signatures);
  }

  /** A file that is not a layout still has a sum. */
  async #checkWithSum(
    tar: RandomAccess,
    layout: Layout | undefined,
    entries: ReadonlyMap<string, PlacedEntry> = new Map(),
  ): Promise<void> {
    if (layout) this.#start(layout);
    const { signal } = this.#options;
    this.#digests.file = await checkInOnePass(tar, entries.values(), this.#problems, this.#onEvent, signal);
    if (layout) await this.#collect(() => this.#checkOthers(layout, entries));
  }

  /** Checks the blobs of bases: all that are not in the tar. */
  async #checkOthers(layout: Layout, inTar: ReadonlyMap<string, unknown>): Promise<void> {
    if (layout.form !== 'delta') return;
    const others = blobsOf(layout).filter(({ entry }) => !inTar.has(entry.name));
    await checkBlobs(layout, this.#problems, this.#onEvent, this.#options.signal, others);
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
  async #result(layout: Layout | undefined): Promise<VerifyResult> {
    const names = layout && (await this.#collect(() => this.#checkReferences(layout)));
    this.#digests.compare(this.#problems);
    return names ? this.#summary(layout, names) : this.#summary(undefined, []);
  }

  /** @param layout undefined when it cannot be read */
  #summary(layout: Layout | undefined, images: readonly string[]): VerifyResult {
    const blobs = layout ? blobsOf(layout) : [];
    const { signedBy, path } = this.#checksums ?? {};
    const { index, file } = this.#digests;
    return {
      path: this.#path,
      form: layout?.form ?? 'bundle',
      ...(index ? { digest: index } : {}),
      ...(file ? { fileDigest: file } : {}),
      ...(path === undefined
        ? {}
        : { checksums: { path, ...(signedBy ? { signedBy: signedBy.path } : {}) } }),
      signatures: this.#signatures,
      images,
      blobs: blobs.length,
      bytes: blobs.reduce((sum, { entry }) => sum + entry.size, 0),
      ...(layout?.form === 'delta' ? { missing: amountOf(layout.absent.values()) } : {}),
      problems: this.#problems,
    };
  }

  async #checkReferences(layout: Layout): Promise<string[]> {
    const { names, notices, references } = await checkLayout(layout, this.#problems);
    for (const message of notices) this.#onEvent({ type: 'notice', message });
    this.#problems = this.#problems.map(problem => withImages(problem, references));
    const { allowMissingBase, base = [], diffIds, signal } = this.#options;
    if (diffIds)
      await checkDiffIds(
        this.#layers ?? layout,
        references.compressedLayers,
        this.#problems,
        this.#onEvent,
        signal,
      );
    if (layout.absent.size > 0 && !allowMissingBase)
      this.#problems.push({ message: incomplete(layout, base) });
    return names.flatMap(({ name }) => name ?? []);
  }

  /** Runs a check; what makes further checks impossible is a problem. */
  async #collect<T>(check: () => Promise<T>): Promise<T | undefined> {
    try {
      return await check();
    } catch (error) {
      // An error of a host, or of the caller, is not one of the bundle.
      const isProblem =
        error instanceof AirgapError &&
        error.code !== 'DISK' &&
        error.code !== 'USAGE' &&
        error.where.host === undefined;
      if (this.#options.signal?.aborted || !isProblem) throw error;
      const { message, hint } = error;
      this.#problems.push({ message, ...(hint === undefined ? {} : { hint }) });
      return undefined;
    }
  }
}

/** Adds the images that a damaged or missing blob belongs to. */
function withImages(problem: Problem, references: ReferenceCheck): Problem {
  const images = problem.entry === undefined ? [] : references.takeImages(problem.entry);
  return images.length === 0 ? problem : { ...problem, images };
}

function incomplete(layout: Layout, bases: readonly string[]): string {
  const layers = formatLayers(amountOf(layout.absent.values()));
  if (bases.length === 0) return `incomplete: ${layers} expected from the base`;
  const given = bases.map(shownPath).join(', ');
  return `incomplete: ${layers} expected from the base, not in ${given}; made against ${formatBases(layout)}`;
}
