import { createHash } from 'node:crypto';
import type { Stats } from 'node:fs';
import { constants, open, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { fileReadError } from '../fs/file-read-error.ts';
import { readBytes, readFrom } from '../fs/small-file.ts';
import { AirgapError } from '../model/errors.ts';
import type { Config } from './config.ts';
import type { CredentialSource } from './credential-source.ts';

/** Largest config file, in bytes. */
export const MAX_CONFIG_SIZE = 250_000;

/** A config file. All fields come from one read of the file. */
export interface ConfigFile {
  /** The path as given. */
  readonly path: string;
  /** SHA-256 of the bytes that were parsed, in hex. */
  readonly sha256: string;
  /** Its content, with absolute paths of password files and keys. */
  readonly config: Config;
  readonly stats: Stats;
}

/** The bytes of a file, and its status while it was open. */
export interface ReadBytes {
  readonly bytes: Buffer;
  readonly stats: Stats;
}

/** Reads a config file that the user has named; it may be a pipe. @throws AirgapError `INPUT` */
export async function readConfigFile(path: string): Promise<ConfigFile> {
  try {
    const stats = await stat(path);
    return await parseFile(path, { bytes: checkSize(await readBytes(path, MAX_CONFIG_SIZE), path), stats });
  } catch (cause) {
    throw cause instanceof AirgapError ? cause : fileReadError('the config', path, cause);
  }
}

/**
 * Reads a config file at a place where there may be one. Only a regular file is read: a pipe would block.
 *
 * @returns undefined if the file does not exist, or if its folder cannot be searched
 * @throws AirgapError `INPUT`
 */
export async function findConfigFile(path: string): Promise<ConfigFile | undefined> {
  try {
    return await parseFile(path, await readSmallFile(path));
  } catch (cause) {
    if (cause instanceof AirgapError) throw cause;
    if (await isAbsent(path, cause)) return undefined;
    throw fileReadError('the config', path, cause);
  }
}

/** Reads a regular file of at most {@link MAX_CONFIG_SIZE} bytes. @throws file system errors, and AirgapError `INPUT` */
export async function readSmallFile(path: string): Promise<ReadBytes> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw notRegular(path, stats);
    return { bytes: checkSize(await readFrom(file, MAX_CONFIG_SIZE), path), stats };
  } finally {
    await file.close();
  }
}

function checkSize(bytes: Buffer, path: string): Buffer {
  if (bytes.length <= MAX_CONFIG_SIZE) return bytes;
  throw new AirgapError('INPUT', `the file is larger than ${MAX_CONFIG_SIZE} bytes`, {
    where: { path },
    hint: 'Check that it is a config file.',
  });
}

async function parseFile(path: string, { bytes, stats }: ReadBytes): Promise<ConfigFile> {
  // Without a config, a command needs no parser of YAML, which takes time to load.
  const { parseConfig } = await import('./config.ts');
  const config = parseConfig({ file: path, text: bytes.toString('utf8') });
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { path, sha256, stats, config: withAbsolutePaths(config, dirname(path)) };
}

/** Password files and keys are relative to the config that names them. */
function withAbsolutePaths(config: Config, folder: string): Config {
  const absolute = (source: CredentialSource): CredentialSource =>
    source.passwordFile === undefined
      ? source
      : { ...source, passwordFile: resolve(folder, source.passwordFile) };
  const entries = Object.entries(config.credentials ?? {});
  const signatures = config.signatures?.map(rule =>
    rule.key === undefined ? rule : { ...rule, key: resolve(folder, rule.key) },
  );
  const credentials = Object.fromEntries(entries.map(([host, source]) => [host, absolute(source)]));
  return { ...config, signatures, credentials: config.credentials && credentials };
}

/** A folder that cannot be searched, such as another user's home, counts as empty. */
async function isAbsent(path: string, cause: unknown): Promise<boolean> {
  const { code } = cause as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ENOTDIR') return true;
  if (code !== 'EACCES') return false;
  return stat(path).then(
    () => false,
    () => true,
  );
}

function notRegular(path: string, stats: Stats): AirgapError {
  const what = stats.isDirectory() ? 'is a directory' : 'is not a regular file';
  return new AirgapError('INPUT', `the config cannot be read: ${what}`, {
    where: { path },
    hint: 'Remove or rename it, or pass a config with --config.',
  });
}
