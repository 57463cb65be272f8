import pLimit from 'p-limit';
import type { Digest } from '../oci/digest.ts';
import { parseManifest } from '../oci/manifest.ts';
import { cosignSubject } from '../oci/referrer.ts';
import type { Reference } from '../reference/reference.ts';
import type { SourceOf } from '../store/image-source.ts';
import { readPinned, resolveManifest } from './resolve-image.ts';
import type { ResolvedImage } from './resolved-image.ts';

/** Concurrent queries; the limits per host apply in addition. */
const CONCURRENCY = 64;

/** A referrer that is read by its digest, whatever its name points to. */
export interface PinnedReferrer {
  /** Its name: with cosign's tag, or with the digest. */
  readonly name: Reference;
  readonly digest: Digest;
}

/** Reads referrers by their digests, each name once. @throws AirgapError `NOT_FOUND`, and the errors of the source */
export async function pinnedReferrers(
  sourceOf: SourceOf,
  referrers: readonly PinnedReferrer[],
): Promise<ResolvedImage[]> {
  const limit = pLimit(CONCURRENCY);
  const distinct = new Map(referrers.map(referrer => [referrer.name.toString(), referrer]));
  return Promise.all([...distinct.values()].map(referrer => limit(() => readReferrer(sourceOf, referrer))));
}

async function readReferrer(sourceOf: SourceOf, { name, digest }: PinnedReferrer): Promise<ResolvedImage> {
  const source = sourceOf(name);
  const raw = await readPinned(source, name, digest);
  const image = await resolveManifest(source, name, raw, 'all');
  const subject = cosignSubject(name.toString()) ?? parseManifest(raw).subject?.digest;
  return subject === undefined ? image : { ...image, subject };
}
