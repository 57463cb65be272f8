import type { ImageMapping } from '../copy/image-mapping.ts';
import type { Layout } from '../layout/layout.ts';
import { rethrow, walkManifests } from '../layout/walk.ts';
import { formatBytes } from '../model/bytes.ts';
import { buildSteps } from '../oci/build-steps.ts';
import { MAX_CONFIG_SIZE } from '../oci/config.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type ImageManifest, isRunnable } from '../oci/manifest.ts';

/** The longest build step that a message shows, in characters. */
const MAX_STEP = 120;

/** A layer, and where it comes from. */
export interface LargeLayer {
  readonly blob: Descriptor;
  /** The first image that has it, by its name at the source. */
  readonly image: string;
  /** Its repository at the target. */
  readonly repository: string;
  /** The build step that made it, as far as the config says. */
  readonly step: string | undefined;
}

/**
 * Finds the layers of at least a size, each once, the largest first.
 *
 * @param minimum in bytes
 * @throws AirgapError `BUNDLE`, `CONTENT`
 */
export async function findLargeLayers(
  layout: Layout,
  mappings: readonly ImageMapping[],
  minimum: number,
): Promise<LargeLayer[]> {
  const found = new Map<string, LargeLayer>();
  for (const { name, root, to } of mappings) {
    for await (const { manifest } of walkManifests(layout, root, rethrow)) {
      if (manifest.kind !== 'image') continue;
      for (const [at, blob] of manifest.layers.entries()) {
        if (blob.size < minimum || found.has(blob.digest)) continue;
        const step = (await stepsOf(layout, manifest))[at];
        found.set(blob.digest, { blob, image: name.toString(), repository: to.repository, step });
      }
    }
  }
  return [...found.values()].sort((a, b) => b.blob.size - a.blob.size);
}

/** Describes a layer in one line: `2.1 GB in quay.io/team/app:1, made by "COPY model.bin /"`. */
export function describeLayer({ blob, image, step }: LargeLayer): string {
  const size = `${formatBytes(blob.size)} in ${image}`;
  if (step === undefined) return size;
  const shown = step.length > MAX_STEP ? `${step.slice(0, MAX_STEP)}…` : step;
  return `${size}, made by ${JSON.stringify(shown)}`;
}

async function stepsOf(layout: Layout, manifest: ImageManifest): Promise<readonly (string | undefined)[]> {
  const { config, layers } = manifest;
  if (!isRunnable(manifest) || config.size > MAX_CONFIG_SIZE) return [];
  return buildSteps(await layout.blob(config), layers.length);
}
