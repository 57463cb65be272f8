import type { BlobRef, BundleInput, BundlePlan } from '../bundle/entry-content.ts';
import { PlannedFiles } from '../bundle/planned-files.ts';
import { BlobOrder } from '../layout/blob-order.ts';
import { blobPath, DOCUMENTS, manifestJson, ociLayout } from '../layout/documents.ts';
import { Layout } from '../layout/layout.ts';
import { NAME_ANNOTATIONS, readName } from '../layout/names.ts';
import { AirgapError } from '../model/errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { blobsOfManifest, type Index, parseManifest, type RawManifest } from '../oci/manifest.ts';
import type { Reference } from '../reference/reference.ts';
import { MemoryWriter } from '../store/blob-writer.ts';
import { copyBlob } from '../store/copy-blob.ts';
import type { OnEvent } from '../store/events.ts';
import type { ImageSource } from '../store/image-source.ts';
import { sourcesOf } from '../store/union-source.ts';
import { planTar } from '../tar/plan.ts';
import { type ParsedRecord, parseRecord, RECORD_TYPE } from './bundle-record.ts';
import { PulledManifests } from './pulled-manifests.ts';

/** A bundle in a registry, ready to be written. */
export interface PulledBundle {
  readonly plan: BundlePlan;
  readonly order: BlobOrder;
  /** The digest of its `index.json`. */
  readonly index: Digest;
  /** Whether it has the bytes of the bundle that was pushed: its record is there. */
  readonly isExact: boolean;
  /** The bundle without its layers. */
  readonly layout: Layout;
}

/**
 * Plans the bundle that an index in a registry leads to. Manifests and configs are read, layers are not.
 *
 * @throws AirgapError `NOT_FOUND` when there is no such name, `INPUT` when it is not a bundle, `BUNDLE` when its record is
 * invalid, and what registries throw
 */
export async function planPulled(
  source: ImageSource,
  name: Reference,
  onEvent: OnEvent,
): Promise<PulledBundle> {
  const { raw, index } = await readIndex(source, name);
  const record = await readRecord(source, name, raw.digest, onEvent);
  const read = new PulledManifests(source, name);
  await read.read(index.manifests);
  const documents = new Map<string, Uint8Array>([
    ...(record?.contents ?? derivedDocuments(index, read)),
    ['index.json', raw.bytes],
  ]);
  const { order, inputs } = new PulledContents(index, documents, read, name);
  const plan = planTar(inputs, record?.mtime ?? 0);
  if (record && record.size !== plan.size) throw otherSize(name, record.size, plan.size);
  const layout = new Layout(new PlannedFiles(plan, `oci://${name}`));
  return { plan, order, index: raw.digest, isExact: record !== undefined, layout };
}

async function readIndex(
  source: ImageSource,
  name: Reference,
): Promise<{ readonly raw: RawManifest; readonly index: Index }> {
  const root = await source.resolve(name);
  if (root === undefined)
    throw new AirgapError('NOT_FOUND', `${name} does not exist`, {
      where: { image: name.toString(), ...source.origin },
      hint: 'Check the name and the tag.',
    });
  const raw = await source.manifest(root);
  const index = parseManifest(raw);
  if (index.kind !== 'index') throw notBundle(name, 'it is an image');
  if (index.manifests.some(child => nameOf(child) === undefined))
    throw notBundle(name, 'its index has manifests without names');
  return { raw, index };
}

function nameOf({ annotations = {} }: Descriptor): string | undefined {
  return NAME_ANNOTATIONS.map(key => annotations[key]).find(Boolean);
}

/** A record, with the documents that it keeps. */
interface RecordContents extends Pick<ParsedRecord, 'mtime' | 'size'> {
  readonly contents: ReadonlyMap<string, Buffer>;
}

