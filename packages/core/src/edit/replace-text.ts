import { readFile } from 'node:fs/promises';
import { replaceFile } from '../fs/replace-file.ts';
import { AirgapError } from '../model/errors.ts';

/**
 * Replaces a spec's text by another, at once or not at all; its mode stays.
 *
 * @param before the text as it was read: a file that says something else by now is left alone
 * @throws AirgapError `INPUT` for such a file, `DISK` when it cannot be written
 */
export async function replaceText(file: string, before: string, after: string): Promise<void> {
  try {
    await replaceFile(file, await changedText(file, before, after));
  } catch (cause) {
    throw cause instanceof AirgapError ? cause : unwritable(file, cause);
  }
}

/**
 * What a spec reads with a new text.
 *
 * @param before the text as it was read
 * @throws AirgapError `INPUT` for a file that says something else by now, and what the file system throws
 */
export async function changedText(file: string, before: string, after: string): Promise<string> {
  if ((await readFile(file, 'utf8')) !== before) throw changed(file);
  return after;
}

function changed(path: string): AirgapError {
  return new AirgapError('INPUT', 'the file has changed since it was read', {
    where: { path },
    hint: 'Run it again; nothing was written for this file.',
  });
}

function unwritable(path: string, cause: unknown): AirgapError {
  const { message } = cause as NodeJS.ErrnoException;
  return new AirgapError('DISK', `the spec cannot be written: ${message}`, {
    where: { path },
    cause,
    hint: 'Check the permissions of the file and of its folder.',
  });
}
