import { AirgapError } from '../model/errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { type Index, isAttestation } from '../oci/manifest.ts';
import { formatPlatform, type Platform } from '../oci/platform.ts';
import { bestMatches } from '../oci/platform-match.ts';
import type { Reference } from '../reference/reference.ts';

/** The index that lacks a child, and the name that points to it. */
interface IncompleteIndex {
  readonly reference: Reference;
  readonly parent: Digest;
  readonly index: Index;
  /** The platforms that the image is most likely needed for. */
  readonly preferred: readonly Platform[];
}

/** Makes the error for a child that its index has, and that the registry does not have or does not serve. */
export function missingChild(
  error: AirgapError,
  child: Descriptor,
  { reference, parent, index, preferred }: IncompleteIndex,
): AirgapError {
  const platform = child.platform && !isAttestation(child) ? formatPlatform(child.platform) : undefined;
  const what = isAttestation(child) ? 'an attestation' : (platform ?? 'no platform');
  const message = `the index ${parent} lacks its child ${child.digest} (${what}): ${error.message}`;
  const others = index.manifests.filter(entry => entry.digest !== child.digest && !isAttestation(entry));
  return new AirgapError(error.code, message, {
    where: { ...error.where, digest: child.digest, ...(platform ? { platform } : {}) },
    cause: error,
    hint: hintFor(reference, others, preferred),
  });
}

function hintFor(
  reference: Reference,
  others: readonly Descriptor[],
  preferred: readonly Platform[],
): string {
  const [matching] = preferred.flatMap(platform => bestMatches(others, platform));
  const available = matching ?? others.find(({ platform }) => platform !== undefined);
  if (available?.platform === undefined) return 'Push the image again with all its platforms.';
  const platform = formatPlatform(available.platform);
  if (reference.digest === undefined)
    return `Push the image again, or select another platform, for example --platform ${platform}.`;
  return `Use ${reference.name}@${available.digest} for ${platform} alone, or push the image again.`;
}
