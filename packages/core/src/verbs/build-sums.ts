import { createHash, type Hash } from 'node:crypto';
import { basename } from 'node:path';
import { fileExists } from '../fs/file-exists.ts';
import { AirgapError } from '../model/errors.ts';
import { sha256Digest } from '../oci/digest.ts';
import type { SigningKey } from '../signing/private-key.ts';
import { sideFiles } from '../signing/side-files.ts';
import { checkNames, writeChecksums } from '../signing/write-checksums.ts';
import type { OnEvent } from '../store/events.ts';
import type { BuildOptions, BuildResult } from './build.ts';
import { openKey, writtenSums } from './sign.ts';

/** What a build does to have the sums of its bundle. */
export interface Sums {
  /** The sha256 of a stream, computed while it is written. */
  readonly hash: Hash | undefined;
  /** Whether checksums are written beside a file. */
  readonly isWritten: boolean;
  readonly key: SigningKey | undefined;
}

/** Reads the key before anything is fetched. @throws AirgapError `INPUT` for the key, `USAGE` for a stream */
export async function openSums(output: string | object, { checksums, sign }: BuildOptions): Promise<Sums> {
  const isFile = typeof output === 'string';
  if (sign && !isFile)
    throw new AirgapError('USAGE', 'build: sign needs a path as output: a stream has no name to sign', {
      hint: 'Write the bundle to a file, or sign its checksums afterwards.',
    });
  const key = sign && (await openKey(sign));
  if (isFile && (checksums || key)) checkNames([basename(output), basename(sideFiles(output).index)]);
  return {
    hash: checksums && !isFile ? createHash('sha256') : undefined,
    isWritten: isFile && (checksums === true || key !== undefined),
    key,
  };
}

/**
 * Writes and signs the checksums of a file; returns the sum of a stream.
 *
 * @param path of the bundle, or of its first part; undefined for a stream
 */
export async function finishSums(
  path: string | undefined,
  { hash, isWritten, key }: Sums,
  { signal, onEvent }: { readonly signal: AbortSignal; readonly onEvent: OnEvent },
): Promise<Pick<BuildResult, 'fileDigest' | 'checksums' | 'signature'>> {
  if (path === undefined) return hash ? { fileDigest: sha256Digest(hash.digest()) } : {};
  if (isWritten) return writtenSums(await writeChecksums(path, { key, signal }));
  const { checksums } = sideFiles(path);
  if (await fileExists(checksums))
    onEvent({
      type: 'notice',
      message: `${checksums} is of another build: remove it, or build with --checksums`,
    });
  return {};
}
