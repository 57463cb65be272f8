import { DockerArchive } from '../layout/docker-archive.ts';
import type { Layout } from '../layout/layout.ts';
import { rethrow, walkManifests } from '../layout/walk.ts';
import { AirgapError } from '../model/errors.ts';
import { baseName, beside, isUrl, shownPath } from '../model/path-or-url.ts';
import type { ObjectOptions } from '../objects/read/object-options.ts';
import { type Digest, digestOf } from '../oci/digest.ts';
import { isRunnable } from '../oci/manifest.ts';
import { type OnEvent, withTime } from '../store/events.ts';
import { type Checksum, MAX_CHECKSUMS_SIZE, parseChecksums } from './checksums.ts';
import { type PublicKey, readPublicKey } from './public-key.ts';
import { indexCopy, listedName, sideFiles } from './side-files.ts';
import { checkSignature } from './signature-file.ts';
import { readIfPresent, readSmall } from './small-file.ts';

/** What a bundle is compared with. */
export interface SignatureOptions {
  /** The path of the key that must have signed the checksums: PEM, or a minisign public key. */
  readonly publicKey?: string | undefined;
  /** The path or URL of the checksums. Default `BUNDLE.sha256`. */
  readonly checksums?: string | undefined;
  /** The path or URL of their signature. Default: the path of the checksums with `.sigstore.json` or `.minisig`. */
  readonly signature?: string | undefined;
}

/** What checksums are made of. */
interface ChecksumsOptions {
  readonly checksums: readonly Checksum[];
  readonly signedBy?: PublicKey | undefined;
  /** How files beside the checksums are reached. */
  readonly remote: ObjectOptions;
}

const INDEX_SUFFIX = indexCopy('');
/** In bytes; the limit of a layout. */
const MAX_INDEX_SIZE = 64 * 1024 * 1024;

/**
 * The checksums of a bundle, whose signature is checked if there is a key. One signature covers the bundle in any form:
 * they list its file, and its `index.json`, from which the digest of everything else follows.
 */
export class BundleChecksums {
  readonly path: string;
  /** The key that has signed them; undefined for checksums that nothing protects. */
  readonly signedBy: PublicKey | undefined;
  readonly #checksums: readonly Checksum[];
  /** The name under which the bundle should be listed; empty for a stream. */
  readonly name: string;

  /** As it was opened, with what is secret in a URL. */
  readonly #source: string;
  readonly #remote: ObjectOptions;

  private constructor(source: string, bundle: string, options: ChecksumsOptions) {
    this.#source = source;
    this.#remote = options.remote;
    this.path = shownPath(source);
    this.signedBy = options.signedBy;
    this.#checksums = options.checksums;
    this.name = listedName(bundle);
  }

  /**
   * Reads the checksums of a bundle, and checks their signature before anything else.
   *
   * @returns undefined when nothing is requested
   * @throws AirgapError `CONTENT` when they are not signed by the key, or invalid; `INPUT` for files that cannot be read
   */
  static async read(
    bundle: string,
    options: SignatureOptions & ObjectOptions,
  ): Promise<BundleChecksums | undefined> {
    const { publicKey, checksums: given } = options;
    if (publicKey === undefined && given === undefined) return undefined;
    const key = publicKey === undefined ? undefined : await readPublicKey(publicKey);
    const path = given ?? sideFiles(bundle).checksums;
    const read = given === undefined ? readIfPresent : readSmall;
    const bytes = await read('the checksums', path, MAX_CHECKSUMS_SIZE, options);
    if (bytes === undefined) throw noChecksums(shownPath(path));
    if (key) await checkSignature({ path, bytes }, key, options);
    return BundleChecksums.#parse(path, bytes, bundle, options, key);
  }

  /** Reads the checksums beside a bundle, if there are any; nothing protects them. @throws AirgapError as {@link read} */
  static async find(bundle: string, options: ObjectOptions): Promise<BundleChecksums | undefined> {
    const { checksums: path } = sideFiles(bundle);
    try {
      const bytes = await readIfPresent('the checksums', path, MAX_CHECKSUMS_SIZE, options);
      return bytes && BundleChecksums.#parse(path, bytes, bundle, options);
    } catch (error) {
      if (!isUrl(path) || !isOtherFile(error)) throw error;
      const message = `${shownPath(path)} is not a file of checksums, and is ignored`;
      withTime(options.onEvent)?.({ type: 'notice', message });
      return undefined;
    }
  }

