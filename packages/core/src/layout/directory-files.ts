import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileReadError } from '../fs/file-read-error.ts';
import { isDigest } from '../oci/digest.ts';
import { FileAccess } from '../store/file-access.ts';
import type { RandomAccess } from '../store/random-access.ts';
import { blobPath, DOCUMENTS } from './documents.ts';
import type { LayoutEntry, LayoutFiles } from './layout-files.ts';

/** The files of an OCI layout directory, as skopeo, crane, oras and buildx write it. */
export class DirectoryFiles implements LayoutFiles {
  readonly form = 'directory';
  readonly location: string;
  readonly entries: ReadonlyMap<string, LayoutEntry>;

  private constructor(path: string, entries: ReadonlyMap<string, LayoutEntry>) {
    this.location = path;
    this.entries = entries;
  }

  /** Lists the documents and blobs. @throws AirgapError `INPUT` when the directory is not an OCI layout */
  static async open(path: string): Promise<DirectoryFiles> {
    const entries = new Map<string, LayoutEntry>();
    for (const name of DOCUMENTS) await addFile(entries, path, name);
    const blobs = join(path, 'blobs', 'sha256');
    const names = await readdir(blobs).catch(cause => {
      const hint = 'Pass a bundle, or a directory that contains blobs/sha256.';
      throw fileReadError('the OCI layout', blobs, cause, hint);
    });
    for (const name of names.sort()) {
      const digest = `sha256:${name}`;
      if (isDigest(digest)) await addFile(entries, path, blobPath({ digest }));
    }
    return new DirectoryFiles(path, entries);
  }

  get size(): number {
    let size = 0;
    for (const entry of this.entries.values()) size += entry.size;
    return size;
  }

  open({ name }: LayoutEntry): Promise<RandomAccess> {
    return FileAccess.open(join(this.location, name), 'the OCI layout');
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

/** Adds a regular file; others, and missing ones, are not part of the layout. */
async function addFile(entries: Map<string, LayoutEntry>, path: string, name: string): Promise<void> {
  const stats = await stat(join(path, name)).catch(() => undefined);
  if (stats?.isFile()) entries.set(name, { name, size: stats.size });
}
