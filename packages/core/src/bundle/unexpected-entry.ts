import { blobDigest, DOCUMENTS } from '../layout/documents.ts';
import type { PlacedEntry } from '../tar/walk.ts';

/**
 * Explains why an entry is not allowed in a bundle; undefined for an allowed one.
 *
 * @param known the preceding entries, by name
 */
export function unexpectedReason(
  { name, type }: PlacedEntry,
  known: ReadonlyMap<string, PlacedEntry>,
): string | undefined {
  if (!DOCUMENTS.includes(name) && blobDigest(name) === undefined)
    return 'unexpected entry: neither a blob nor a document of a bundle';
  if (type !== '0')
    return `unexpected entry type ${JSON.stringify(type)}: a bundle contains only regular files`;
  if (known.has(name)) return 'duplicate entry: readers disagree on which one counts';
  return undefined;
}
