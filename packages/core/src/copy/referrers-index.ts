import type { Descriptor } from '../oci/descriptor.ts';
import { digestOf } from '../oci/digest.ts';
import type { RawManifest } from '../oci/manifest.ts';
import { MediaType } from '../oci/media-type.ts';
import { referrersTag } from '../oci/referrer.ts';
import { Reference } from '../reference/reference.ts';
import type { ImageTarget } from '../store/image-target.ts';
import type { ReferrersUpdate } from './push-plan.ts';

/**
 * Makes sure that what refers to a manifest can be found by it. A registry with the referrers API has listed it when it
 * took it; for any other the client keeps the list, an index under the fallback tag (distribution-spec, "Pushing
 * Manifests with Subject"). The registry is asked rather than its answers to the pushes believed: what an interrupted
 * load has pushed is listed as well.
 *
 * @throws what registries throw
 */
export async function updateReferrers(
  destination: ImageTarget,
  registry: string,
  referrals: readonly ReferrersUpdate[],
): Promise<void> {
  await Promise.all(referrals.map(referral => updateSubject(destination, registry, referral)));
}

async function updateSubject(
  destination: ImageTarget,
  registry: string,
  { repository, subject, referrers }: ReferrersUpdate,
): Promise<void> {
  const name = Reference.pinned(registry, repository, subject);
  if (missingFrom(referrers, await destination.listReferrers(name)).length === 0) return;
  const tag = name.withTag(referrersTag(subject));
  const kept = (await destination.readIndex(tag)) ?? [];
  const missing = missingFrom(referrers, kept);
  if (missing.length > 0) await destination.putManifest(tag, listOf([...kept, ...missing]));
}

function missingFrom(
  wanted: readonly Descriptor[],
  listed: readonly Descriptor[] = [],
): readonly Descriptor[] {
  const there = new Set(listed.map(({ digest }) => digest));
  return wanted.filter(({ digest }) => !there.has(digest));
}

function listOf(manifests: readonly Descriptor[]): RawManifest {
  const mediaType = MediaType.ociIndex;
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, manifests }));
  return { mediaType, digest: digestOf(bytes), bytes };
}
