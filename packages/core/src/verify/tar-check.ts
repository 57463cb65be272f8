import { ContentsReader, type TarContents } from '../layout/tar-files.ts';
import { BufferedAccess } from '../store/buffered-access.ts';
import type { RandomAccess } from '../store/random-access.ts';
import { readFully } from '../store/read-ranges.ts';
import { framingProblem } from '../tar/framing.ts';
import { TRAILER_SIZE } from '../tar/header.ts';
import { walkTar } from '../tar/walk.ts';
import type { Problem } from './problem.ts';

/** Checks the entries of a tar, and for a bundle or a delta its headers, padding and end. @returns the expected entries */
export async function checkTar(tar: RandomAccess, problems: Problem[]): Promise<TarContents> {
  const reader = new ContentsReader();
  const framing: Problem[] = [];
  const buffered = new BufferedAccess(tar);
  const walk = walkTar(buffered);
  for (;;) {
    const step = await walk.next();
    if (step.done) {
      const contents = reader.contents();
      if (contents.form !== 'archive') problems.push(...framing, ...(await endProblems(tar, step.value)));
      return contents;
    }
    const { name: entry, headerOffset: offset } = step.value;
    const unexpected = reader.add(step.value);
    if (unexpected) problems.push({ message: unexpected, entry, offset });
    const message = unexpected ? undefined : await framingProblem(buffered, step.value);
    if (message) framing.push({ message, entry, offset });
  }
}

async function endProblems(tar: RandomAccess, end: number): Promise<Problem[]> {
  const excess = tar.size - end - TRAILER_SIZE;
  if (excess < 0) return [{ message: `the end-of-archive marker lacks ${-excess} bytes`, offset: end }];
  const trailer = Buffer.alloc(TRAILER_SIZE);
  await readFully(tar, trailer, end);
  const problems: Problem[] = [];
  if (trailer.some(byte => byte !== 0))
    problems.push({ message: 'non-zero bytes in the end-of-archive marker', offset: end });
  if (excess > 0)
    problems.push({
      message: `${excess} unexpected bytes after the end of the tar`,
      offset: end + TRAILER_SIZE,
    });
  return problems;
}
