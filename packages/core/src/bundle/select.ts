import type { Layout } from '../layout/layout.ts';
import { type NamedImage, readName } from '../layout/names.ts';
import { subjectOf } from '../layout/subject.ts';
import { rethrow, walkManifests } from '../layout/walk.ts';
import { closest } from '../model/closest.ts';
import { AirgapError } from '../model/errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { aliasesOf } from '../reference/aliases.ts';
import { ImagePatterns } from '../reference/image-patterns.ts';
import type { Reference } from '../reference/reference.ts';

/**
 * Selects the images of a bundle that match any of the patterns, with their referrers, in the bundle's order.
 *
 * @param patterns names in any spelling that Docker accepts, `*` matches any characters; undefined selects all images
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
    const matcher = new ImagePatterns([pattern]);
    if (!named.some(({ name }) => matcher.matches(name))) throw noMatch(pattern, named);
    return matcher;
  });
  return named.filter(({ name }) => matchers.some(matcher => matcher.matches(name)));
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

function noMatch(pattern: string, named: readonly NamedImage[]): AirgapError {
  const near = closest(
    pattern,
    named.flatMap(({ name }) => [...aliasesOf(name), name.toString()]),
  );
  return new AirgapError('USAGE', `no image in the bundle matches ${JSON.stringify(pattern)}`, {
    hint:
      near === undefined
        ? "Use a name that airgap inspect lists, or a pattern with *: --images '*/team/*'."
        : `Did you mean ${near}?`,
  });
}
