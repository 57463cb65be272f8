import { posix } from 'node:path';
import { z } from 'zod';
import { AirgapError } from '../model/errors.ts';
import { MAX_CONFIG_SIZE, parseConfig } from '../oci/config.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, digestOf, isDigest } from '../oci/digest.ts';
import { MediaType } from '../oci/media-type.ts';
import { parseFrom } from '../oci/stored-document.ts';
import { AmbiguousJson, parseStrictJson } from '../oci/strict-json.ts';
import { hashBytes } from '../store/hash-bytes.ts';
import { HashPool } from '../store/hash-pool.ts';
import { MemoryBytes } from '../store/memory-bytes.ts';
import { type RandomAccess, slice } from '../store/random-access.ts';
import { readFully } from '../store/read-ranges.ts';
import { walkExtendedTar } from '../tar/extended-walk.ts';
import type { PlacedEntry } from '../tar/walk.ts';
import { blobPath, DOCUMENT_KEYS } from './documents.ts';
import type { LayoutEntry, LayoutFiles } from './layout-files.ts';
import { NAME_ANNOTATIONS } from './names.ts';
import { layoutName } from './tar-files.ts';

const DOCUMENT = 'manifest.json';
/** The maximum size of `manifest.json`, in bytes. */
const MAX_DOCUMENT_SIZE = 64 * 1024 * 1024;
/** How many links lead from a name to its file at most. */
const MAX_LINKS = 8;

const documentSchema = z.array(
  z.looseObject({
    Config: z.string(),
    RepoTags: z.array(z.string()).nullish(),
    Layers: z.array(z.string()),
  }),
);
type DockerImage = z.infer<typeof documentSchema>[number];

/** The first bytes of compressed layers, and the ends of their media types. */
const COMPRESSIONS = [
  { magic: Buffer.from('1f8b', 'hex'), suffix: '+gzip' },
  { magic: Buffer.from('28b52ffd', 'hex'), suffix: '+zstd' },
];

/**
 * The archive of `docker save` before docker 25, of podman, skopeo, crane and kaniko, as an OCI layout. It has configs
 * and layers, but no manifests: each image gets an OCI manifest of the config and the layers as they are, with the bytes
 * that docker 25 and later write for it. Nothing is compressed, so the manifest depends on the archive alone.
 */
export class DockerArchiveFiles implements LayoutFiles {
  readonly form = 'docker-archive';
  readonly makesManifests = true;
  readonly entries: ReadonlyMap<string, LayoutEntry>;
  readonly #tar: RandomAccess;
  readonly #contents: ReadonlyMap<string, RandomAccess>;

  private constructor(tar: RandomAccess, contents: ReadonlyMap<string, RandomAccess>) {
    this.#tar = tar;
    this.#contents = contents;
    this.entries = new Map([...contents].map(([name, { size }]) => [name, { name, size }]));
  }

  /**
   * Reads the documents of an archive. Layers are read only if they are compressed.
   *
   * @throws AirgapError `BUNDLE` when it is not a docker archive, or incomplete
   */
  static async open(tar: RandomAccess): Promise<DockerArchiveFiles> {
    return new DockerArchiveFiles(tar, await new ArchiveReader(tar, await entriesOf(tar)).contents());
  }

  get location(): string {
    return this.#tar.location;
  }

  get size(): number {
    return this.#tar.size;
  }

  async open({ name }: LayoutEntry): Promise<RandomAccess> {
    const content = this.#contents.get(name);
    if (content) return slice(content, { start: 0, end: content.size });
    throw invalid(this.location, `${name} is missing`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tar[Symbol.asyncDispose]();
  }
}

/** Reads the images of an archive and makes the files of a layout. */
class ArchiveReader {
  readonly #tar: RandomAccess;
  readonly #entries: ReadonlyMap<string, PlacedEntry>;
  readonly #contents = new Map<string, RandomAccess>();
  /** The layers by their entry: images share them. */
  readonly #layers = new Map<PlacedEntry, Promise<Descriptor>>();

  constructor(tar: RandomAccess, entries: ReadonlyMap<string, PlacedEntry>) {
    this.#tar = tar;
    this.#entries = entries;
  }

  async contents(): Promise<ReadonlyMap<string, RandomAccess>> {
    const manifests: Descriptor[] = [];
    await using pool = new HashPool();
    for (const image of await this.#images()) {
      const manifest = await this.#addImage(image, pool);
      const names = image.RepoTags ?? [];
      manifests.push(...(names.length > 0 ? names.map(name => withName(manifest, name)) : [manifest]));
    }
    this.#add('index.json', json({ schemaVersion: 2, mediaType: MediaType.ociIndex, manifests }));
    return this.#contents;
  }

  async #images(): Promise<DockerImage[]> {
    const bytes = await this.#read(this.#find(DOCUMENT), MAX_DOCUMENT_SIZE);
    const result = documentSchema.safeParse(this.#parse(bytes));
    if (result.success) return result.data;
    const [issue] = result.error.issues;
    throw this.#invalid(`${DOCUMENT}: ${issue?.path.join('.') || 'the document'}: ${issue?.message}`);
  }

  #parse(bytes: Buffer): unknown {
    try {
      return parseStrictJson(bytes, DOCUMENT_KEYS[DOCUMENT] ?? {});
    } catch (cause) {
      if (!(cause instanceof AmbiguousJson)) throw cause;
      throw this.#invalid(`programs read ${DOCUMENT} differently: ${cause.message}`);
    }
  }

