import { AirgapError } from '../model/errors.ts';
import { compareText } from '../model/text-order.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { Reference } from '../reference/reference.ts';
import type { ResolvedImage } from '../resolve/resolved-image.ts';

/** Under this key containerd looks for a name first, then under the next one (FACTS of its importer). */
export const NAME_ANNOTATIONS = ['io.containerd.image.name', 'org.opencontainers.image.ref.name'] as const;
/** What the name stood for in the registry, where the bundle holds only the chosen part of it. */
export const RESOLVED_ANNOTATION = 'dev.airgap.image.resolved';

/** A name of a bundle, and what it stands for there. */
export interface NamedImage {
  readonly name: Reference;
  readonly root: Descriptor;
}

/** A name of the bundle, and the image that it stands for. */
export interface BundleName {
  readonly name: Reference;
  readonly image: ResolvedImage;
}

/**
 * The names that a bundle's images go by, sorted. A name with both a tag and a digest goes by the digest, which is
 * what a runtime looks for, and by the tag as well unless another image has that one.
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
 * Reads a name that a bundle has for a manifest.
 *
 * @throws AirgapError `INPUT` for what is no name, `BUNDLE` for one with the digest of something else
 */
export function readName(text: string, { digest }: Pick<Descriptor, 'digest'>): Reference {
  const name = Reference.parse(text);
  if (name.digest === undefined || name.digest === digest) return name;
  throw new AirgapError('BUNDLE', `the name ${text} stands for another digest, ${digest}`, {
    where: { digest },
    hint: 'The bundle was changed after it was made: fetch it again.',
  });
}
