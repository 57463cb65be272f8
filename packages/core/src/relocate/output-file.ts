import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { replaceFile } from '../fs/replace-file.ts';
import { AirgapError } from '../model/errors.ts';

/** What a file is for. */
export type OutputKind = 'mapping' | 'kustomize' | 'hosts-toml' | 'pull-secret' | 'spec';

/** A file that a load leaves for what comes next. */
export interface OutputFile {
  readonly kind: OutputKind;
  readonly path: string;
  readonly content: string | Uint8Array;
  /** Left out, an old file's stays. */
  readonly mode?: number | undefined;
}

/** Refuses early what is no file and would be replaced by one. @throws AirgapError `DISK` */
export async function checkOutput(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (!found || found.isFile()) return;
  throw new AirgapError('DISK', 'the file cannot be written: a folder, a device or a pipe is there', {
    where: { path },
    hint: 'Name a file that is not there yet, or one to replace.',
  });
}

/** Writes a file, and the folders that it needs, at once or not at all. @throws AirgapError `DISK` */
export async function writeOutput({ path, content, mode }: OutputFile): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await replaceFile(path, content, mode);
  } catch (cause) {
    throw new AirgapError('DISK', `the file cannot be written: ${(cause as Error).message}`, {
      where: { path },
      cause,
      hint: 'Mend that, and run it again: what is in the registry already is not pushed anew.',
    });
  }
}
