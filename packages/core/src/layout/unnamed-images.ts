import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { Reference } from '../reference/reference.ts';
import type { Layout, NamedDescriptor } from './layout.ts';
import { NAME_ANNOTATIONS, type NamedImage } from './names.ts';
import { readManifest, rethrow, walkManifests } from './walk.ts';

/** A tag alone (distribution-spec, "Pulling manifests"): it has no host, no path and no colon. */
const TAG = /^\w[\w.-]{0,127}$/;

/**
 * Whether an image of a layout has no name: none at all, or only a tag, as skopeo, oras and umoci write it. Of which
 * repository, the layout does not say then.
 */
export function isUnnamed({ name, descriptor }: NamedDescriptor): boolean {
  const isFull = Boolean(descriptor.annotations?.[NAME_ANNOTATIONS[0]]);
  return name === undefined || (!isFull && TAG.test(name));
}

/**
 * Names the unnamed referrers of images, such as oras writes them into a layout: by their digest, in the repository of
 * their subject.
 *
 * @returns also the referrers of those
 * @throws AirgapError `BUNDLE`, `CONTENT`
 */
export async function unnamedReferrers(
  layout: Layout,
  named: readonly NamedImage[],
  unnamed: readonly NamedDescriptor[],
): Promise<NamedImage[]> {
  const bySubject = await rootsBySubject(layout, unnamed);
  const found = new Map<string, NamedImage>();
  const visit = async ({ name, root }: NamedImage): Promise<void> => {
    for await (const { descriptor } of walkManifests(layout, root, rethrow))
      for (const referrer of bySubject.get(descriptor.digest) ?? []) {
        const image = { name: inRepositoryOf(name, referrer), root: referrer };
        if (found.has(image.name.toString())) continue;
        found.set(image.name.toString(), image);
        await visit(image);
      }
  };
  if (bySubject.size > 0) for (const image of named) await visit(image);
  return [...found.values()];
}

async function rootsBySubject(
  layout: Layout,
  unnamed: readonly NamedDescriptor[],
): Promise<Map<Digest, Descriptor[]>> {
  const roots = new Map<Digest, Descriptor[]>();
  for (const { descriptor } of unnamed) {
    const subject = (await readManifest(layout, descriptor)).subject?.digest;
    if (subject !== undefined) roots.set(subject, [...(roots.get(subject) ?? []), descriptor]);
  }
  return roots;
}

function inRepositoryOf({ registry, repository }: Reference, { digest }: Descriptor): Reference {
  return Reference.inRepository(registry, repository).withDigest(digest);
}
