import { type NamedImage, readName } from '../layout/names.ts';
import { subjectOf } from '../layout/subject.ts';
import { rethrow, walkManifests } from '../layout/walk.ts';
import { AirgapError } from '../model/errors.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { Reference } from '../reference/reference.ts';
import type { PlacedEntry } from '../tar/walk.ts';
import type { BundleReader } from './reader.ts';

/**
 * The names of a bundle that match one of the patterns, with what refers to their images, in the bundle's order.
 *
 * @param patterns `*` stands for anything; all names when left out
 * @throws AirgapError `USAGE` when a pattern matches nothing, `BUNDLE` for an image without a name
 */
export async function selectImages(
  bundle: BundleReader,
  entries: ReadonlyMap<string, PlacedEntry>,
  patterns: readonly string[] | undefined,
): Promise<NamedImage[]> {
  const names = await bundle.names(entries);
  const named = names.map(({ name, descriptor }) => ({
    name: nameOf(bundle, name, descriptor),
    root: descriptor,
  }));
  if (patterns === undefined) return named;
  const chosen = new Set(matchingImages(named, patterns));
  await addReferrers(bundle, entries, named, chosen);
  return named.filter(one => chosen.has(one));
}

function matchingImages(named: readonly NamedImage[], patterns: readonly string[]): NamedImage[] {
  const matchers = patterns.map(pattern => {
    const matches = matcher(pattern);
    if (!named.some(({ name }) => matches(name)))
      throw new AirgapError('USAGE', `no image of the bundle is called ${JSON.stringify(pattern)}`, {
        hint: "airgap inspect lists the names; * stands for anything: --images '*/team/*'.",
      });
    return matches;
  });
  return named.filter(({ name }) => matchers.some(matches => matches(name)));
}

/** Adds what refers to something chosen, and what refers to that. */
async function addReferrers(
  bundle: BundleReader,
  entries: ReadonlyMap<string, PlacedEntry>,
  named: readonly NamedImage[],
  chosen: Set<NamedImage>,
): Promise<void> {
  const waiting = new Map<string, NamedImage[]>();
  for (const one of named) {
    const subject = await subjectOf(bundle, entries, one);
    if (subject === undefined) continue;
    const key = `${one.name.name}@${subject}`;
    waiting.set(key, [...(waiting.get(key) ?? []), one]);
  }
  // The set grows while it is walked.
  for (const { name, root } of chosen)
    for await (const { descriptor } of walkManifests(bundle, entries, root, rethrow))
      for (const one of waiting.get(`${name.name}@${descriptor.digest}`) ?? []) chosen.add(one);
}

function nameOf({ path }: BundleReader, name: string | undefined, root: Descriptor): Reference {
  const where = { path, digest: root.digest };
  if (name === undefined)
    throw new AirgapError('BUNDLE', 'an image of the bundle has no name', {
      where,
      hint: 'Load a bundle that airgap build has written.',
    });
  try {
    return readName(name, root).canonical();
  } catch (error) {
    throw error instanceof AirgapError ? error.withContext(where) : error;
  }
}

/** A pattern is for the whole canonical name; one without a star may be as short as in a pod spec. */
function matcher(pattern: string): (name: Reference) => boolean {
  if (!pattern.includes('*')) {
    const wanted = Reference.parse(pattern).toString();
    return name => name.toString() === wanted;
  }
  const parts = pattern.split('*').map(part => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const expression = new RegExp(`^${parts.join('.*')}$`);
  return name => expression.test(name.toString());
}
