import type { SourceText } from '../input/model/source-text.ts';
import { type BlobSizes, BlobUsage, bytesOf } from '../layout/blob-usage.ts';
import { bundleNames } from '../layout/names.ts';
import { isInterrupted } from '../model/errors.ts';
import type { Finding } from '../model/finding.ts';
import { interrupted } from '../model/interrupted.ts';
import { formatPlatform } from '../oci/platform.ts';
import { Registries, type RegistryOptions } from '../registry/registries.ts';
import { blobsOf, type ResolvedImage } from '../resolve/resolved-image.ts';
import { type ResolvedPlan, type ResolvePlanOptions, readRequests, resolvePlan } from './resolved-plan.ts';

export interface PlanOptions extends ResolvePlanOptions, RegistryOptions {}

/** One name of the bundle. Sizes are bytes. */
export interface PlannedImage {
  readonly name: string;
  /** What the name stands for in the bundle. */
  readonly digest: string;
  /** What the name stood for in the registry; another digest when only some platforms were chosen. */
  readonly resolved: string;
  readonly mediaType: string;
  readonly platforms: readonly string[];
  readonly layers: number;
  /** The manifest that it is about, when it comes along as a referrer. */
  readonly subject?: string;
  /** Everything the image needs. */
  readonly bytes: number;
  /** The part of it that no other image needs. */
  readonly uniqueBytes: number;
}

/** What a build would fetch and write. Sizes are bytes. */
export interface PlanResult {
  readonly images: readonly PlannedImage[];
  /** Different blobs, manifests included. */
  readonly blobs: number;
  /** Their sizes added up, each digest once: what is downloaded. */
  readonly blobBytes: number;
  /** What sharing saves: all images' bytes less `blobBytes`. */
  readonly sharedBytes: number;
  /** The whole tar. */
  readonly bundleSize: number;
  readonly findings: readonly Finding[];
  /** The texts that the findings' positions are in. */
  readonly sources: readonly SourceText[];
}

/**
 * Finds out what a build would do, and moves no layer.
 *
 * @throws AirgapError `INPUT` for the specs, and what the registries throw
 */
export async function plan(options: PlanOptions): Promise<PlanResult> {
  try {
    await using registries = await Registries.open(options);
    return planResult(await resolvePlan(registries, await readRequests(options), options));
  } catch (error) {
    throw isInterrupted(error) ? interrupted(error) : error;
  }
}

/** The plan as people read it. */
export function planResult({ images, tarPlan, findings, sources }: ResolvedPlan): PlanResult {
  const sizes = new Map(images.map(image => [image, sizesOf(image)]));
  const sharing = new BlobUsage([...sizes.values()]);
  return {
    images: bundleNames(images).map(({ name, image }) => {
      const own = sizes.get(image) ?? new Map<string, number>();
      return {
        name: name.toString(),
        digest: image.root.digest,
        resolved: image.resolved,
        mediaType: image.root.mediaType,
        platforms: image.images.flatMap(({ platform }) => (platform ? [formatPlatform(platform)] : [])),
        layers: image.images.reduce((count, { manifest }) => count + manifest.layers.length, 0),
        ...(image.subject ? { subject: image.subject } : {}),
        bytes: bytesOf(own),
        uniqueBytes: sharing.uniqueBytes(own),
      };
    }),
    blobs: sharing.blobs,
    blobBytes: sharing.blobBytes,
    sharedBytes: sharing.sharedBytes,
    bundleSize: tarPlan.size,
    findings,
    sources,
  };
}

/** Every blob and manifest of an image with its size, each digest once. */
function sizesOf(image: ResolvedImage): BlobSizes {
  const manifests = image.manifests.map(({ digest, bytes }): [string, number] => [digest, bytes.length]);
  return new Map([
    ...manifests,
    ...blobsOf(image).map(({ digest, size }): [string, number] => [digest, size]),
  ]);
}
