import type { Layout } from '../layout/layout.ts';
import { requireBlobs } from '../layout/walk.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { parseManifest, type RawManifest } from '../oci/manifest.ts';
import { parseFrom } from '../oci/stored-document.ts';
import type { Reference } from '../reference/reference.ts';
import type { ChunkWriter } from '../store/blob-writer.ts';
import type { ImageSource } from '../store/image-source.ts';
import type { Range } from '../store/ranges.ts';

/** An image of a local source. No other source has it for sure, so everything that it needs must be in this one. */
export class LocalImage implements ImageSource {
  /** The source as the user wrote it, for example `oci-archive:app.tar`. */
  readonly from: string;
  readonly layout: Layout;
  readonly #name: Reference;
  readonly #descriptor: Descriptor;

  /** @param name the name for which the image is taken, which the layout may not have */
  constructor(from: string, layout: Layout, name: Reference, descriptor: Descriptor) {
    this.from = from;
    this.layout = layout;
    this.#name = name;
    this.#descriptor = descriptor;
  }

  get origin() {
    return this.layout.origin;
  }

  /** A name with a digest, as a lock pins it, is found by its digest: the layout need not have that name. */
  async resolve(name: Reference): Promise<Descriptor | undefined> {
    if (name.toString() === this.#name.toString()) return this.#descriptor;
    const { digest } = name;
    const size = digest && this.layout.sizeOf({ digest });
    return digest && size !== undefined ? { mediaType: '', digest, size } : this.layout.resolve(name);
  }

  /** @throws AirgapError `BUNDLE` also when a blob of the image is missing: the plan would not be what a build can do */
  async manifest(descriptor: Descriptor): Promise<RawManifest> {
    const raw = await this.layout.manifest(descriptor);
    const origin = { ...this.origin, digest: descriptor.digest };
    const manifest = parseFrom(origin, () => parseManifest(raw));
    if (manifest.kind === 'image') requireBlobs(this.layout, manifest);
    return raw;
  }

  has(blob: Descriptor): Promise<boolean> {
    return this.layout.has(blob);
  }

  read(blob: Descriptor, into: ChunkWriter, wanted: readonly Range[]): Promise<void> {
    return this.layout.read(blob, into, wanted);
  }
}
