import type { NamedImage } from '../bundle/select.ts';
import { heldBlobsOf, manifestsBelow, refuse } from './walk.ts';
import type { PartImage } from '../bundle/subset.ts';
import type { BundleReader } from '../bundle/reader.ts';
import type { PlacedEntry } from '../tar/walk.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { isRunnable } from '../oci/manifest.ts';

/** A name that a runtime shall have, and all that it may know the image by. */
export interface NeededImage extends NamedImage, PartImage {
  /** Digests of its indexes, manifests and configs. */
  readonly ids: ReadonlySet<string>;
  /** Those of its indexes. */
  readonly indexes: ReadonlySet<string>;
  /** Whether there is anything in it that can run; the rest is artifacts. */
  readonly canRun: boolean;
}

/** Finds out what a name of a bundle needs. @throws AirgapError `BUNDLE` when some of it is missing, `CONTENT` */
export async function neededImage(
  bundle: BundleReader,
  entries: ReadonlyMap<string, PlacedEntry>,
  named: NamedImage,
): Promise<NeededImage> {
  const blobs = new Map<string, Descriptor>();
  const ids = new Set<string>();
  const indexes = new Set<string>();
  let canRun = false;
  for await (const { descriptor, manifest } of manifestsBelow(bundle, entries, named.root, refuse)) {
    blobs.set(descriptor.digest, descriptor);
    ids.add(descriptor.digest);
    if (manifest.kind === 'index') {
      indexes.add(descriptor.digest);
      continue;
    }
    for (const blob of heldBlobsOf(bundle, entries, manifest)) blobs.set(blob.digest, blob);
    if (!isRunnable(manifest)) continue;
    canRun = true;
    ids.add(manifest.config.digest);
  }
  return { ...named, ids, indexes, canRun, blobs: [...blobs.values()] };
}
