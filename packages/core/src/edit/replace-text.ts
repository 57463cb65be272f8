import { readFile } from 'node:fs/promises';
import { replaceFile } from '../fs/replace-file.ts';
import { AirgapError } from '../model/errors.ts';

/**
 * Replaces the text of a file atomically and keeps its mode.
 *
 * @param before the text as it was read
 * @throws AirgapError `INPUT` if the file has changed since then, `DISK` if it cannot be written
 */
export async function replaceText(file: string, before: string, after: string): Promise<void> {
  try {
    await replaceFile(file, await changedText(file, before, after));
  } catch (cause) {
    throw cause instanceof AirgapError ? cause : writeError(file, cause);
  }
}

/**
 * Returns the new text of a file after checking that the file is unchanged.
 *
 * @param before the text as it was read
 * @throws AirgapError `INPUT` if the file has changed since then, and the errors of the file system
 */
export async function changedText(file: string, before: string, after: string): Promise<string> {
  if ((await readFile(file, 'utf8')) !== before) throw changedError(file);
  return after;
}

function changedError(path: string): AirgapError {
  return new AirgapError('INPUT', 'the file has changed since it was read', {
    where: { path },
    hint: 'Run the command again; this file was not written.',
  });
}

function writeError(path: string, cause: unknown): AirgapError {
  const { message } = cause as NodeJS.ErrnoException;
  return new AirgapError('DISK', `cannot write the file: ${message}`, {
    where: { path },
    cause,
    hint: 'Check the permissions of the file and of its folder.',
  });
}
