import { readFile } from 'node:fs/promises';
import { AirgapError, type Config, fileReadError, parseConfig } from '@airgap/core';

export const DEFAULT_CONFIG = 'airgap.yaml';

/** Reads the config file. Only the default one may be missing. @throws AirgapError `INPUT` */
export async function readConfig(path: string | undefined): Promise<Config | undefined> {
  try {
    const file = path ?? DEFAULT_CONFIG;
    return parseConfig({ file, text: await readFile(file, 'utf8') });
  } catch (cause) {
    if (cause instanceof AirgapError) throw cause;
    if (path === undefined && (cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw fileReadError('the config', path ?? DEFAULT_CONFIG, cause);
  }
}
