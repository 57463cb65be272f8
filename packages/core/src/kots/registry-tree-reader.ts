import { AirgapError } from '../model/errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, digestOf, isDigest } from '../oci/digest.ts';
import { MAX_MANIFEST_SIZE, rawManifest } from '../oci/manifest.ts';
import { MediaType } from '../oci/media-type.ts';
import { Reference } from '../reference/reference.ts';
import { lastSegment } from '../reference/relocation.ts';
import type { RandomAccess } from '../store/random-access.ts';
import type { PlacedEntry } from '../tar/walk.ts';
import type { Archive } from './archive.ts';
import { parseTreePath, treePath } from './registry-tree.ts';

/** The size limit of a link, in bytes. */
const MAX_LINK_SIZE = 1024;

/** An image that KOTS pushes. */
export interface TreeImage {
  /** The name in `savedImages`, in canonical form. */
  readonly name: Reference;
  readonly root: Descriptor;
}

/** The images and blobs of an archive. */
export interface TreeContents {
  readonly images: readonly TreeImage[];
  readonly blobs: ReadonlyMap<Digest, RandomAccess>;
  /** What KOTS would reject, or lose without a message. */
  readonly problems: readonly string[];
  /** Those of the problems because of which an image is not in `images`. */
  readonly unreadable: readonly string[];
}

/** Reads the tree of an archive of the format `docker`. @throws AirgapError `BUNDLE` for a link or manifest that is invalid */
export async function readTree(archive: Archive): Promise<TreeContents> {
  return new TreeReader(archive).read();
}

class TreeReader {
  readonly #archive: Archive;
  readonly #blobs = new Map<Digest, PlacedEntry>();
  readonly #tags = new Map<string, PlacedEntry>();
  readonly #layerLinks: { readonly repository: string; readonly digest: Digest }[] = [];
  readonly #images: TreeImage[] = [];
  readonly #problems: string[] = [];
  readonly #unreadable: string[] = [];

  constructor(archive: Archive) {
    this.#archive = archive;
    for (const [path, entry] of archive.entries) this.#add(path, entry);
  }

  async read(): Promise<TreeContents> {
    const { savedImages = [] } = this.#archive.spec;
    if (savedImages.length > 0 && this.#blobs.size === 0)
      this.#problems.push('it has no images: KOTS pushes nothing, without a message');
    const targets = new Map<string, Reference>();
    for (const text of savedImages) await this.#addImage(text, targets);
    for (const tag of this.#tags.keys())
      if (!targets.has(tag))
        this.#problems.push(`savedImages does not name the tag ${tag}: KOTS does not push it`);
    this.#checkLinks();
    this.#checkSkipped();
    return {
      images: this.#images,
      blobs: new Map([...this.#blobs].map(([digest, entry]) => [digest, this.#archive.open(entry)])),
      problems: [...this.#problems, ...this.#unreadable],
      unreadable: this.#unreadable,
    };
  }

  #add(path: string, entry: PlacedEntry): void {
    const file = parseTreePath(path);
    if (file?.kind === 'blob') this.#blobs.set(file.digest, entry);
    if (file?.kind === 'tag') this.#tags.set(`${file.repository}:${file.tag}`, entry);
    if (file?.kind === 'layer') this.#layerLinks.push(file);
  }

  async #addImage(text: string, targets: Map<string, Reference>): Promise<void> {
    const name = parseName(text);
    if (!name) {
      this.#unreadable.push(`savedImages has an invalid name: ${JSON.stringify(text.slice(0, 200))}`);
      return;
    }
    const { digest } = name;
    if (digest !== undefined) return this.#addRoot(name.withDigest(digest), digest);
    const target = `${lastSegment(name)}:${name.effectiveTag}`;
    const other = targets.get(target);
    targets.set(target, other ?? name);
    // Only one of the two images can be in the archive, and nothing says which.
    if (other && other.toString() !== name.toString())
      this.#unreadable.push(`${other} and ${name} are both ${target} once KOTS has pushed them`);
    const link = this.#tags.get(target);
    if (!link) this.#unreadable.push(`${name}: the tag ${target} is missing`);
    else if (!other) await this.#addTagged(name, link);
  }

  async #addTagged(name: Reference, link: PlacedEntry): Promise<void> {
    const digest = await this.#readLink(link);
    if (digest === undefined) this.#unreadable.push(`${name}: ${link.name} is not a digest`);
    else await this.#addRoot(name, digest);
  }

  async #addRoot(name: Reference, digest: Digest): Promise<void> {
    const repository = lastSegment(name);
    const entry = this.#blobs.get(digest);
    if (!this.#archive.entries.has(treePath({ kind: 'revision', repository, digest })))
      this.#problems.push(`${name}: the repository ${repository} has no link to ${digest}`);
    if (!entry) this.#unreadable.push(`${name}: its manifest ${digest} is missing`);
    else if (entry.size > MAX_MANIFEST_SIZE)
      this.#unreadable.push(`${name}: its manifest has ${entry.size} bytes`);
    else {
      const mediaType = await this.#mediaType(name, digest, entry);
      if (mediaType !== undefined)
        this.#images.push({ name: name.canonical(), root: { mediaType, digest, size: entry.size } });
    }
  }

  /** The media type in a manifest; undefined when it is not one. One with another digest is reported when it is read. */
  async #mediaType(name: Reference, digest: Digest, entry: PlacedEntry): Promise<string | undefined> {
    const bytes = await this.#archive.read(entry);
    if (digestOf(bytes) !== digest) return MediaType.ociManifest;
    try {
      return rawManifest(bytes, '').mediaType;
    } catch (error) {
      if (!(error instanceof AirgapError)) throw error;
      this.#unreadable.push(`${name}: its manifest ${digest}: ${error.message}`);
      return undefined;
    }
  }

  async #readLink(entry: PlacedEntry): Promise<Digest | undefined> {
    if (entry.size > MAX_LINK_SIZE) return undefined;
    const text = (await this.#archive.read(entry)).toString('latin1').trim();
    return isDigest(text) ? text : undefined;
  }

  /** KOTS extracts regular files only. */
  #checkSkipped(): void {
    for (const { name } of this.#archive.skipped)
      if (parseTreePath(name)) this.#problems.push(`${name} is not a regular file: KOTS skips it`);
  }

  /** A layer without its blob is expected at the registry: KOTS looks for it there first. */
  #checkLinks(): void {
    const missing = this.#layerLinks.filter(({ digest }) => !this.#blobs.has(digest));
    for (const { repository, digest } of missing)
      this.#problems.push(
        `${repository}: the blob ${digest} is missing; KOTS fails unless the registry has it`,
      );
  }
}

function parseName(text: string): Reference | undefined {
  try {
    return Reference.parse(text);
  } catch {
    return undefined;
  }
}
