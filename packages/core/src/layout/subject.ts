import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { cosignSubject } from '../oci/referrer.ts';
import type { Layout } from './layout.ts';
import { readManifest } from './walk.ts';

/**
 * The digest that a name of a bundle refers to: taken from its tag if that is one of cosign's, else from the subject of
 * its manifest. Undefined for an image that is not a referrer.
 *
 * @throws AirgapError `BUNDLE`, `CONTENT`
 */
export async function subjectOf(
  layout: Layout,
  { name, root }: { readonly name: { toString(): string }; readonly root: Descriptor },
): Promise<Digest | undefined> {
  const tagged = cosignSubject(name.toString());
  return tagged ?? (await readManifest(layout, root)).subject?.digest;
}
