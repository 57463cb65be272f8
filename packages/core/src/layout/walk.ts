import { AirgapError } from '../model/errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import {
  blobsOfManifest,
  MAX_MANIFEST_BYTES,
  type Manifest,
  manifestsOf,
  parseManifest,
  tooManyManifestBytes,
} from '../oci/manifest.ts';
import { parseFrom } from '../oci/stored-document.ts';
import type { Layout } from './layout.ts';

const MAX_DEPTH = 5;

/** A manifest that a descriptor leads to. */
export interface ManifestNode {
  readonly descriptor: Descriptor;
  readonly manifest: Manifest;
}

/**
 * Walks all manifests that a descriptor leads to, the root first, each digest once. The walk passes a manifest that it
 * cannot read to `onError` and continues.
 */
export async function* walkManifests(
  layout: Layout,
  root: Descriptor,
  onError: OnError,
  seen = new Set<Digest>(),
): AsyncGenerator<ManifestNode> {
  yield* new Walk(layout, onError, seen).from(root, 0);
}

type OnError = (descriptor: Descriptor, error: unknown) => void;

class Walk {
  readonly #layout: Layout;
  readonly #onError: OnError;
  readonly #seen: Set<Digest>;
  #bytes = 0;

  constructor(layout: Layout, onError: OnError, seen: Set<Digest>) {
    this.#layout = layout;
    this.#onError = onError;
    this.#seen = seen;
  }

  async *from(descriptor: Descriptor, depth: number): AsyncGenerator<ManifestNode> {
    if (this.#seen.has(descriptor.digest)) return;
    this.#seen.add(descriptor.digest);
    const manifest = await this.#read(descriptor, depth);
    if (manifest === undefined) return;
    yield { descriptor, manifest };
    if (manifest.kind === 'image') return;
    for (const child of manifestsOf(manifest)) yield* this.from(child, depth + 1);
  }

  async #read(descriptor: Descriptor, depth: number): Promise<Manifest | undefined> {
    try {
      if (depth > MAX_DEPTH) throw tooDeep(this.#layout, descriptor);
      if (this.#bytes > MAX_MANIFEST_BYTES) throw tooManyManifestBytes('BUNDLE');
      const manifest = await readManifest(this.#layout, descriptor);
      this.#bytes += this.#layout.sizeOf(descriptor) ?? 0;
      return manifest;
    } catch (error) {
      const where = { path: this.#layout.path, digest: descriptor.digest };
      this.#onError(descriptor, error instanceof AirgapError ? error.withContext(where) : error);
      return undefined;
    }
  }
}

/** Reads a manifest that a layout must have. @throws AirgapError `BUNDLE` when it is missing or too large, `CONTENT` */
export async function readManifest(layout: Layout, descriptor: Descriptor): Promise<Manifest> {
  if (layout.sizeOf(descriptor) === undefined) throw damaged(layout, descriptor, 'a blob is missing');
  const raw = await layout.manifest(descriptor);
  return parseFrom({ path: layout.path, digest: descriptor.digest }, () => parseManifest(raw));
}

function tooDeep({ path }: Layout, { digest }: Descriptor): AirgapError {
  return new AirgapError('BUNDLE', `an index is nested deeper than ${MAX_DEPTH} levels`, {
    where: { path, digest },
    hint: 'Indexes nested this deep are not supported.',
  });
}

/** An `onError` that ends the walk. */
export function rethrow(_descriptor: Descriptor, error: unknown): never {
  throw error;
}

/**
 * The blobs that a manifest refers to, all of which must be in the bundle, or expected from the base of a delta: in the
 * air-gapped network, the `urls` of a descriptor are not reachable.
 *
 * @throws AirgapError `BUNDLE` when one is missing or has a different size
 */
export function requireBlobs(layout: Layout, manifest: Manifest): Descriptor[] {
  const blobs = blobsOfManifest(manifest);
  for (const blob of blobs) assertPresent(layout, blob);
  return blobs;
}

/** Asserts that a blob exists with the expected size, or that a delta leaves it to its base. @throws AirgapError `BUNDLE` */
export function assertPresent(layout: Layout, blob: Pick<Descriptor, 'digest' | 'size'>): void {
  const size = layout.sizeOf(blob);
  if (size === blob.size || layout.expects(blob)) return;
  if (size === undefined) throw damaged(layout, blob, 'a blob is missing');
  throw damaged(layout, blob, `blob size mismatch: expected ${blob.size} bytes, got ${size}`);
}

function damaged({ path }: Layout, { digest }: Pick<Descriptor, 'digest'>, problem: string): AirgapError {
  return new AirgapError('BUNDLE', problem, {
    where: { path, digest },
    hint: 'Check it with airgap verify, and fetch it again.',
  });
}
