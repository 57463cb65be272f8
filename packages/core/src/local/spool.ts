import { checkSpace, diskError } from '../bundle/file/disk.ts';
import type { ReadOutput } from '../process/run-program.ts';
import { FileAccess } from '../store/file-access.ts';
import { openTemporary, writeChunks } from '../store/temporary-file.ts';

export interface SpoolOptions {
  /** The start of the path of the temporary file. */
  readonly path: string;
  /** About how many bytes are written. */
  readonly size: number;
  /** What is written, for errors. */
  readonly what: string;
}

/**
 * Writes a stream to a temporary file, which a tar needs to be read at any offset.
 *
 * @throws AirgapError `DISK`, and what `write` throws
 */
export async function spool(
  { path, size, what }: SpoolOptions,
  write: (output: ReadOutput) => Promise<void>,
): Promise<FileAccess> {
  await checkSpace(path, size, what);
  const file = await openTemporary(path).catch(cause => {
    throw diskError(cause, path, what);
  });
  try {
    await write(stdout => writeChunks(file, stdout));
    return await FileAccess.of(file, what);
  } catch (error) {
    await file.close();
    throw diskError(error, path, what);
  }
}
