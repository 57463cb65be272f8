import { createHash, type Hash } from 'node:crypto';
import { basename } from 'node:path';
import { fileExists } from '../fs/file-exists.ts';
import { AirgapError } from '../model/errors.ts';
import { sha256Digest } from '../oci/digest.ts';
import type { SigningKey } from '../signing/private-key.ts';
import { sideFiles } from '../signing/side-files.ts';
import { checkNames, writeChecksums } from '../signing/write-checksums.ts';
import type { OnEvent } from '../store/events.ts';
import { openKey, type SignOptions, writtenSums } from './sign.ts';

/** Which sums of a bundle are written. */
export interface SumsOptions {
  /**
   * Compute the sha256 of the bundle: while it is written to a stream, else by one read at the end. Beside a file, write
   * `BUNDLE.sha256` and `BUNDLE.index.json`; beside parts also `BUNDLE.parts.sha256`.
   */
  readonly checksums?: boolean | undefined;
  /** Sign the checksums, which are then written. Only for a file. */
  readonly sign?: SignOptions | undefined;
}

/** The sums of a bundle that was written. */
export interface WrittenSums {
  /** The sha256 of the bundle, with `checksums` or `sign`; of parts, that of the file that they make. */
  readonly fileDigest?: string;
  /** The path of the checksums, if they were written. */
  readonly checksums?: string;
  /** The path of their signature, if they were signed. */
  readonly signature?: string;
}

/** What is done to have the sums of a bundle. */
export interface Sums {
  /** The sha256 of a stream, computed while it is written. */
  readonly hash: Hash | undefined;
  /** Whether checksums are written beside a file. */
  readonly isWritten: boolean;
  readonly key: SigningKey | undefined;
}

/** Reads the key before anything is fetched. @throws AirgapError `INPUT` for the key, `USAGE` for a stream */
export async function openSums(output: string | object, { checksums, sign }: SumsOptions): Promise<Sums> {
  const isFile = typeof output === 'string';
  if (sign && !isFile)
    throw new AirgapError('USAGE', 'sign needs a path as output: a stream has no name to sign', {
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

interface FinishOptions {
  readonly signal: AbortSignal;
  readonly onEvent: OnEvent | undefined;
  /** Further files beside the bundle that its checksums list. */
  readonly also?: readonly string[] | undefined;
}

/**
 * Writes and signs the checksums of a file; returns the sum of a stream.
 *
 * @param path of the bundle, or of its first part; undefined for a stream
 */
export async function finishSums(
  path: string | undefined,
  { hash, isWritten, key }: Sums,
  { signal, onEvent, also }: FinishOptions,
): Promise<WrittenSums> {
  if (path === undefined) return hash ? { fileDigest: sha256Digest(hash.digest()) } : {};
  if (isWritten) return writtenSums(await writeChecksums(path, { key, also, signal }));
  const { checksums } = sideFiles(path);
  if (await fileExists(checksums))
    onEvent?.({
      type: 'notice',
      message: `${checksums} is of another bundle: remove it, or write it again with --checksums`,
    });
  return {};
}
