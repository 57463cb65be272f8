import { AirgapError } from '../model/errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { type ImageManifest, type Manifest, parseManifest } from '../oci/manifest.ts';
import type { DocumentReader, LayoutEntry } from './document-reader.ts';
import { blobPath } from './documents.ts';

const MAX_DEPTH = 5;

/** What errors name. */
type Located = Pick<DocumentReader<LayoutEntry>, 'path'>;

/** A manifest below a name. */
export interface ManifestNode {
  readonly descriptor: Descriptor;
  readonly manifest: Manifest;
}

/**
 * Every manifest that a descriptor leads to, itself first, each digest once. What cannot be followed goes to
 * `broken` and the walk goes on.
 */
export async function* walkManifests<Entry extends LayoutEntry>(
  bundle: DocumentReader<Entry>,
  entries: ReadonlyMap<string, Entry>,
  root: Descriptor,
  broken: (descriptor: Descriptor, error: unknown) => void,
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
    broken(
      root,
      error instanceof AirgapError ? error.withContext({ path: bundle.path, digest: root.digest }) : error,
    );
    return;
  }
  yield { descriptor: root, manifest };
  if (manifest.kind === 'image') return;
  for (const child of manifest.manifests)
    yield* walkManifests(bundle, entries, child, broken, seen, depth + 1);
}

function tooDeep({ path }: Located, { digest }: Descriptor): AirgapError {
  return new AirgapError('BUNDLE', `an index is nested deeper than ${MAX_DEPTH}`, {
    where: { path, digest },
    hint: 'No image is built like that: ask whoever made the bundle.',
  });
}

/** For walks that end at what cannot be followed. */
export function rethrow(_descriptor: Descriptor, error: unknown): never {
  throw error;
}

/** Config and layers of a manifest. */
export function blobsOfManifest({ config, layers }: ImageManifest): Descriptor[] {
  return [config, ...layers];
}

/**
 * Config and layers of a manifest, all of which are in the bundle: behind the gap nothing can be fetched from where a
 * descriptor's `urls` lead.
 *
 * @throws AirgapError `BUNDLE` when one is missing, or has another size
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

/** Checks that a blob is there, by its size alone. @throws AirgapError `BUNDLE` */
export function assertPresent(
  { path }: Located,
  entries: ReadonlyMap<string, LayoutEntry>,
  blob: Pick<Descriptor, 'digest' | 'size'>,
): void {
  const entry = entries.get(blobPath(blob));
  if (entry?.size === blob.size) return;
  throw new AirgapError(
    'BUNDLE',
    entry ? `a blob has ${entry.size} bytes in place of ${blob.size}` : 'a blob is missing',
    { where: { path, digest: blob.digest }, hint: 'Check it with airgap verify, and fetch it again.' },
  );
}
