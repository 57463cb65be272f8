import type { BundleReader } from '../bundle/reader.ts';
import { unexpectedReason } from '../bundle/unexpected-entry.ts';
import { headerProblem } from '../tar/framing.ts';
import { TRAILER_SIZE } from '../tar/header.ts';
import type { PlacedEntry } from '../tar/walk.ts';
import type { Problem } from './problem.ts';

/** Checks the headers, padding and end of the tar. @returns the expected entries, by name */
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
    const unexpected = unexpectedReason(entry, entries);
    if (!unexpected) entries.set(entry.name, entry);
    const message = unexpected ?? (await headerProblem(bundle, entry));
    if (message) problems.push({ message, entry: entry.name, offset: entry.headerOffset });
  }
}

async function checkEnd(bundle: BundleReader, end: number, problems: Problem[]): Promise<void> {
  const excess = bundle.size - end - TRAILER_SIZE;
  if (excess < 0) {
    problems.push({ message: `the end-of-archive marker lacks ${-excess} bytes`, offset: end });
    return;
  }
  const trailer = await bundle.bytes(end, TRAILER_SIZE);
  if (trailer.some(byte => byte !== 0))
    problems.push({ message: 'non-zero bytes in the end-of-archive marker', offset: end });
  if (excess > 0)
    problems.push({
      message: `${excess} unexpected bytes after the end of the tar`,
      offset: end + TRAILER_SIZE,
    });
}
