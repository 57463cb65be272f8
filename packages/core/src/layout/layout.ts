import { z } from 'zod';
import { AirgapError } from '../model/errors.ts';
import { isTooComplex } from '../model/parse-json.ts';
import { MAX_CONFIG_SIZE } from '../oci/config.ts';
import { type Descriptor, descriptorSchema } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { MAX_MANIFEST_SIZE, type RawManifest, rawManifest } from '../oci/manifest.ts';
import { MediaType } from '../oci/media-type.ts';
import { parseFrom } from '../oci/stored-document.ts';
import { AmbiguousJson, parseStrictJson } from '../oci/strict-json.ts';
import { Reference } from '../reference/reference.ts';
import type { ChunkWriter } from '../store/blob-writer.ts';
import type { ImageSource } from '../store/image-source.ts';
import type { RandomAccess } from '../store/random-access.ts';
import type { Range } from '../store/ranges.ts';
import { readFully, readRanges } from '../store/read-ranges.ts';
import { verifyBytes } from '../store/verifier.ts';
import { AddedFiles } from './added-files.ts';
import type { DeltaRecipe } from './delta-recipe.ts';
import { blobPath, DOCUMENT_KEYS } from './documents.ts';
import type { LayoutEntry, LayoutFiles, LayoutForm } from './layout-files.ts';
import { NAME_ANNOTATIONS } from './names.ts';

/** The maximum size of a document of a layout, in bytes: enough for 70,000 names. */
const MAX_DOCUMENT_SIZE = 32 * 1024 * 1024;

const indexSchema = z.looseObject({
  schemaVersion: z.literal(2),
  mediaType: z.literal(MediaType.ociIndex).optional(),
  manifests: z.array(descriptorSchema),
});

/** A descriptor of `index.json`, with its name if it has one. */
export interface NamedDescriptor {
  readonly name: string | undefined;
  readonly descriptor: Descriptor;
}

/** How errors name each form of a layout, and their hint. */
const WORDING: Readonly<Record<LayoutForm, { readonly noun: string; readonly hint: string }>> = {
  bundle: { noun: 'bundle', hint: 'Fetch the bundle again, or rebuild it.' },
  delta: { noun: 'delta', hint: 'Fetch the delta again, or make it again.' },
  archive: { noun: 'OCI archive', hint: 'Fetch the archive again, or recreate it.' },
  'docker-archive': { noun: 'docker archive', hint: 'Save the image again.' },
  directory: { noun: 'OCI layout', hint: 'Copy the directory again, or recreate it.' },
  airgap: { noun: '.airgap', hint: 'Fetch the .airgap again, or recreate it.' },
};

const NONE: ReadonlyMap<string, LayoutEntry> = new Map();

/** An OCI image layout, wherever it is stored: a bundle, an archive of another tool, a directory. */
export class Layout implements ImageSource, AsyncDisposable {
  readonly #files: LayoutFiles;
  #names: Promise<NamedDescriptor[]> | undefined;

  constructor(files: LayoutFiles) {
    this.#files = files;
  }

  /** The same layout with manifests that were made from its own. Both share their files, which are closed once. */
  withManifests(manifests: readonly RawManifest[]): Layout {
    return new Layout(new AddedFiles(this.#files, manifests));
  }

  get form(): LayoutForm {
    return this.#files.form;
  }

  /** The path or URL, for errors. */
  get path(): string {
    return this.#files.location;
  }

  /** The size of the tar or of all files, in bytes. */
  get size(): number {
    return this.#files.size;
  }

  /** All files by name, in their order. */
  get entries(): ReadonlyMap<string, LayoutEntry> {
    return this.#files.entries;
  }

  /** Whether a build wrote it: a bundle, or a delta of one. Then its form is known to the byte. */
  get isBuilt(): boolean {
    return this.form === 'bundle' || this.form === 'delta';
  }

  /** Whether its manifests were made here: their digests are not those of a registry. */
  get makesManifests(): boolean {
    return this.#files.makesManifests === true;
  }

  /** How a delta and its base make the complete bundle; undefined for other layouts. */
  get recipe(): DeltaRecipe | undefined {
    return this.#files.recipe;
  }

  /** The blobs that a delta leaves to its base and that no base has, by the names of their entries. */
  get absent(): ReadonlyMap<string, LayoutEntry> {
    return this.#files.absent ?? NONE;
  }

  get origin() {
    return { path: this.path };
  }

  /** The descriptors in `index.json`, in their order. @throws AirgapError `BUNDLE` */
  names(): Promise<readonly NamedDescriptor[]> {
    this.#names ??= this.#readNames();
    return this.#names;
  }

  /** Finds the manifest of a name; names without a tag mean `latest`. @throws AirgapError `BUNDLE` */
  async resolve(name: Reference): Promise<Descriptor | undefined> {
    const canonical = name.canonical().toString();
    const found = (await this.names()).find(named => canonicalName(named.name) === canonical);
    return found?.descriptor;
  }

  /** Parses one of the JSON documents of the layout. @throws AirgapError `BUNDLE` */
  async document(name: string): Promise<unknown> {
    const document = this.#parse(name, await this.documentBytes(name));
    if (document === undefined) throw this.#invalid(`${name} is not valid JSON`);
    return document;
  }

  #parse(name: string, bytes: Uint8Array): unknown {
    if (isTooComplex(bytes)) throw this.#invalid(`${name} has too many values, or too many levels`);
    try {
      return parseStrictJson(bytes, DOCUMENT_KEYS[name] ?? {});
    } catch (cause) {
      if (cause instanceof AmbiguousJson)
        throw this.#invalid(`programs read ${name} differently: ${cause.message}`);
      throw cause;
    }
  }

  /** The bytes of one of the documents of the layout. @throws AirgapError `BUNDLE` */
  async documentBytes(name: string): Promise<Buffer> {
    const entry = this.entries.get(name);
    if (!entry) throw this.#invalid(`${name} is missing`);
    if (entry.size > MAX_DOCUMENT_SIZE)
      throw this.#invalid(`${name} has ${entry.size} bytes, the limit is ${MAX_DOCUMENT_SIZE}`);
    return this.#content(entry);
  }

  /** Reads and verifies a manifest. @throws AirgapError `NOT_FOUND`, `BUNDLE` when it is too large, `CONTENT` */
  async manifest(descriptor: Descriptor): Promise<RawManifest> {
    const bytes = await this.#blob(descriptor, 'a manifest', MAX_MANIFEST_SIZE);
    const origin = { ...this.origin, digest: descriptor.digest };
    return parseFrom(origin, () => rawManifest(bytes, descriptor.mediaType));
  }

  /** Reads and verifies a config. @throws AirgapError `NOT_FOUND`, `BUNDLE` when it is too large, `CONTENT` */
  async blob(descriptor: Descriptor): Promise<Buffer> {
    return this.#blob(descriptor, 'a config', MAX_CONFIG_SIZE);
  }

  async #blob(descriptor: Descriptor, noun: string, limit: number): Promise<Buffer> {
    const entry = this.#requireEntry(descriptor);
    if (entry.size > limit)
      throw this.#invalid(`${noun} has ${entry.size} bytes, the limit is ${limit}`, descriptor.digest);
    const bytes = await this.#content(entry);
    verifyBytes(bytes, descriptor, this.origin);
    return bytes;
  }

