import { randomBytes } from 'node:crypto';
import { open, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { AirgapError } from '../errors.ts';

/**
 * Replaces a spec's text by another, at once or not at all; its mode stays.
 *
 * @param before the text as it was read: a file that says something else by now is left alone
 * @throws AirgapError `INPUT` for such a file, `DISK` when it cannot be written
 */
export async function replaceText(file: string, before: string, after: string): Promise<void> {
  try {
    const path = await realpath(file);
    const now = await readFile(path, 'utf8');
    if (now !== before) throw changed(file);
    await writeBeside(path, after);
  } catch (cause) {
    throw cause instanceof AirgapError ? cause : unwritable(file, cause);
  }
}

/** A link to the file stays one: what is replaced is what it points to. */
async function writeBeside(path: string, text: string): Promise<void> {
  const beside = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}`);
  try {
    const { mode } = await stat(path);
    const handle = await open(beside, 'wx', 0o600);
    try {
      await handle.writeFile(text);
      await handle.chmod(mode & 0o7777);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
}

function changed(path: string): AirgapError {
  return new AirgapError('INPUT', 'the file has changed while it was being fixed', {
    where: { path },
    hint: 'Run it again; nothing was written to this file.',
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
