import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileReadError } from '../fs/file-read-error.ts';
import { directoryBlobs } from './directory-blobs.ts';
import { DocumentReader, type LayoutEntry } from './document-reader.ts';
import { blobPath } from './documents.ts';

const INDEX = 'index.json';
const WORDING = { noun: 'OCI layout', hint: 'Copy the directory again, or recreate it.' };

/** A file of an OCI layout directory. */
export interface DirectoryEntry extends LayoutEntry {
  readonly path: string;
}

/** Reads an OCI layout directory, as skopeo, crane, oras and buildx write it. */
export class DirectoryReader extends DocumentReader<DirectoryEntry> {
  constructor(path: string) {
    super(path, WORDING);
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  /** The `index.json` and the blobs, by name. @throws AirgapError `INPUT` when the directory cannot be read */
  async entries(): Promise<Map<string, DirectoryEntry>> {
    const entries = new Map<string, DirectoryEntry>();
    for await (const { digest, path, size } of directoryBlobs(this.path)) {
      const name = blobPath({ digest });
      entries.set(name, { name, path, size });
    }
    const path = join(this.path, INDEX);
    const stats = await stat(path).catch(() => undefined);
    if (stats?.isFile()) entries.set(INDEX, { name: INDEX, path, size: stats.size });
    return entries;
  }

  protected content({ path }: DirectoryEntry): Promise<Buffer> {
    return readFile(path).catch(cause => {
      throw fileReadError('the OCI layout', path, cause);
    });
  }
}
