import { readFile } from 'node:fs/promises';
import { fileReadError } from '@airgap/core';

/** Reads a file that a flag names. @param what names its part in the work @throws AirgapError `INPUT` */
export async function readText(path: string, what: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw fileReadError(what, path, cause);
  }
}
