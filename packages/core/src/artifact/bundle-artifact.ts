import type { StoredBundle } from '../bundle/stored-bundle.ts';
import { blobDigest, blobPath } from '../layout/documents.ts';
import { Layout } from '../layout/layout.ts';
import type { LayoutEntry, LayoutFiles } from '../layout/layout-files.ts';
import { AirgapError } from '../model/errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { descriptorOf, MAX_MANIFEST_SIZE, type RawManifest } from '../oci/manifest.ts';
import { MediaType } from '../oci/media-type.ts';
import { MemoryBytes } from '../store/memory-bytes.ts';
import type { RandomAccess } from '../store/random-access.ts';
import { RECORDED_DOCUMENTS, writeRecord } from './bundle-record.ts';

/** A bundle as it is stored in one repository of a registry. */
export interface BundleArtifact {
  /** The bundle, and what is stored in addition: its index and its record as blobs. */
  readonly layout: Layout;
  /** Its `index.json`, which the tag points to. */
  readonly index: Descriptor;
  /** The referrer with everything that is not in the index. */
  readonly record: Descriptor;
}

/**
 * Describes a bundle as an artifact: `index.json` is an OCI index, which leads to everything else.
 *
 * @param bundle stays open
 * @throws AirgapError `UNSUPPORTED` when the index is larger than registries accept
 */
export async function bundleArtifact({ layout, plan, index: digest }: StoredBundle): Promise<BundleArtifact> {
  const bytes = await layout.documentBytes('index.json');
  if (bytes.length > MAX_MANIFEST_SIZE) throw tooLarge(layout, bytes.length);
  const index: RawManifest = { mediaType: MediaType.ociIndex, digest, bytes };
  const documents = new Map<string, Buffer>();
  for (const name of RECORDED_DOCUMENTS) documents.set(name, await layout.documentBytes(name));
  const record = writeRecord({ mtime: plan.mtime, size: plan.size }, descriptorOf(index), documents);
  const blobs = [index, record.manifest, ...record.blobs];
  const added = new Map(blobs.map(blob => [blobPath(blob), Buffer.from(blob.bytes)]));
  return {
    layout: new Layout(new ArtifactFiles(layout, added)),
    index: descriptorOf(index),
    record: descriptorOf(record.manifest),
  };
}

/** The files of a layout, and blobs in memory. Closing it leaves the layout open. */
class ArtifactFiles implements LayoutFiles {
  readonly form;
  readonly location: string;
  readonly size: number;
  readonly entries: ReadonlyMap<string, LayoutEntry>;
  readonly #layout: Layout;
  readonly #added: ReadonlyMap<string, Buffer>;

  constructor(layout: Layout, added: ReadonlyMap<string, Buffer>) {
    this.form = layout.form;
    this.location = layout.path;
    this.size = layout.size;
    this.#layout = layout;
    this.#added = added;
    const entries = new Map(layout.entries);
    for (const [name, { length: size }] of added) entries.set(name, { name, size });
    this.entries = entries;
  }

  async open({ name }: LayoutEntry): Promise<RandomAccess> {
    const bytes = this.#added.get(name);
    if (bytes) return new MemoryBytes(bytes, this.location);
    const digest = blobDigest(name);
    if (digest) return this.#layout.open({ digest });
    return new MemoryBytes(await this.#layout.documentBytes(name), this.location);
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

function tooLarge({ path }: Layout, size: number): AirgapError {
  return new AirgapError(
    'UNSUPPORTED',
    `index.json has ${size} bytes: registries accept indexes of ${MAX_MANIFEST_SIZE} bytes`,
    { where: { path }, hint: 'Build several bundles, each of a part of the images.' },
  );
}
