import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { type ImageManifest, type Manifest, parseManifest } from '../oci/manifest.ts';
import type { BundleReader } from './reader.ts';
import type { PlacedEntry } from './tar-walk.ts';

const MAX_DEPTH = 5;

/** A manifest below a name. */
export interface GraphNode {
  readonly descriptor: Descriptor;
  readonly manifest: Manifest;
}

/**
 * Every manifest that a descriptor leads to, itself first, each digest once. What cannot be followed goes to
 * `broken` and the walk goes on.
 */
export async function* manifestsBelow(
  bundle: BundleReader,
  entries: ReadonlyMap<string, PlacedEntry>,
  root: Descriptor,
  broken: (descriptor: Descriptor, error: unknown) => void,
  seen = new Set<Digest>(),
  depth = 0,
): AsyncGenerator<GraphNode> {
  if (seen.has(root.digest) || depth > MAX_DEPTH) return;
  seen.add(root.digest);
  let manifest: Manifest;
  try {
    manifest = parseManifest(await bundle.manifest(entries, root));
  } catch (error) {
    broken(root, error);
    return;
  }
  yield { descriptor: root, manifest };
  if (manifest.kind === 'image') return;
  for (const child of manifest.manifests)
    yield* manifestsBelow(bundle, entries, child, broken, seen, depth + 1);
}

/** Config and layers of a manifest. */
export function blobsOfManifest({ config, layers }: ImageManifest): Descriptor[] {
  return [config, ...layers];
}
