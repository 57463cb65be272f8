import { blobDigest } from '../../layout/documents.ts';
import { Layout } from '../../layout/layout.ts';
import { TarFiles } from '../../layout/tar-files.ts';
import { AirgapError } from '../../model/errors.ts';
import { FileAccess } from '../../store/file-access.ts';
import { JoinedAccess } from '../../store/joined-access.ts';
import type { RandomAccess } from '../../store/random-access.ts';
import { type PlacedEntry, walkTar } from '../../tar/walk.ts';
import { type JournalContent, readJournal } from './journal.ts';
import type { OutputNames } from './output-names.ts';

/**
 * Opens what an interrupted build of another plan has left, as a source of the blobs that are complete according to its
 * journal. They are verified like all others. Undefined when nothing is left.
 */
export async function openPrevious(names: OutputNames): Promise<Layout | undefined> {
  const journal = await readJournal(names.previousJournal);
  const paths = await names.existingPrevious();
  const [first] = paths;
  if (!journal || first === undefined) return undefined;
  const files = await Promise.all(paths.map(path => FileAccess.open(path, 'the partial bundle')));
  const tar = new JoinedAccess(first, files);
  const entries = await completeBlobs(tar, journal);
  return new Layout(new TarFiles(tar, { form: 'bundle', entries }));
}

async function completeBlobs(
  tar: RandomAccess,
  { written }: JournalContent,
): Promise<Map<string, PlacedEntry>> {
  const entries = new Map<string, PlacedEntry>();
  let index = 0;
  try {
    for await (const entry of walkTar(tar)) {
      const isComplete = written.get(index)?.gaps(entry.size).length === 0;
      if (blobDigest(entry.name) && isComplete) entries.set(entry.name, entry);
      index += 1;
    }
  } catch (error) {
    // The build was killed before it had written all headers.
    if (!(error instanceof AirgapError)) throw error;
  }
  return entries;
}
