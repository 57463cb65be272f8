import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { replaceFile } from '../fs/replace-file.ts';
import { refuseStandardOutput } from '../fs/standard-output.ts';
import { AirgapError } from '../model/errors.ts';

/** The purpose of an output file. */
export type OutputKind =
  | 'mapping'
  | 'kustomize'
  | 'hosts-toml'
  | 'pull-secret'
  | 'helm-values'
  | 'registries-yaml'
  | 'spec';

/** A file that is written after a load. */
export interface OutputFile {
  readonly kind: OutputKind;
  readonly path: string;
  readonly content: string | Uint8Array;
  /** File mode; when omitted, an existing file keeps its mode. */
  readonly mode?: number | undefined;
}

/** Checks that a path is free or a regular file. @throws AirgapError `DISK`, `USAGE` for `-` */
export async function checkOutput(path: string): Promise<void> {
  refuseStandardOutput(path);
  const found = await stat(path).catch(() => undefined);
  if (!found || found.isFile()) return;
  throw new AirgapError('DISK', 'cannot write the file: the path exists and is not a regular file', {
    where: { path },
    hint: 'Choose a new path or an existing file.',
  });
}

/** Writes a file atomically and creates its parent directories. @throws AirgapError `DISK` */
export async function writeOutput({ path, content, mode }: OutputFile): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await replaceFile(path, content, mode);
  } catch (cause) {
    throw new AirgapError('DISK', `cannot write the file: ${(cause as Error).message}`, {
      where: { path },
      cause,
      hint: 'Fix the problem and run the command again; images that are already in the registry are skipped.',
    });
  }
}
