import type { Descriptor } from '../oci/descriptor.ts';
import { digestOf } from '../oci/digest.ts';
import type { RawManifest } from '../oci/manifest.ts';
import { MediaType } from '../oci/media-type.ts';
import { referrersTag } from '../oci/referrer.ts';
import type { ReferrersTarget } from '../store/image-target.ts';
import type { ReferrersUpdate } from './push-plan.ts';
import type { TargetOf } from './target-of.ts';

/**
 * Ensures that pushed referrers are listed for their subjects. A registry with the referrers API has indexed them on
 * push; for any other registry the client maintains an index under the fallback tag (distribution-spec, "Pushing
 * Manifests with Subject"). The current list is read from the registry, not derived from the push responses, so that
 * referrers pushed by an interrupted load are listed as well.
 *
 * @throws what registries throw
 */
export async function updateReferrers(
  targetOf: TargetOf,
  updates: readonly ReferrersUpdate[],
): Promise<void> {
  await Promise.all(updates.map(update => updateSubject(targetOf(update.repository), update)));
}

async function updateSubject(
  target: ReferrersTarget,
  { subject, referrers }: ReferrersUpdate,
): Promise<void> {
  const listed = (await target.listReferrers(subject)) ?? [];
  if (notListed(referrers, listed).length === 0) return;
  const tag = referrersTag(subject);
  const existing = (await target.readIndex(tag)) ?? [];
  const missing = notListed(referrers, existing);
  if (missing.length > 0) await target.putManifest(indexOf([...existing, ...missing]), tag);
}

function notListed(referrers: readonly Descriptor[], listed: readonly Descriptor[]): readonly Descriptor[] {
  const digests = new Set(listed.map(({ digest }) => digest));
  return referrers.filter(({ digest }) => !digests.has(digest));
}

function indexOf(manifests: readonly Descriptor[]): RawManifest {
  const mediaType = MediaType.ociIndex;
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, manifests }));
  return { mediaType, digest: digestOf(bytes), bytes };
}
