import { stat } from 'node:fs/promises';
import { blobDigest } from '../../layout/documents.ts';
import { Layout } from '../../layout/layout.ts';
import { TarFiles } from '../../layout/tar-files.ts';
import { AirgapError } from '../../model/errors.ts';
import { FileAccess } from '../../store/file-access.ts';
import { type PlacedEntry, walkTar } from '../../tar/walk.ts';
import { type JournalContent, readJournal } from './journal.ts';
import type { PartialPaths } from './partial-file.ts';

/**
 * Opens what an interrupted build of another plan has left, as a source of the blobs that are complete according to its
 * journal. They are verified like all others. Undefined when nothing is left.
 */
export async function openPrevious({ previous, previousJournal }: PartialPaths): Promise<Layout | undefined> {
  const journal = await readJournal(previousJournal);
  const exists = await stat(previous).catch(() => undefined);
  if (!journal || !exists) return undefined;
  const file = await FileAccess.open(previous, 'the partial bundle');
  const entries = await completeBlobs(file, journal);
  return new Layout(new TarFiles(file, { form: 'bundle', entries }));
}

async function completeBlobs(
  file: FileAccess,
  { written }: JournalContent,
): Promise<Map<string, PlacedEntry>> {
  const entries = new Map<string, PlacedEntry>();
  let index = 0;
  try {
    for await (const entry of walkTar(file)) {
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
