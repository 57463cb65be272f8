import { readFile } from 'node:fs/promises';
import { unreadable } from '@airgap/core';

/** Reads a file that a flag names. @param what names its part in the work @throws AirgapError `INPUT` */
export async function readText(path: string, what: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw unreadable(what, path, cause);
  }
}
