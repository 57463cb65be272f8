import type { Layout, NamedDescriptor } from '../layout/layout.ts';
import { RESOLVED_ANNOTATION, readName } from '../layout/names.ts';
import { subjectOf } from '../layout/subject.ts';
import { rethrow, walkManifests } from '../layout/walk.ts';
import { type Digest, isDigest } from '../oci/digest.ts';
import { type ImageManifest, isRunnable } from '../oci/manifest.ts';
import type { Reference } from '../reference/reference.ts';
import {
  ImagePolicy,
  type ImageSignature,
  requireSignatures,
  type SignableImage,
  type SignatureRule,
} from './image-policy.ts';
import type { SignatureArtifact } from './image-signature.ts';

/** A name of a layout and its manifests. */
interface NamedManifests {
  readonly reference: Reference;
  readonly descriptor: NamedDescriptor['descriptor'];
  readonly subject: Digest | undefined;
  readonly manifests: readonly ImageManifest[];
}

/** The images of a layout with their signatures; names that are not references are left out. @throws AirgapError `BUNDLE`, `CONTENT` */
async function layoutImages(layout: Layout): Promise<SignableImage[]> {
  const named: NamedManifests[] = [];
  for (const entry of await layout.names()) {
    const found = await readNamed(layout, entry);
    if (found) named.push(found);
  }
  return named
    .filter(({ subject, manifests }) => isImage(subject, manifests))
    .map(({ reference, descriptor: { digest, annotations } }) => {
      const resolved = annotations?.[RESOLVED_ANNOTATION] ?? '';
      return {
        reference,
        digest,
        resolved: isDigest(resolved) ? resolved : digest,
        artifacts: async () => artifactsOf(layout, named, reference, digest),
      };
    });
}

/** Checks the signatures of the images in a layout. */
export async function checkLayoutImages(layout: Layout, policy: ImagePolicy): Promise<ImageSignature[]> {
  return policy.isEmpty ? [] : policy.check(await layoutImages(layout));
}

/**
 * Refuses a layout with an image that lacks a required signature, and reports the state of each image.
 *
 * @throws AirgapError `SIGNATURE`, `INPUT` for a key, `BUNDLE`, `CONTENT`
 */
export async function requireImageSignatures(
  layout: Layout,
  rules: readonly SignatureRule[] | undefined,
): Promise<ImageSignature[]> {
  const signatures = await checkLayoutImages(layout, await ImagePolicy.read(rules));
  requireSignatures(signatures);
  return signatures;
}

/**
 * Whether a name is an image that a policy is about. What can run always is, also under the tag of a signature or with a
 * subject: otherwise such a name could avoid the policy.
 */
export function isImage(subject: Digest | undefined, manifests: readonly ImageManifest[]): boolean {
  return subject === undefined || manifests.some(isRunnable);
}

async function readNamed(
  layout: Layout,
  { name, descriptor }: NamedDescriptor,
): Promise<NamedManifests | undefined> {
  if (name === undefined) return undefined;
  const reference = readName(name, descriptor).canonical();
  const manifests: ImageManifest[] = [];
  for await (const { manifest } of walkManifests(layout, descriptor, rethrow))
    if (manifest.kind === 'image') manifests.push(manifest);
  const subject = await subjectOf(layout, { name: reference, root: descriptor });
  return { reference, descriptor, subject, manifests };
}

function artifactsOf(
  layout: Layout,
  named: readonly NamedManifests[],
  { name }: Reference,
  digest: Digest,
): SignatureArtifact[] {
  const referrers = named.filter(({ reference, subject }) => reference.name === name && subject === digest);
  return referrers.flatMap(({ manifests }) =>
    manifests.map(manifest => ({ manifest, read: blob => layout.blob(blob) })),
  );
}
