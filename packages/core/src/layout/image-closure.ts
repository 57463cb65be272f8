import type { Descriptor } from '../oci/descriptor.ts';
import { isRunnable } from '../oci/manifest.ts';
import type { Layout } from './layout.ts';
import type { NamedImage } from './names.ts';
import { requireBlobs, rethrow, walkManifests } from './walk.ts';

/** A name with everything its image consists of, and the digests by which a runtime may identify it. */
export interface ImageClosure extends NamedImage {
  /** All manifests, configs and layers, each digest once. */
  readonly blobs: readonly Descriptor[];
  /** The digests of its indexes, manifests and configs. */
  readonly ids: ReadonlySet<string>;
  /** The digests of its indexes. */
  readonly indexes: ReadonlySet<string>;
  /** Whether it contains a runnable image, not only artifacts. */
  readonly isRunnable: boolean;
}

/** Collects everything that a name of a bundle needs. @throws AirgapError `BUNDLE` when some of it is missing, `CONTENT` */
export async function imageClosure(layout: Layout, named: NamedImage): Promise<ImageClosure> {
  const blobs = new Map<string, Descriptor>();
  const ids = new Set<string>();
  const indexes = new Set<string>();
  let runnable = false;
  for await (const { descriptor, manifest } of walkManifests(layout, named.root, rethrow)) {
    blobs.set(descriptor.digest, descriptor);
    ids.add(descriptor.digest);
    for (const blob of requireBlobs(layout, manifest)) blobs.set(blob.digest, blob);
    if (manifest.kind === 'index') indexes.add(descriptor.digest);
    if (manifest.kind === 'index' || !isRunnable(manifest)) continue;
    runnable = true;
    ids.add(manifest.config.digest);
  }
  return { ...named, ids, indexes, isRunnable: runnable, blobs: [...blobs.values()] };
}