  static #parse(
    path: string,
    bytes: Buffer,
    bundle: string,
    remote: ObjectOptions,
    signedBy?: PublicKey,
  ): BundleChecksums {
    const checksums = parseChecksums(bytes.toString('utf8'), shownPath(path));
    return new BundleChecksums(path, bundle, { checksums, signedBy, remote });
  }

  /** All lines, in their order. */
  get lines(): readonly Checksum[] {
    return this.#checksums;
  }

  /**
   * Checks a bundle without reading its blobs: its `index.json` must be the listed one, and `manifest.json` must follow
   * from it. Blobs have digests in the manifests.
   *
   * @returns the name under which it is listed; undefined if unprotected checksums list no index
   * @throws AirgapError `CONTENT`
   */
  async checkIndex(layout: Layout): Promise<string | undefined> {
    const indexes = this.#checksums.filter(({ name }) => name.endsWith(INDEX_SUFFIX));
    if (indexes.length === 0 && !this.signedBy) return undefined;
    const digest = digestOf(await layout.documentBytes('index.json'));
    const { name } = this.#match(indexCopy(this.name), digest, indexes);
    await this.#checkCopy(name, digest);
    if (layout.isBuilt) await checkDockerManifest(layout);
    return name.slice(0, -INDEX_SUFFIX.length);
  }

  /**
   * Checks the sum of the complete file.
   *
   * @returns the name under which it is listed, which differs for a renamed file
   * @throws AirgapError `CONTENT`
   */
  checkFile(digest: Digest): string {
    const files = this.#checksums.filter(({ name }) => !name.endsWith(INDEX_SUFFIX));
    return this.#match(this.name, digest, files).name;
  }

  /** A file that is listed by its name must match that line; any other file is recognised by its sum. */
  #match(name: string, digest: Digest, lines: readonly Checksum[]): Checksum {
    const named = lines.find(line => line.name === name);
    const match = named ?? lines.find(line => line.digest === digest);
    if (match === undefined) throw this.#notListed(name, digest);
    if (match.digest === digest) return match;
    const word = this.signedBy ? 'signed' : 'listed';
    throw new AirgapError('CONTENT', `${name}: sha256 is ${digest}, ${word} is ${match.digest}`, {
      where: { path: this.path },
      hint: 'Fetch the bundle and its checksums again.',
    });
  }

  /** The copy of `index.json` may be missing: the layout has it as well. */
  async #checkCopy(name: string, digest: Digest): Promise<void> {
    const path = beside(this.#source, name);
    const bytes = await readIfPresent('the copy of index.json', path, MAX_INDEX_SIZE, this.#remote);
    if (bytes === undefined) return;
    const actual = digestOf(bytes);
    if (actual === digest) return;
    throw new AirgapError('CONTENT', `${name}: sha256 is ${actual}, expected ${digest}`, {
      where: { path: shownPath(path) },
      hint: 'Fetch the file again, or remove it.',
    });
  }

  #notListed(name: string, digest: Digest): AirgapError {
    return new AirgapError(
      'CONTENT',
      `${name} with sha256 ${digest} is not listed in ${baseName(this.path)}`,
      { where: { path: this.path }, hint: 'Fetch the checksums that belong to this bundle.' },
    );
  }
}

/**
 * Refuses a bundle that is not the one that is signed, before anything is read from it but its documents and manifests.
 *
 * @param layout the bundle, open
 * @param bundle its path
 * @throws AirgapError `CONTENT`, `INPUT`
 */
export async function requireSigned(
  layout: Layout,
  bundle: string,
  options: SignatureOptions & ObjectOptions,
  onEvent: OnEvent = () => {},
): Promise<void> {
  const checksums = await BundleChecksums.read(bundle, options);
  const listed = await checksums?.checkIndex(layout);
  if (checksums === undefined || listed === undefined || listed === checksums.name) return;
  onEvent({ type: 'notice', message: `${shownPath(bundle)} is listed as ${listed} in ${checksums.path}` });
}

/** Whether a server has something else there: some answer each name with a page. */
function isOtherFile(error: unknown): boolean {
  return error instanceof AirgapError && ['INPUT', 'UNSUPPORTED', 'BUNDLE', 'CONTENT'].includes(error.code);
}

/** No digest covers `manifest.json`, but what it must say follows from the manifests. @throws AirgapError `CONTENT` */
async function checkDockerManifest(layout: Layout): Promise<void> {
  const docker = new DockerArchive(layout);
  const roots = new Set<Digest>();
  for (const { name, descriptor: root } of await layout.names()) {
    if (name !== undefined) docker.addName(name, root.digest);
    if (roots.has(root.digest)) continue;
    roots.add(root.digest);
    for await (const { descriptor, manifest } of walkManifests(layout, root, rethrow))
      if (manifest.kind === 'image' && isRunnable(manifest))
        docker.addImage(root.digest, descriptor, manifest);
  }
  const [problem] = await docker.problems();
  if (problem === undefined) return;
  throw new AirgapError('CONTENT', `manifest.json does not match index.json: ${problem}`, {
    where: { path: layout.path },
    hint: 'Fetch the bundle again.',
  });
}

function noChecksums(path: string): AirgapError {
  return new AirgapError('CONTENT', `${baseName(path)} is missing: this bundle is not signed`, {
    where: { path },
    hint: 'Fetch the checksums and their signature from the vendor, or name them with --checksums.',
  });
}
