import type { Layout, NamedDescriptor } from '../layout/layout.ts';
import { type NamedImage, readName } from '../layout/names.ts';
import { subjectOf } from '../layout/subject.ts';
import { isUnnamed, unnamedReferrers } from '../layout/unnamed-images.ts';
import { rethrow, walkManifests } from '../layout/walk.ts';
import { closest } from '../model/closest.ts';
import { AirgapError } from '../model/errors.ts';
import { aliasesOf } from '../reference/aliases.ts';
import { ImagePatterns } from '../reference/image-patterns.ts';

/**
 * Selects the images of a bundle that match any of the patterns, with their referrers, in the bundle's order. Referrers
 * without a name, which other tools write into layouts, get that of their subject with their digest.
 *
 * @param patterns names in any spelling that Docker accepts, `*` matches any characters; undefined selects all images
 * @throws AirgapError `USAGE` when a pattern matches nothing, `INPUT` for an image without a name if all are selected or
 * none has one
 */
export async function selectImages(
  layout: Layout,
  patterns: readonly string[] | undefined,
): Promise<NamedImage[]> {
  const images = await layout.names();
  const unnamed = images.filter(isUnnamed);
  const named = images.flatMap(image => (isUnnamed(image) ? [] : [namedImage(layout, image)]));
  if (named.length === 0) requireNames(layout, unnamed, false);
  if (patterns === undefined) {
    const referrers = await unnamedReferrers(layout, named, unnamed);
    const found = new Set(referrers.map(({ root }) => root.digest));
    const others = unnamed.filter(({ descriptor }) => !found.has(descriptor.digest));
    requireNames(layout, others, true);
    return [...named, ...referrers];
  }
  const selected = new Set(matchingImages(named, patterns));
  await addReferrers(layout, named, selected);
  const ordered = named.filter(image => selected.has(image));
  return [...ordered, ...(await unnamedReferrers(layout, ordered, unnamed))];
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

function namedImage({ path }: Layout, { name = '', descriptor: root }: NamedDescriptor): NamedImage {
  try {
    return { name: readName(name, root).canonical(), root };
  } catch (error) {
    throw error instanceof AirgapError ? error.withContext({ path, digest: root.digest }) : error;
  }
}

/** @throws AirgapError `INPUT` for the first image: it could be loaded under any name */
function requireNames(layout: Layout, [first]: readonly NamedDescriptor[], hasOthers: boolean): void {
  if (first === undefined) return;
  const { form, path } = layout;
  const { name, descriptor } = first;
  const problem = name === undefined ? 'has no name' : `has only a tag: ${name}`;
  const source = `${form === 'directory' ? 'oci' : 'oci-archive'}:${path}${name === undefined ? '' : `:${name}`}`;
  const otherwise = hasOthers ? ", or omit the images without names with --images '*'" : '';
  throw new AirgapError('INPUT', `an image in the bundle ${problem}`, {
    where: { path, digest: descriptor.digest },
    hint: `Name it in the target with airgap push ${source} REGISTRY/NAME:TAG${otherwise}.`,
  });
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
