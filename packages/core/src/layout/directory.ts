import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { unreadable } from '../fs/file-read-error.ts';
import { DocumentReader, type LayoutEntry } from './document-reader.ts';
import { blobPath } from './documents.ts';
import { folderBlobs } from './directory-blobs.ts';

const INDEX = 'index.json';
const WORDING = { noun: 'OCI layout', hint: 'Copy the directory again, or write it anew.' };

/** A file of an OCI layout directory. */
export interface FolderEntry extends LayoutEntry {
  readonly path: string;
}

/** Reads an OCI layout directory, as skopeo, crane, oras and buildx write them. */
export class FolderReader extends DocumentReader<FolderEntry> {
  constructor(path: string) {
    super(path, WORDING);
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  /** Its `index.json` and blobs, by their names. @throws AirgapError `INPUT` when the directory cannot be read */
  async entries(): Promise<Map<string, FolderEntry>> {
    const entries = new Map<string, FolderEntry>();
    for await (const { digest, path, size } of folderBlobs(this.path)) {
      const name = blobPath({ digest });
      entries.set(name, { name, path, size });
    }
    const path = join(this.path, INDEX);
    const index = await stat(path).catch(() => undefined);
    if (index?.isFile()) entries.set(INDEX, { name: INDEX, path, size: index.size });
    return entries;
  }

  protected content({ path }: FolderEntry): Promise<Buffer> {
    return readFile(path).catch(cause => {
      throw unreadable('the OCI layout', path, cause);
    });
  }
}
