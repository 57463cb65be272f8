import { parseConfig } from '../oci/config.ts';
import type { Digest } from '../oci/digest.ts';
import { type ImageManifest, isRunnable } from '../oci/manifest.ts';
import { parseFrom } from '../oci/stored-document.ts';
import type { ImageClosure } from './image-closure.ts';
import type { Layout } from './layout.ts';
import { rethrow, walkManifests } from './walk.ts';

/** A layer that a delta leaves to its base. */
export interface LeftOutLayer {
  readonly digest: Digest;
  /** The diff IDs of its image, from the first layer to this one; empty for an artifact. */
  readonly chain: readonly string[];
}

/** The layers of an image that a delta leaves to its base and that no base has. @throws AirgapError `BUNDLE`, `CONTENT` */
export async function leftOutLayers(layout: Layout, { root }: ImageClosure): Promise<LeftOutLayer[]> {
  const layers: LeftOutLayer[] = [];
  for await (const { manifest } of walkManifests(layout, root, rethrow)) {
    if (manifest.kind === 'index' || !manifest.layers.some(layer => layout.expects(layer))) continue;
    const diffIds = await diffIdsOf(layout, manifest);
    for (const [index, layer] of manifest.layers.entries())
      if (layout.expects(layer)) layers.push({ digest: layer.digest, chain: diffIds.slice(0, index + 1) });
  }
  return layers;
}

async function diffIdsOf(layout: Layout, manifest: ImageManifest): Promise<readonly string[]> {
  const { config, layers } = manifest;
  if (!isRunnable(manifest)) return [];
  const where = { path: layout.path, digest: config.digest };
  const bytes = await layout.blob(config);
  const { diffIds } = parseFrom(where, () => parseConfig(bytes, where));
  return diffIds.length === layers.length ? diffIds : [];
}
