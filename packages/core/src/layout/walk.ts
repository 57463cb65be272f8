import { AirgapError } from '../model/errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { type ImageManifest, type Manifest, parseManifest } from '../oci/manifest.ts';
import type { DocumentReader, LayoutEntry } from './document-reader.ts';
import { blobPath } from './documents.ts';

const MAX_DEPTH = 5;

type Located = Pick<DocumentReader<LayoutEntry>, 'path'>;

/** A manifest that a descriptor leads to. */
export interface ManifestNode {
  readonly descriptor: Descriptor;
  readonly manifest: Manifest;
}

/**
 * Walks all manifests that a descriptor leads to, the root first, each digest once. The walk passes a manifest that it
 * cannot read to `onError` and continues.
 */
export async function* walkManifests<Entry extends LayoutEntry>(
  bundle: DocumentReader<Entry>,
  entries: ReadonlyMap<string, Entry>,
  root: Descriptor,
  onError: (descriptor: Descriptor, error: unknown) => void,
  seen = new Set<Digest>(),
  depth = 0,
): AsyncGenerator<ManifestNode> {
  if (seen.has(root.digest)) return;
  seen.add(root.digest);
  let manifest: Manifest;
  try {
    if (depth > MAX_DEPTH) throw tooDeep(bundle, root);
    manifest = parseManifest(await bundle.manifest(entries, root));
  } catch (error) {
    const where = { path: bundle.path, digest: root.digest };
    onError(root, error instanceof AirgapError ? error.withContext(where) : error);
    return;
  }
  yield { descriptor: root, manifest };
  if (manifest.kind === 'image') return;
  for (const child of manifest.manifests)
    yield* walkManifests(bundle, entries, child, onError, seen, depth + 1);
}

function tooDeep({ path }: Located, { digest }: Descriptor): AirgapError {
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
export function requireBlobs(
  bundle: Located,
  entries: ReadonlyMap<string, LayoutEntry>,
  manifest: ImageManifest,
): Descriptor[] {
  const blobs = blobsOfManifest(manifest);
  for (const blob of blobs) assertPresent(bundle, entries, blob);
  return blobs;
}

/** Asserts that a blob exists with the expected size. @throws AirgapError `BUNDLE` */
export function assertPresent(
  { path }: Located,
  entries: ReadonlyMap<string, LayoutEntry>,
  blob: Pick<Descriptor, 'digest' | 'size'>,
): void {
  const entry = entries.get(blobPath(blob));
  if (entry?.size === blob.size) return;
  const problem = entry
    ? `blob size mismatch: expected ${blob.size} bytes, got ${entry.size}`
    : 'a blob is missing';
  throw new AirgapError('BUNDLE', problem, {
    where: { path, digest: blob.digest },
    hint: 'Check it with airgap verify, and fetch it again.',
  });
}