  /** Adds the config, the layers and the manifest of an image. @returns the descriptor of the manifest */
  async #addImage(image: DockerImage, pool: HashPool): Promise<Descriptor> {
    const entry = this.#find(image.Config);
    const bytes = await this.#read(entry, MAX_CONFIG_SIZE);
    const where = { path: this.#tar.location };
    const { diffIds } = parseFrom(where, () => parseConfig(bytes, where));
    const { length } = image.Layers;
    if (length !== diffIds.length)
      throw this.#invalid(`${image.Config} has ${diffIds.length} layers, ${DOCUMENT} has ${length}`);
    const layers: Descriptor[] = [];
    for (const [at, name] of image.Layers.entries())
      layers.push(await this.#layer(this.#find(name), diffIds[at] ?? '', pool));
    const config = this.#addConfig(entry, bytes);
    // The order of the keys is that of docker, so that the digests are equal.
    const manifest = { schemaVersion: 2, mediaType: MediaType.ociManifest, config, layers };
    return this.#addBlob(json(manifest), MediaType.ociManifest);
  }

  #layer(entry: PlacedEntry, diffId: string, pool: HashPool): Promise<Descriptor> {
    const layer = this.#layers.get(entry) ?? this.#addLayer(entry, diffId, pool);
    this.#layers.set(entry, layer);
    return layer;
  }

  /** The digest of an uncompressed layer is in the config, and verified when the layer is copied. */
  async #addLayer(entry: PlacedEntry, diffId: string, pool: HashPool): Promise<Descriptor> {
    const content = this.#contentOf(entry);
    const suffix = await compressionOf(content);
    const digest = suffix === '' ? diffId : await hashBytes(content, pool);
    if (!isDigest(digest)) throw this.#invalid(`${entry.name} has no sha256 digest in its config`);
    this.#contents.set(blobPath({ digest }), content);
    return { mediaType: `${MediaType.ociLayer}${suffix}`, digest, size: content.size };
  }

  /** The config stays in the archive: many of them may not fit into memory. */
  #addConfig(entry: PlacedEntry, bytes: Buffer): Descriptor {
    const digest = digestOf(bytes);
    this.#contents.set(blobPath({ digest }), this.#contentOf(entry));
    return { mediaType: MediaType.ociConfig, digest, size: bytes.length };
  }

  #addBlob(bytes: Buffer, mediaType: string): Descriptor {
    const digest: Digest = digestOf(bytes);
    this.#add(blobPath({ digest }), bytes);
    return { mediaType, digest, size: bytes.length };
  }

  #add(name: string, bytes: Buffer): void {
    this.#contents.set(name, new MemoryBytes(bytes, this.#tar.location));
  }

  /** The file with a name. Old versions of docker link layers of the same content. */
  #find(name: string): PlacedEntry {
    let path = posix.normalize(layoutName(name));
    for (let links = 0; links <= MAX_LINKS; links += 1) {
      const entry = this.#entries.get(path);
      if (entry?.type === '0') return entry;
      if (entry?.link === undefined) break;
      // A symbolic link is relative to its directory, a hard link to the archive.
      path = posix.normalize(entry.type === '2' ? posix.join(posix.dirname(path), entry.link) : entry.link);
    }
    throw this.#invalid(`${name} is missing`);
  }

  #contentOf({ offset, size }: PlacedEntry): RandomAccess {
    return slice(this.#tar, { start: offset, end: offset + size });
  }

  async #read(entry: PlacedEntry, limit: number): Promise<Buffer> {
    if (entry.size > limit)
      throw this.#invalid(`${entry.name} has ${entry.size} bytes, the limit is ${limit}`);
    const bytes = Buffer.alloc(entry.size);
    if (await readFully(this.#contentOf(entry), bytes, 0)) return bytes;
    throw this.#invalid(`${entry.name} ends early`);
  }

  #invalid(reason: string): AirgapError {
    return invalid(this.#tar.location, reason);
  }
}

/** The files and links of a tar by name. Of several entries with one name, the last one counts, as for docker. */
async function entriesOf(tar: RandomAccess): Promise<Map<string, PlacedEntry>> {
  const entries = new Map<string, PlacedEntry>();
  for await (const entry of walkExtendedTar(tar)) {
    const isFile = entry.type === '0';
    const isLink = (entry.type === '1' || entry.type === '2') && entry.link !== undefined;
    if (isFile || isLink) entries.set(posix.normalize(layoutName(entry.name)), entry);
  }
  return entries;
}

async function compressionOf(content: RandomAccess): Promise<string> {
  const start = Buffer.alloc(4);
  await readFully(content, start, 0);
  const compression = COMPRESSIONS.find(({ magic }) => start.subarray(0, magic.length).equals(magic));
  return compression?.suffix ?? '';
}

function withName(manifest: Descriptor, name: string): Descriptor {
  return { ...manifest, annotations: { [NAME_ANNOTATIONS[0]]: name } };
}

function json(document: unknown): Buffer {
  return Buffer.from(JSON.stringify(document));
}

function invalid(path: string, reason: string): AirgapError {
  return new AirgapError('BUNDLE', `invalid or incomplete docker archive: ${reason}`, {
    where: { path },
    hint: 'Save the image again, for example with docker save NAME -o FILE.',
  });
}
