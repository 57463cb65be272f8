import type { Dirent, Stats } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract, pack } from 'tar-stream';
import { isMap, parseAllDocuments } from 'yaml';
import { fileReadError } from '../../fs/file-read-error.ts';
import { readRegularFile } from '../../fs/regular-file.ts';
import { readBytes } from '../../fs/small-file.ts';
import { AirgapError } from '../../model/errors.ts';
import { compareText } from '../../model/text-order.ts';
import { StoredGzip } from '../stored-gzip.ts';

/** KOTS reads a release into memory; this is the size limit, in bytes. */
const MAX_SIZE = 512 * 1024 * 1024;

/** A file of a release. */
export interface ReleaseFile {
  /** The path in the archive. */
  readonly name: string;
  readonly content: Buffer;
}

/** The release that KOTS installs. */
export interface Release {
  readonly path: string;
  /** The content of `app.tar.gz`. */
  readonly archive: Buffer;
  readonly files: readonly ReleaseFile[];
  /** `spec.minKotsVersion` of its Application. */
  readonly minKotsVersion: string | undefined;
}

/**
 * Reads a release: a directory, which is packed, or an `app.tar.gz`, which is taken as it is.
 *
 * @param mtime of the entries, in seconds since 1970
 * @throws AirgapError `INPUT`
 */
export async function readRelease(path: string, mtime: number): Promise<Release> {
  const stats = await stat(path).catch(cause => {
    throw fileReadError('the release', path, cause);
  });
  if (!stats.isDirectory()) return releaseOf(await readArchive(path, stats), path);
  const files = await readFolder(path);
  if (files.length === 0)
    throw new AirgapError('INPUT', 'the release has no files', {
      where: { path },
      hint: 'Pass the directory of the manifests.',
    });
  return { path, archive: await packFiles(files, mtime), files, minKotsVersion: minKotsVersion(files) };
}

/**
 * The release in an `app.tar.gz`.
 *
 * @param path for errors
 * @param limit of the size of its files, in bytes
 * @throws AirgapError `INPUT`
 */
export async function releaseOf(archive: Buffer, path: string, limit = MAX_SIZE): Promise<Release> {
  const files = await unpack(archive, path, limit);
  return { path, archive, files, minKotsVersion: minKotsVersion(files) };
}

/** Reads a release that is a file or a pipe; a device has no end. */
async function readArchive(path: string, stats: Stats): Promise<Buffer> {
  if (stats.isCharacterDevice() || stats.isBlockDevice())
    throw fileReadError('the release', path, new Error('it is a device'));
  const archive = await readBytes(path, MAX_SIZE).catch(cause => {
    throw cause instanceof AirgapError ? cause : fileReadError('the release', path, cause);
  });
  checkReleaseSize(archive.length, path);
  return archive;
}

/** Reads all files of a directory, sorted by name. @throws AirgapError `INPUT`, also for links: their files would be missing */
async function readFolder(folder: string): Promise<ReleaseFile[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true }).catch(cause => {
    throw fileReadError('the release', cause.path ?? folder, cause);
  });
  const special = found.filter(entry => !entry.isFile() && !entry.isDirectory()).map(pathOf);
  if (special.length > 0) throw notRegular(folder, special);
  const files: ReleaseFile[] = [];
  let size = 0;
  for (const path of found.filter(entry => entry.isFile()).map(pathOf)) {
    const content = await readRegularFile('the release', path, MAX_SIZE);
    size += content.length;
    checkReleaseSize(size, folder);
    files.push({ name: relative(folder, path).split(sep).join('/'), content });
  }
  return files.sort((a, b) => compareText(a.name, b.name));
}

function pathOf({ parentPath, name }: Dirent): string {
  return join(parentPath, name);
}

async function packFiles(files: readonly ReleaseFile[], mtime: number): Promise<Buffer> {
  const tar = pack();
  for (const { name, content } of files)
    tar.entry({ name, size: content.length, mode: 0o644, mtime: new Date(mtime * 1000) }, content);
  tar.finalize();
  const chunks: Buffer[] = [];
  await pipeline(tar, new StoredGzip(), async gzip => {
    for await (const chunk of gzip) chunks.push(chunk as Buffer);
  });
  return Buffer.concat(chunks);
}

async function unpack(archive: Buffer, path: string, limit: number): Promise<ReleaseFile[]> {
  const files: ReleaseFile[] = [];
  let size = 0;
  const entries = extract();
  const reading = pipeline(Readable.from([archive]), createGunzip(), entries);
  // A damaged archive fails the loop as well.
  reading.catch(() => {});
  try {
    for await (const entry of entries) {
      size += entry.header.size ?? 0;
      checkReleaseSize(size, path, limit);
      const chunks: Buffer[] = [];
      for await (const chunk of entry) chunks.push(chunk as Buffer);
      if (entry.header.type === 'file')
        files.push({ name: entry.header.name, content: Buffer.concat(chunks) });
    }
    await reading;
    return files;
  } catch (cause) {
    if (cause instanceof AirgapError) throw cause;
    throw new AirgapError('INPUT', `the release is not a .tar.gz: ${(cause as Error).message}`, {
      where: { path },
      cause,
      hint: 'Pass the directory of the manifests, or an app.tar.gz.',
    });
  }
}

/** Refuses a release that is too large to be read. @param size of it, in bytes @throws AirgapError `INPUT` */
export function checkReleaseSize(size: number, path: string, limit = MAX_SIZE): void {
  if (size > limit) throw tooLarge(path, limit);
}

function notRegular(folder: string, paths: readonly string[]): AirgapError {
  const names = paths.map(path => JSON.stringify(relative(folder, path)));
  return new AirgapError('INPUT', `the release has links or special files: ${names.sort().join(', ')}`, {
    where: { path: folder },
    hint: 'Replace each link by its file.',
  });
}

function tooLarge(path: string, limit: number): AirgapError {
  return new AirgapError('INPUT', `the release has more than ${limit} bytes, and KOTS reads it into memory`, {
    where: { path },
    hint: 'Leave large files out of the release.',
  });
}

/** Finds the version in the Application of the release, if that can be read. */
function minKotsVersion(files: readonly ReleaseFile[]): string | undefined {
  for (const { name, content } of files) {
    if (!/\.ya?ml$/.test(name)) continue;
    for (const document of parseAllDocuments(content.toString('utf8'))) {
      if (!('contents' in document) || !isMap(document.contents)) continue;
      const isApplication =
        document.get('kind') === 'Application' && document.get('apiVersion') === 'kots.io/v1beta1';
      const version = isApplication ? document.getIn(['spec', 'minKotsVersion']) : undefined;
      if (version !== undefined && version !== null) return String(version);
    }
  }
  return undefined;
}
