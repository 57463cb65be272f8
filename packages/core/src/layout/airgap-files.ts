import { Archive, type ArchiveOptions } from '../kots/archive.ts';
import { APP_ARCHIVE } from '../kots/archive-names.ts';
import { readTree, type TreeContents, type TreeImage } from '../kots/registry-tree-reader.ts';
import { AirgapError } from '../model/errors.ts';
import { MediaType } from '../oci/media-type.ts';
import { MemoryBytes } from '../store/memory-bytes.ts';
import { type RandomAccess, slice } from '../store/random-access.ts';
import { readDockerArchives } from './airgap-docker-archives.ts';
import { blobPath, ociLayout } from './documents.ts';
import type { LayoutEntry, LayoutFiles } from './layout-files.ts';
import { NAME_ANNOTATIONS } from './names.ts';

/** A `.airgap` as the files of an OCI layout: its blobs, and an `index.json` with the images that KOTS pushes. */
export class AirgapFiles implements LayoutFiles {
  readonly form = 'airgap';
  readonly makesManifests: boolean;
  readonly location: string;
  readonly entries: ReadonlyMap<string, LayoutEntry>;
  /** What KOTS would reject, or lose without a message. */
  readonly problems: readonly string[];
  readonly #unreadable: readonly string[];
  readonly #archive: Archive;
  readonly #documents: ReadonlyMap<string, Buffer>;
  readonly #blobs = new Map<string, RandomAccess>();

  private constructor(archive: Archive, path: string, { images, blobs, problems, unreadable }: TreeContents) {
    this.#archive = archive;
    this.location = path;
    this.makesManifests = archive.format === 'docker-archive';
    this.problems = problems;
    this.#unreadable = unreadable;
    for (const [digest, content] of blobs) this.#blobs.set(blobPath({ digest }), content);
    this.#documents = new Map([
      ['oci-layout', ociLayout()],
      ['index.json', indexOf(images)],
    ]);
    const entries = new Map<string, LayoutEntry>();
    for (const [name, { length: size }] of this.#documents) entries.set(name, { name, size });
    for (const [name, { size }] of this.#blobs) entries.set(name, { name, size });
    this.entries = entries;
  }

  /** Opens the archive at a path; see {@link Archive.open}. @throws AirgapError `INPUT`, `BUNDLE`, `DISK` */
  static async open(path: string, options: ArchiveOptions = {}): Promise<AirgapFiles> {
    const archive = await Archive.open(path, options);
    try {
      const contents = archive.format === 'docker' ? readTree(archive) : readDockerArchives(archive);
      return new AirgapFiles(archive, path, await contents);
    } catch (error) {
      await archive[Symbol.asyncDispose]();
      throw error instanceof AirgapError ? error.withContext({ path }) : error;
    }
  }

  /** Without this, an image that cannot be read would be left out silently. @throws AirgapError `BUNDLE` */
  requireImages(): void {
    const [first] = this.#unreadable;
    if (first === undefined) return;
    throw new AirgapError('BUNDLE', `invalid or incomplete .airgap: ${first}`, {
      where: { path: this.location },
      hint: 'Run airgap verify to list all problems, then fetch the .airgap again.',
    });
  }

  get size(): number {
    return this.#archive.size;
  }

  /** The size of the release in it, in bytes; undefined without one. */
  get releaseSize(): number | undefined {
    return this.#archive.entries.get(APP_ARCHIVE)?.size;
  }

  /** Reads the release, an `app.tar.gz`; undefined without one. @throws AirgapError `BUNDLE` */
  async release(): Promise<Buffer | undefined> {
    const entry = this.#archive.entries.get(APP_ARCHIVE);
    return entry && this.#archive.read(entry);
  }

  async open({ name }: LayoutEntry): Promise<RandomAccess> {
    const document = this.#documents.get(name);
    if (document) return new MemoryBytes(document, this.location);
    const blob = this.#blobs.get(name);
    if (blob) return slice(blob, { start: 0, end: blob.size });
    throw new AirgapError('NOT_FOUND', `${name} is missing`, {
      where: { path: this.location },
      hint: 'Fetch the .airgap again.',
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#archive[Symbol.asyncDispose]();
  }
}

function indexOf(images: readonly TreeImage[]): Buffer {
  const manifests = images.map(({ name, root }) => ({
    ...root,
    annotations: Object.fromEntries(NAME_ANNOTATIONS.map(key => [key, name.toString()])),
  }));
  return Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: MediaType.ociIndex, manifests }));
}
