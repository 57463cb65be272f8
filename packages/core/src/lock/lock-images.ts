import type { Digest } from '../oci/digest.ts';
import type { PlatformChoice } from '../oci/platform.ts';
import { cosignSubject } from '../oci/referrer.ts';
import type { Reference } from '../reference/reference.ts';
import type { ResolvedImage } from '../resolve/resolved-image.ts';
import type { LockedImage, LockedReferrer } from './lock.ts';

/**
 * The lock's entries for resolved images.
 *
 * @param platformsOf the platforms of each image that has its own
 * @param referrers those of any of the images; each image gets its own, and the referrers of these
 */
export function lockImages(
  images: readonly ResolvedImage[],
  referrers: readonly ResolvedImage[],
  platformsOf: (name: Reference) => PlatformChoice | undefined,
): LockedImage[] {
  return images.map(image => ({
    reference: image.reference,
    digest: image.resolved,
    platforms: platformsOf(image.reference),
    referrers: referrersOf(image, referrers).map(lockedReferrer),
  }));
}

function referrersOf(image: ResolvedImage, referrers: readonly ResolvedImage[]): ResolvedImage[] {
  const subjects = new Set<Digest>(image.manifests.map(({ digest }) => digest));
  const found = new Set<ResolvedImage>();
  const candidates = referrers.filter(({ reference }) => reference.name === image.reference.name);
  for (let size = -1; size < found.size; ) {
    size = found.size;
    for (const referrer of candidates) {
      if (referrer.subject === undefined || !subjects.has(referrer.subject)) continue;
      found.add(referrer);
      for (const { digest } of referrer.manifests) subjects.add(digest);
    }
  }
  return [...found];
}

function lockedReferrer({ reference, resolved }: ResolvedImage): LockedReferrer {
  const isTagged = cosignSubject(reference.toString()) !== undefined;
  return { tag: isTagged ? reference.tag : undefined, digest: resolved };
}