/** Reads the record of a bundle; undefined without one. */
async function readRecord(
  source: ImageSource,
  name: Reference,
  subject: Digest,
  onEvent: OnEvent,
): Promise<RecordContents | undefined> {
  const referrers = (await source.referrers?.(subject)) ?? [];
  const records = referrers.filter(({ artifactType }) => artifactType === RECORD_TYPE);
  const last = records.at(-1);
  if (last === undefined) return undefined;
  if (records.length > 1)
    onEvent({
      type: 'notice',
      message: `${name}: ${records.length} bundles with this index were pushed; pulling the one of ${last.digest}`,
    });
  const manifest = parseManifest(await source.manifest(last));
  if (manifest.kind !== 'image' || manifest.subject?.digest !== subject)
    throw notBundle(name, `its record ${last.digest} is that of another one`);
  const { documents, ...record } = parseRecord(manifest);
  const contents = new Map<string, Buffer>();
  for (const [document, blob] of documents) contents.set(document, await readBlob(source, name, blob));
  return { ...record, contents };
}

async function readBlob(source: ImageSource, name: Reference, blob: Descriptor): Promise<Buffer> {
  const writer = new MemoryWriter(blob.size);
  await copyBlob(sourcesOf(source), blob, writer, { images: [name.toString()] });
  return writer.bytes;
}

/** What a build of all platforms writes. */
function derivedDocuments(index: Index, read: PulledManifests): Map<string, Buffer> {
  const names = index.manifests.map(root => ({
    name: readName(nameOf(root) ?? '', root),
    image: { images: read.imagesOf(root), requested: 'all' as const },
  }));
  return new Map([
    ['oci-layout', ociLayout()],
    ['manifest.json', manifestJson(names)],
  ]);
}

/** The entries of a bundle, in their order. */
class PulledContents {
  readonly order = new BlobOrder();
  readonly #documents: ReadonlyMap<string, Uint8Array>;
  readonly #read: PulledManifests;
  readonly #from: Reference;
  readonly #blobs = new Map<string, BlobRef & { readonly images: Set<string> }>();

  constructor(
    index: Index,
    documents: ReadonlyMap<string, Uint8Array>,
    read: PulledManifests,
    from: Reference,
  ) {
    this.#documents = documents;
    this.#read = read;
    this.#from = from;
    for (const root of index.manifests)
      for (const { descriptor, manifest } of read.below(root)) {
        const image = nameOf(root) ?? '';
        this.order.add(descriptor, manifest);
        this.#add(descriptor, image);
        for (const blob of blobsOfManifest(manifest)) this.#add(blob, image);
      }
  }

  get inputs(): BundleInput[] {
    return this.order.sort([...DOCUMENTS, ...this.#blobs.keys()]).map(name => this.#input(name));
  }

  #input(name: string): BundleInput {
    const content = this.#blobs.get(name);
    if (content === undefined) return inMemory(name, this.#documents.get(name) ?? Buffer.alloc(0));
    const bytes = this.#read.bytesOf(content.blob.digest);
    return bytes ? inMemory(name, bytes) : { name, size: content.blob.size, content };
  }

  /** @throws AirgapError `BUNDLE` when two manifests declare different sizes */
  #add(blob: Descriptor, image: string): void {
    const path = blobPath(blob);
    const known = this.#blobs.get(path) ?? { blob, from: this.#from, images: new Set<string>() };
    if (known.blob.size !== blob.size)
      throw new AirgapError(
        'BUNDLE',
        `two manifests declare different sizes for one digest: ${known.blob.size} and ${blob.size} bytes`,
        { where: { image, digest: blob.digest }, hint: 'Push the bundle again.' },
      );
    known.images.add(image);
    this.#blobs.set(path, known);
  }
}

function inMemory(name: string, bytes: Uint8Array): BundleInput {
  return { name, size: bytes.length, content: { bytes } };
}

function notBundle(name: Reference, reason: string): AirgapError {
  return new AirgapError('INPUT', `not a bundle: ${reason}`, {
    where: { image: name.toString() },
    hint: 'Pass a name that airgap push has pushed a bundle to.',
  });
}

function otherSize(name: Reference, expected: number, actual: number): AirgapError {
  return new AirgapError(
    'BUNDLE',
    `the bundle would have ${actual} bytes, and had ${expected} when it was pushed`,
    { where: { image: name.toString() }, hint: 'Push the bundle again.' },
  );
}
