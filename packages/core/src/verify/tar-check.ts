import type { BundleReader } from '../bundle/reader.ts';
import { unexpectedReason } from '../bundle/unexpected-entry.ts';
import { headerProblem } from '../tar/framing.ts';
import { TRAILER_SIZE } from '../tar/header.ts';
import type { PlacedEntry } from '../tar/walk.ts';
import type { Problem } from './problem.ts';

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
    const foreign = unexpectedReason(entry, entries);
    if (foreign) problems.push({ message: foreign, entry: entry.name, offset: entry.headerOffset });
    else entries.set(entry.name, entry);
    const framed = foreign ? undefined : await headerProblem(bundle, entry);
    if (framed) problems.push({ message: framed, entry: entry.name, offset: entry.headerOffset });
  }
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