  /** The size of a stored blob, in bytes; undefined when it is missing. */
  sizeOf(blob: Pick<Descriptor, 'digest'>): number | undefined {
    return this.#entryOf(blob)?.size;
  }

  /** Whether it has a blob of this size, without reading it. */
  contains(blob: Pick<Descriptor, 'digest' | 'size'>): boolean {
    return this.sizeOf(blob) === blob.size;
  }

  /** Whether it is a delta that leaves this blob to its base. */
  expects(blob: Pick<Descriptor, 'digest' | 'size'>): boolean {
    return this.absent.get(blobPath(blob))?.size === blob.size;
  }

  async has(blob: Descriptor): Promise<boolean> {
    return this.contains(blob);
  }

  async read(blob: Descriptor, into: ChunkWriter, wanted: readonly Range[]): Promise<void> {
    await using bytes = await this.open(blob);
    await readRanges(bytes, wanted, into);
  }

  /** Opens a blob for reading at any offset; it is not verified. @throws AirgapError `NOT_FOUND`, `INPUT` */
  async open(blob: Pick<Descriptor, 'digest'>): Promise<RandomAccess> {
    return this.#files.open(this.#requireEntry(blob));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#files[Symbol.asyncDispose]();
  }

  #entryOf(blob: Pick<Descriptor, 'digest'>): LayoutEntry | undefined {
    return this.entries.get(blobPath(blob));
  }

  #requireEntry(blob: Pick<Descriptor, 'digest'>): LayoutEntry {
    const entry = this.#entryOf(blob);
    if (entry) return entry;
    const isLeftOut = this.absent.has(blobPath(blob));
    const message = isLeftOut ? 'a blob is missing: the delta leaves it to its base' : 'a blob is missing';
    throw new AirgapError('NOT_FOUND', message, {
      where: { ...this.origin, digest: blob.digest },
      hint: isLeftOut
        ? 'Pass the bundle that the delta was made against with --base.'
        : WORDING[this.form].hint,
    });
  }

  async #readNames(): Promise<NamedDescriptor[]> {
    const result = indexSchema.safeParse(await this.document('index.json'));
    if (result.success)
      return result.data.manifests.map(descriptor => ({ descriptor, name: nameOf(descriptor) }));
    const [issue] = result.error.issues;
    throw this.#invalid(
      `index.json breaks the image specification: ${issue?.path.join('.')}: ${issue?.message}`,
    );
  }

  async #content(entry: LayoutEntry): Promise<Buffer> {
    await using bytes = await this.#files.open(entry);
    const content = Buffer.alloc(entry.size);
    if (await readFully(bytes, content, 0)) return content;
    throw this.#invalid(`${entry.name} ends early`);
  }

  #invalid(reason: string, digest?: Digest): AirgapError {
    const { noun, hint } = WORDING[this.form];
    return new AirgapError('BUNDLE', `invalid or incomplete ${noun}: ${reason}`, {
      where: { ...this.origin, ...(digest ? { digest } : {}) },
      hint,
    });
  }
}

function nameOf({ annotations = {} }: Descriptor): string | undefined {
  for (const key of NAME_ANNOTATIONS) if (annotations[key]) return annotations[key];
  return undefined;
}

/** The canonical form of a name; undefined for text that is not a reference. */
function canonicalName(name: string | undefined): string | undefined {
  try {
    return name === undefined ? undefined : Reference.parse(name).canonical().toString();
  } catch {
    return undefined;
  }
}
