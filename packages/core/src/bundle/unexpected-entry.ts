import { DOCUMENTS, isBlobPath } from '../layout/documents.ts';
import type { PlacedEntry } from '../tar/walk.ts';

/**
 * Says why an entry does not belong into a bundle; nothing for one that does.
 *
 * @param known the entries before it, by their names
 */
export function unexpectedReason(
  { name, type }: PlacedEntry,
  known: ReadonlyMap<string, PlacedEntry>,
): string | undefined {
  if (!DOCUMENTS.includes(name) && !isBlobPath(name))
    return 'foreign entry: a bundle holds nothing of that name';
  if (type !== '0') return `entry of type ${JSON.stringify(type)}: a bundle holds only regular files`;
  if (known.has(name)) return 'duplicate entry: readers disagree on which one counts';
  return undefined;
}
