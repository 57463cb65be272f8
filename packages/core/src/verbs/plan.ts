import type { SourceText } from '../input/model/source-text.ts';
import { type BlobSizes, BlobUsage, bytesOf } from '../layout/blob-usage.ts';
import { bundleNames } from '../layout/names.ts';
import { AirgapError } from '../model/errors.ts';
import type { Finding } from '../model/finding.ts';
import { interruptible } from '../model/interrupted.ts';
import { formatPlatform } from '../oci/platform.ts';
import { Registries, type RegistryOptions } from '../registry/registries.ts';
import { blobsOf, type ResolvedImage } from '../resolve/resolved-image.ts';
import type { ImageSignature } from '../signing/image-policy.ts';
import { checkOptions } from './check-options.ts';
import {
  openLocal,
  type ResolvedPlan,
  type ResolvePlanOptions,
  readRequests,
  resolvePlan,
} from './resolved-plan.ts';

/** The options of {@link plan}. */
export interface PlanOptions extends ResolvePlanOptions, RegistryOptions {}

/** A name of the bundle and its image. Sizes are bytes. */
export interface PlannedImage {
  readonly name: string;
  /** The digest that the name points to in the bundle. */
  readonly digest: string;
  /** The digest that the name points to in the registry; it differs when only some platforms were chosen. */
  readonly resolved: string;
  readonly mediaType: string;
  readonly platforms: readonly string[];
  /** The number of layers of all platforms. */
  readonly layers: number;
  /** The local source that the image is taken from, as `from` names it; missing for a registry. */
  readonly from?: string;
  /** The digest of the image that a referrer refers to. */
  readonly subject?: string;
  /** The total size of the image. */
  readonly bytes: number;
  /** The size of the blobs that no other image contains. */
  readonly uniqueBytes: number;
}

/** What a build would download and write. Sizes are bytes. */
export interface PlanResult {
  readonly images: readonly PlannedImage[];
  /** The number of distinct blobs, including manifests. */
  readonly blobs: number;
  /** The total size of the distinct blobs: the size of the download. */
  readonly blobBytes: number;
  /** What deduplication saves: the sum of all images' bytes minus `blobBytes`. */
  readonly sharedBytes: number;
  /** The size of the tar. */
  readonly bundleSize: number;
  /** The images that the policy for signatures is about; empty without one. */
  readonly signatures: readonly ImageSignature[];
  readonly findings: readonly Finding[];
  /** The texts that the positions of the findings refer to. */
  readonly sources: readonly SourceText[];
}

/**
 * Computes what a build would do, without downloading layers.
 *
 * @throws AirgapError `INPUT` for the specs, and the errors of registries
 */
export async function plan(options: PlanOptions): Promise<PlanResult> {
  checkOptions('plan', options, ['specs']);
  return interruptible(options.signal, async () => {
    await using registries = await Registries.open(options);
    const requests = await readRequests(options);
    await using local = await openLocal(requests, options);
    const resolved = await resolvePlan({ registries, local }, requests, options);
    const result = planResult(resolved);
    RESOLVED.set(result, resolved);
    return result;
  });
}

/** What `plan` has resolved, by its result: a build of the plan needs it again. */
const RESOLVED = new WeakMap<PlanResult, ResolvedPlan>();

/** The resolved plan behind a result of {@link plan}. @throws AirgapError `USAGE` for any other object */
export function resolvedPlanOf(result: PlanResult): ResolvedPlan {
  const resolved = RESOLVED.get(result);
  if (resolved) return resolved;
  throw new AirgapError('USAGE', 'build: plan must be the result of plan() in the same process', {
    hint: 'Pass the object that plan() returned, or leave it out.',
  });
}

/** Converts a resolved plan to its public form. */
export function planResult({
  images,
  signatures,
  from,
  tarPlan,
  findings,
  sources,
}: ResolvedPlan): PlanResult {
  const sizes = new Map(images.map(image => [image, sizesOf(image)]));
  const usage = new BlobUsage([...sizes.values()]);
  return {
    images: bundleNames(images).map(({ name, image }) => {
      const source = from.get(image.reference.toString());
      const imageSizes = sizes.get(image) ?? new Map<string, number>();
      return {
        name: name.toString(),
        digest: image.root.digest,
        resolved: image.resolved,
        mediaType: image.root.mediaType,
        platforms: image.images.flatMap(({ platform }) => (platform ? [formatPlatform(platform)] : [])),
        layers: image.images.reduce((sum, { manifest }) => sum + manifest.layers.length, 0),
        ...(source === undefined ? {} : { from: source }),
        ...(image.subject ? { subject: image.subject } : {}),
        bytes: bytesOf(imageSizes),
        uniqueBytes: usage.uniqueBytes(imageSizes),
      };
    }),
    blobs: usage.blobs,
    blobBytes: usage.blobBytes,
    sharedBytes: usage.sharedBytes,
    bundleSize: tarPlan.size,
    signatures,
    findings,
    sources,
  };
}

/** The blobs and manifests of an image with their sizes, each digest once. */
function sizesOf(image: ResolvedImage): BlobSizes {
  const manifests = image.manifests.map(({ digest, bytes }): [string, number] => [digest, bytes.length]);
  return new Map([
    ...manifests,
    ...blobsOf(image).map(({ digest, size }): [string, number] => [digest, size]),
  ]);
}
