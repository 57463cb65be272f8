import type { PlacedEntry } from '../tar/walk.ts';
import { RECIPE } from './delta-recipe.ts';
import { blobDigest, DOCUMENTS } from './documents.ts';

/** What docker and containerd write into their archives beside an OCI layout. */
const DOCKER_FILES = new Set(['repositories']);

/**
 * Explains why an entry is not allowed in an OCI layout; undefined for an allowed one.
 *
 * @param name of the entry, without a leading `./`
 * @param known the names of the preceding entries
 */
export function unexpectedReason(
  name: string,
  { type, headerOffset }: PlacedEntry,
  known: { has(name: string): boolean },
): string | undefined {
  // The recipe of a delta counts only where no reader can miss it.
  const isRecipe = name === RECIPE && headerOffset === 0;
  if (!isRecipe && !DOCUMENTS.includes(name) && !DOCKER_FILES.has(name) && blobDigest(name) === undefined)
    return 'unexpected entry: neither a blob nor a document of a bundle';
  if (type !== '0')
    return `unexpected entry type ${JSON.stringify(type)}: a bundle contains only regular files`;
  if (known.has(name)) return 'duplicate entry: readers disagree on which one counts';
  return undefined;
}
