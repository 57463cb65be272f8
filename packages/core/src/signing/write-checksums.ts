import { basename } from 'node:path';
import { replaceFile } from '../fs/replace-file.ts';
import { systemErrorReason } from '../fs/system-error.ts';
import { DirectoryFiles } from '../layout/directory-files.ts';
import { openLayout, openStorage, refuseUrl } from '../layout/open-layout.ts';
import { findParts } from '../layout/parts.ts';
import { AirgapError } from '../model/errors.ts';
import { type Digest, digestOf } from '../oci/digest.ts';
import { FileAccess } from '../store/file-access.ts';
import { hashBytes } from '../store/hash-bytes.ts';
import { HashPool } from '../store/hash-pool.ts';
import { partPath, partSums } from '../tar/parts.ts';
import { type Checksum, formatChecksums, nameProblem } from './checksums.ts';
import type { SigningKey } from './private-key.ts';
import { bundlePath, indexCopy, listedName, sideFiles } from './side-files.ts';
import { signaturePath } from './signature-file.ts';

/** How to write the checksums of a bundle. */
export interface WriteChecksumsOptions {
  /** Signs them. */
  readonly key?: SigningKey | undefined;
  /** The paths of other files to list: the program, reports. */
  readonly also?: readonly string[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Checksums that were written. */
export interface WrittenChecksums {
  /** The path of the checksums. */
  readonly path: string;
  /** The path of the signature, if there is one. */
  readonly signature?: string;
  /** The sha256 of the bundle; undefined for a directory. */
  readonly fileDigest?: Digest;
  /** The digest of its `index.json`. */
  readonly digest: Digest;
  /** All lines. */
  readonly files: readonly Checksum[];
}

/**
 * Writes `BUNDLE.index.json` and `BUNDLE.sha256`, and signs the latter. It reads the bundle once, from start to end. For
 * parts, `BUNDLE.sha256` lists the file that they make; each of them is listed in `BUNDLE.parts.sha256`, signed as well.
 *
 * @throws AirgapError `INPUT`, `BUNDLE` when the bundle or a file cannot be read; `USAGE` for names that cannot be
 * listed; `DISK`
 */
export async function writeChecksums(
  bundle: string,
  options: WriteChecksumsOptions,
): Promise<WrittenChecksums> {
  const { key, also = [], signal } = options;
  refuseUrl(bundle);
  const name = listedName(bundle);
  checkNames([name, indexCopy(name), ...also.map(path => basename(path))]);
  const paths = sideFiles(bundle);
  const index = await indexOf(bundle, signal);
  await using pool = new HashPool(signal);
  const fileDigest = await bundleDigest(bundle, pool);
  const others = await Promise.all(also.map(path => fileChecksum(path, pool)));
  const files = [
    ...(fileDigest ? [{ name, digest: fileDigest }] : []),
    { name: indexCopy(name), digest: digestOf(index) },
    ...others,
  ];
  const text = formatChecksums(files);
  await write(paths.index, index);
  await write(paths.checksums, text);
  if (key) await write(signaturePath(paths.checksums), key.sign(Buffer.from(text)));
  await writePartSums(bundle, key, pool);
  return {
    path: paths.checksums,
    ...(key ? { signature: signaturePath(paths.checksums) } : {}),
    ...(fileDigest ? { fileDigest } : {}),
    digest: digestOf(index),
    files,
  };
}

/**
 * Checks that files can be listed together, before a build begins.
 *
 * @throws AirgapError `USAGE` for a name that occurs twice or is not a plain file name
 */
export function checkNames(names: readonly string[]): void {
  for (const [at, name] of names.entries()) {
    const problem = names.indexOf(name) < at ? 'occurs twice' : nameProblem(name);
    if (problem === undefined) continue;
    throw new AirgapError('USAGE', `checksums cannot list ${JSON.stringify(name)}: the name ${problem}`, {
      hint: 'Rename the file.',
    });
  }
}

async function indexOf(bundle: string, signal: AbortSignal | undefined): Promise<Buffer> {
  await using layout = await openLayout(bundle, { signal });
  return await layout.documentBytes('index.json');
}

async function bundleDigest(bundle: string, pool: HashPool): Promise<Digest | undefined> {
  await using storage = await openStorage(bundle);
  return storage instanceof DirectoryFiles ? undefined : await hashBytes(storage, pool);
}

/** Writes and signs one line for each part, so that one medium at a time can be checked. It reads the parts once more. */
async function writePartSums(bundle: string, key: SigningKey | undefined, pool: HashPool): Promise<void> {
  const parts = await findParts(bundle);
  if (parts === undefined) return;
  const sums: Checksum[] = [];
  for (const number of parts.numbers) sums.push(await fileChecksum(partPath(parts.path, number), pool));
  const path = partSums(bundlePath(bundle));
  const text = formatChecksums(sums);
  await write(path, text);
  if (key) await write(signaturePath(path), key.sign(Buffer.from(text)));
}

async function fileChecksum(path: string, pool: HashPool): Promise<Checksum> {
  await using file = await FileAccess.open(path, 'the file');
  return { name: basename(path), digest: await hashBytes(file, pool) };
}

async function write(path: string, content: string | Uint8Array): Promise<void> {
  try {
    await replaceFile(path, content);
  } catch (cause) {
    const reason = systemErrorReason(cause as NodeJS.ErrnoException);
    throw new AirgapError('DISK', `${basename(path)} cannot be written: ${reason}`, {
      where: { path },
      cause,
      hint: 'Check the folder and its free space.',
    });
  }
}
