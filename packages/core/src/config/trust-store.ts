import { mkdir, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { replaceFile } from '../fs/replace-file.ts';
import { resolveExistingPath } from '../fs/resolve-existing-path.ts';
import { AirgapError } from '../model/errors.ts';
import { parseJson } from '../model/parse-json.ts';
import { readSmallFile } from './config-file.ts';
import { writableByOthers } from './private-file.ts';

const storeSchema = z.strictObject({
  version: z.literal(1),
  /** The real path of a config file → the SHA-256 of its content. */
  trusted: z.record(z.string(), z.string().regex(/^[0-9a-f]{64}$/)),
});

/** The config files that the user trusts: real path and SHA-256. It is written with mode 0600. */
export class TrustStore {
  readonly path: string;
  readonly #digests: Map<string, string>;

  private constructor(path: string, digests: Map<string, string>) {
    this.path = path;
    this.#digests = digests;
  }

  /**
   * Reads the store; a missing file is an empty store.
   *
   * @throws AirgapError `INPUT` for a damaged file, or one that other users can write
   */
  static async read(path: string): Promise<TrustStore> {
    try {
      const { bytes, stats } = await readSmallFile(path);
      const problem = await writableByOthers(path, stats);
      if (problem !== undefined) throw notPrivate(path, problem);
      return new TrustStore(path, parseStore(path, bytes.toString('utf8')));
    } catch (cause) {
      if (cause instanceof AirgapError) throw cause;
      const { code, message } = cause as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ENOTDIR') return new TrustStore(path, new Map());
      throw new AirgapError('INPUT', `the list of trusted configs cannot be read: ${message}`, {
        where: { path },
        cause,
        hint: 'Check its permissions, or pass the config with --config.',
      });
    }
  }

  /** Returns the SHA-256 that was recorded for a config file. @param path see {@link trustPath} */
  digest(path: string): string | undefined {
    return this.#digests.get(path);
  }

  /** The trusted files, sorted: real path and SHA-256. */
  entries(): [path: string, sha256: string][] {
    return [...this.#digests].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  /** Records a config file. @throws AirgapError `DISK` */
  async add(path: string, sha256: string): Promise<void> {
    this.#digests.set(path, sha256);
    await this.#write();
  }

  /** Removes a config file. @returns whether it was recorded @throws AirgapError `DISK` */
  async remove(path: string): Promise<boolean> {
    const removed = this.#digests.delete(path);
    if (removed) await this.#write();
    return removed;
  }

  async #write(): Promise<void> {
    const content = { version: 1, trusted: Object.fromEntries(this.entries()) };
    try {
      await mkdir(dirname(this.path), { recursive: true, mode: 0o700 });
      await replaceFile(this.path, `${JSON.stringify(content, undefined, 2)}\n`, 0o600);
    } catch (cause) {
      const { message } = cause as Error;
      throw new AirgapError('DISK', `the list of trusted configs cannot be written: ${message}`, {
        where: { path: this.path },
        cause,
        hint: 'Check its folder, or pass the config with --config.',
      });
    }
  }
}

/**
 * Returns the path under which the config of a folder is recorded: the real path of the folder and the name. A config
 * that is a link is recorded under its own folder, so a link to a trusted config is not trusted.
 */
export async function trustPath(folder: string, name: string): Promise<string> {
  return join(await realpath(folder), name);
}

/** Like {@link trustPath}, for a folder that may no longer exist. */
export async function formerTrustPath(folder: string, name: string): Promise<string> {
  return join(await resolveExistingPath(folder), name);
}

function parseStore(path: string, text: string): Map<string, string> {
  const store = storeSchema.safeParse(parseJson(text)).data;
  if (store) return new Map(Object.entries(store.trusted));
  throw new AirgapError('INPUT', 'the list of trusted configs is damaged', {
    where: { path },
    hint: 'Remove it, then run airgap trust in each folder again.',
  });
}

function notPrivate(path: string, problem: string): AirgapError {
  return new AirgapError('INPUT', `the list of trusted configs may have been changed: ${problem}`, {
    where: { path },
    hint: 'Check its content, then run chmod go-w on the file and its folder.',
  });
}
