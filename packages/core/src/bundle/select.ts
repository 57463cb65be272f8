import type { Layout } from '../layout/layout.ts';
import { type NamedImage, readName } from '../layout/names.ts';
import { subjectOf } from '../layout/subject.ts';
import { rethrow, walkManifests } from '../layout/walk.ts';
import { AirgapError } from '../model/errors.ts';
import { wildcard } from '../model/wildcard.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { Reference } from '../reference/reference.ts';

/**
 * Selects the images of a bundle that match any of the patterns, with their referrers, in the bundle's order.
 *
 * @param patterns `*` matches any characters; undefined selects all images
 * @throws AirgapError `USAGE` when a pattern matches nothing, `BUNDLE` for an image without a name
 */
export async function selectImages(
  layout: Layout,
  patterns: readonly string[] | undefined,
): Promise<NamedImage[]> {
  const names = await layout.names();
  const named = names.map(({ name, descriptor }) => ({
    name: nameOf(layout, name, descriptor),
    root: descriptor,
  }));
  if (patterns === undefined) return named;
  const selected = new Set(matchingImages(named, patterns));
  await addReferrers(layout, named, selected);
  return named.filter(image => selected.has(image));
}

function matchingImages(named: readonly NamedImage[], patterns: readonly string[]): NamedImage[] {
  const matchers = patterns.map(pattern => {
    const matches = matcher(pattern);
    if (!named.some(({ name }) => matches(name)))
      throw new AirgapError('USAGE', `no image in the bundle matches ${JSON.stringify(pattern)}`, {
        hint: "Use a name that airgap inspect lists, or a pattern with *: --images '*/team/*'.",
      });
    return matches;
  });
  return named.filter(({ name }) => matchers.some(matches => matches(name)));
}

/** Adds the referrers of the selected images, transitively. */
async function addReferrers(
  layout: Layout,
  named: readonly NamedImage[],
  selected: Set<NamedImage>,
): Promise<void> {
  const referrers = new Map<string, NamedImage[]>();
  for (const image of named) {
    const subject = await subjectOf(layout, image);
    if (subject === undefined) continue;
    const key = `${image.name.name}@${subject}`;
    referrers.set(key, [...(referrers.get(key) ?? []), image]);
  }
  // The set grows during the iteration.
  for (const { name, root } of selected)
    for await (const { descriptor } of walkManifests(layout, root, rethrow))
      for (const image of referrers.get(`${name.name}@${descriptor.digest}`) ?? []) selected.add(image);
}

function nameOf({ path }: Layout, name: string | undefined, root: Descriptor): Reference {
  const where = { path, digest: root.digest };
  if (name === undefined)
    throw new AirgapError('BUNDLE', 'an image in the bundle has no name', {
      where,
      hint: 'Load a bundle that airgap build wrote.',
    });
  try {
    return readName(name, root).canonical();
  } catch (error) {
    throw error instanceof AirgapError ? error.withContext(where) : error;
  }
}

/** A pattern matches the complete canonical name. One without `*` is a reference, which may be short. */
function matcher(pattern: string): (name: Reference) => boolean {
  if (!pattern.includes('*')) {
    const canonical = Reference.parse(pattern).toString();
    return name => name.toString() === canonical;
  }
  const matches = wildcard(pattern);
  return name => matches(name.toString());
}
