import { ContentsReader, type TarContents } from '../layout/tar-files.ts';
import { BufferedAccess } from '../store/buffered-access.ts';
import type { RandomAccess } from '../store/random-access.ts';
import { readFully } from '../store/read-ranges.ts';
import { walkExtendedTar } from '../tar/extended-walk.ts';
import { framingProblem } from '../tar/framing.ts';
import { TRAILER_SIZE } from '../tar/header.ts';
import type { Problem } from './problem.ts';

/** Checks the entries of a tar, and for a bundle or a delta its headers, padding and end. @returns the expected entries */
export async function checkTar(tar: RandomAccess, problems: Problem[]): Promise<TarContents> {
  const reader = new ContentsReader();
  const framing: Problem[] = [];
  const buffered = new BufferedAccess(tar);
  const walk = walkExtendedTar(buffered);
  for (;;) {
    const step = await walk.next();
    if (step.done) {
      const contents = reader.contents();
      const isBuilt = contents.form !== 'archive';
      problems.push(...(isBuilt ? framing : []), ...(await endProblems(tar, step.value, isBuilt)));
      return contents;
    }
    const { name: entry, headerOffset: offset } = step.value;
    const unexpected = reader.add(step.value);
    if (unexpected) problems.push({ message: unexpected, entry, offset });
    const message = unexpected ? undefined : await framingProblem(buffered, step.value);
    if (message) framing.push({ message, entry, offset });
  }
}

/** @param isBuilt whether the marker must end the file, too: other programs write tars that are longer, or half a marker */
async function endProblems(tar: RandomAccess, end: number, isBuilt: boolean): Promise<Problem[]> {
  const excess = tar.size - end - TRAILER_SIZE;
  if (excess < 0 && !isBuilt) return [];
  if (excess < 0) return [{ message: `the end-of-archive marker lacks ${-excess} bytes`, offset: end }];
  const trailer = Buffer.alloc(TRAILER_SIZE);
  await readFully(tar, trailer, end);
  const problems: Problem[] = [];
  // After a single zero block, GNU tar continues and others stop.
  if (trailer.some(byte => byte !== 0))
    problems.push({ message: 'non-zero bytes in the end-of-archive marker', offset: end });
  if (excess > 0 && isBuilt)
    problems.push({
      message: `${excess} unexpected bytes after the end of the tar`,
      offset: end + TRAILER_SIZE,
    });
  return problems;
}
