import { AirgapError } from '../model/errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { type ImageManifest, type Manifest, parseManifest } from '../oci/manifest.ts';
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
  onError: (descriptor: Descriptor, error: unknown) => void,
  seen = new Set<Digest>(),
  depth = 0,
): AsyncGenerator<ManifestNode> {
  if (seen.has(root.digest)) return;
  seen.add(root.digest);
  let manifest: Manifest;
  try {
    if (depth > MAX_DEPTH) throw tooDeep(layout, root);
    manifest = await readManifest(layout, root);
  } catch (error) {
    const where = { path: layout.path, digest: root.digest };
    onError(root, error instanceof AirgapError ? error.withContext(where) : error);
    return;
  }
  yield { descriptor: root, manifest };
  if (manifest.kind === 'image') return;
  for (const child of manifest.manifests) yield* walkManifests(layout, child, onError, seen, depth + 1);
}

/** Reads a manifest that a layout must have. @throws AirgapError `BUNDLE` when it is missing or too large, `CONTENT` */
export async function readManifest(layout: Layout, descriptor: Descriptor): Promise<Manifest> {
  if (layout.sizeOf(descriptor) === undefined) throw damaged(layout, descriptor, 'a blob is missing');
  return parseManifest(await layout.manifest(descriptor));
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

/** The config and layers of a manifest. */
export function blobsOfManifest({ config, layers }: ImageManifest): Descriptor[] {
  return [config, ...layers];
}

/**
 * The config and layers of a manifest, all of which must be in the bundle: in the air-gapped network, the `urls` of a
 * descriptor are not reachable.
 *
 * @throws AirgapError `BUNDLE` when one is missing or has a different size
 */
export function requireBlobs(layout: Layout, manifest: ImageManifest): Descriptor[] {
  const blobs = blobsOfManifest(manifest);
  for (const blob of blobs) assertPresent(layout, blob);
  return blobs;
}

/** Asserts that a blob exists with the expected size. @throws AirgapError `BUNDLE` */
export function assertPresent(layout: Layout, blob: Pick<Descriptor, 'digest' | 'size'>): void {
  const size = layout.sizeOf(blob);
  if (size === blob.size) return;
  if (size === undefined) throw damaged(layout, blob, 'a blob is missing');
  throw damaged(layout, blob, `blob size mismatch: expected ${blob.size} bytes, got ${size}`);
}

function damaged({ path }: Layout, { digest }: Pick<Descriptor, 'digest'>, problem: string): AirgapError {
  return new AirgapError('BUNDLE', problem, {
    where: { path, digest },
    hint: 'Check it with airgap verify, and fetch it again.',
  });
}
