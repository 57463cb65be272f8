import { DOCUMENTS } from '../bundle/documents.ts';
import { frameProblem } from '../bundle/frame.ts';
import type { BundleReader } from '../bundle/reader.ts';
import { TRAILER_SIZE } from '../bundle/tar-header.ts';
import type { PlacedEntry } from '../bundle/tar-walk.ts';
import type { Problem } from './problem.ts';

const BLOB = /^blobs\/sha256\/[0-9a-f]{64}$/;

/** Whether an entry is a blob, by its name. */
export function isBlob({ name }: PlacedEntry): boolean {
  return BLOB.test(name);
}

/** Reads the tar from header to header. @returns the entries that belong there, by their names */
export async function checkTar(bundle: BundleReader, problems: Problem[]): Promise<Map<string, PlacedEntry>> {
  const entries = new Map<string, PlacedEntry>();
  const walk = bundle.walk();
  for (;;) {
    const step = await walk.next();
    if (step.done) {
      await checkEnd(bundle, step.value, problems);
      return entries;
    }
    const entry = step.value;
    const foreign = foreignReason(entry, entries);
    if (foreign) problems.push({ message: foreign, entry: entry.name, offset: entry.headerOffset });
    else entries.set(entry.name, entry);
    const framed = foreign ? undefined : await frameProblem(bundle, entry);
    if (framed) problems.push({ message: framed, entry: entry.name, offset: entry.headerOffset });
  }
}

function foreignReason(
  { name, type }: PlacedEntry,
  known: ReadonlyMap<string, PlacedEntry>,
): string | undefined {
  if (!DOCUMENTS.includes(name) && !BLOB.test(name))
    return 'foreign entry: a bundle holds nothing of that name';
  if (type !== '0') return `entry of type ${JSON.stringify(type)}: a bundle holds only regular files`;
  if (known.has(name)) return 'duplicate entry: readers disagree on which one counts';
  return undefined;
}

async function checkEnd(bundle: BundleReader, end: number, problems: Problem[]): Promise<void> {
  const over = bundle.size - end - TRAILER_SIZE;
  if (over < 0) problems.push({ message: `the tar's end mark is cut short by ${-over} bytes`, offset: end });
  const trailer = over < 0 ? Buffer.alloc(0) : await bundle.bytes(end, TRAILER_SIZE);
  if (trailer.some(byte => byte !== 0))
    problems.push({ message: "foreign bytes in the tar's end mark", offset: end });
  if (over > 0)
    problems.push({ message: `${over} foreign bytes after the tar's end`, offset: end + TRAILER_SIZE });
}
