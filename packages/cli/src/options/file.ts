import { readFile } from 'node:fs/promises';
import { fileReadError } from '@airgap/core';

/** Reads a text file that a flag names. @param what describes it in errors @throws AirgapError `INPUT` */
export async function readText(path: string, what: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw fileReadError(what, path, cause);
  }
}
