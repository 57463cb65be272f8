import { chmod, copyFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AirgapError } from '@airgap/core';
import { form } from './version.ts';

/** The program as one file, and the name of its copies. */
interface ProgramFile {
  readonly path: string;
  readonly name: string;
}

/**
 * Copies the running program into a folder, for whom the bundle is for. A package has `airgap.cjs` for that.
 *
 * @returns the path of the copy, which appears only when it is complete
 * @throws AirgapError `DISK`
 */
export async function copyProgram(folder: string): Promise<string> {
  const { path, name } = programFile();
  const copy = join(folder, name);
  const partial = `${copy}.partial`;
  try {
    await copyFile(path, partial);
    await chmod(partial, 0o755);
    await rename(partial, copy);
    return copy;
  } catch (cause) {
    await rm(partial, { force: true });
    const message = `cannot copy the program ${path}: ${(cause as Error).message}`;
    throw new AirgapError('DISK', message, {
      where: { path: copy },
      hint: 'Fix this and run the same command again, or copy the program yourself.',
      cause,
    });
  }
}

function programFile(): ProgramFile {
  switch (form()) {
    case 'single executable': {
      const { platform, arch } = process;
      const isWindows = platform === 'win32';
      const name = `airgap-${isWindows ? 'win' : platform}-${arch}${isWindows ? '.exe' : ''}`;
      return { path: process.execPath, name };
    }
    case 'single file':
      return { path: process.argv[1] ?? '', name: 'airgap.cjs' };
    case 'package':
      return { path: fileURLToPath(new URL('./airgap.cjs', import.meta.url)), name: 'airgap.cjs' };
  }
}
