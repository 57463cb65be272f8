import { AirgapError } from '../model/errors.ts';
import { compareText } from '../model/text-order.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { Reference } from '../reference/reference.ts';
import type { ResolvedImage } from '../resolve/resolved-image.ts';

/** The annotations that hold a name, in the order in which containerd's importer looks for it. */
export const NAME_ANNOTATIONS = ['io.containerd.image.name', 'org.opencontainers.image.ref.name'] as const;
/** The annotation for the digest in the registry, when the bundle contains only some of its platforms. */
export const RESOLVED_ANNOTATION = 'dev.airgap.image.resolved';

/** A name of a bundle and the descriptor that it points to. */
export interface NamedImage {
  readonly name: Reference;
  readonly root: Descriptor;
}

/** A name of a bundle and its resolved image. */
export interface BundleName {
  readonly name: Reference;
  readonly image: ResolvedImage;
}

/**
 * The names of a bundle's images, sorted. A reference with a tag and a digest gets the name with the digest, which
 * runtimes look up, and the name with the tag unless another image has that name.
 */
export function bundleNames(images: readonly ResolvedImage[]): BundleName[] {
  const names = new Map<string, BundleName>();
  const add = (name: Reference, image: ResolvedImage) => {
    if (!names.has(name.toString())) names.set(name.toString(), { name, image });
  };
  for (const image of images) {
    const { reference } = image;
    add(reference.digest === undefined ? reference : reference.withDigest(reference.digest), image);
  }
  for (const image of images) {
    const { tag, digest } = image.reference;
    if (tag !== undefined && digest !== undefined) add(image.reference.withTag(tag), image);
  }
  return [...names.values()].sort((a, b) => compareText(a.name.toString(), b.name.toString()));
}

/**
 * Parses the name of a manifest in a bundle.
 *
 * @throws AirgapError `INPUT` for an invalid name, `BUNDLE` for a name with the digest of another manifest
 */
export function readName(text: string, { digest }: Pick<Descriptor, 'digest'>): Reference {
  const name = Reference.parse(text);
  if (name.digest === undefined || name.digest === digest) return name;
  throw new AirgapError('BUNDLE', `the name ${text} points to a different digest, ${digest}`, {
    where: { digest },
    hint: 'Fetch the bundle again.',
  });
}
