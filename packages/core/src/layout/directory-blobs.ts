import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileReadError } from '../fs/file-read-error.ts';
import { type Digest, isDigest } from '../oci/digest.ts';

/** A blob of an OCI layout directory. */
export interface DirectoryBlob {
  readonly digest: Digest;
  readonly path: string;
  /** In bytes. */
  readonly size: number;
}

/** Lists the blobs of an OCI layout directory. @throws AirgapError `INPUT` when it cannot be read */
export async function* directoryBlobs(directory: string): AsyncGenerator<DirectoryBlob> {
  const blobs = join(directory, 'blobs', 'sha256');
  const failed = (cause: unknown) => {
    const hint = 'Pass a bundle, or a directory that contains blobs/sha256.';
    throw fileReadError('the OCI layout', blobs, cause, hint);
  };
  for (const name of await readdir(blobs).catch(failed)) {
    const digest = `sha256:${name}`;
    if (!isDigest(digest)) continue;
    const path = join(blobs, name);
    const stats = await stat(path).catch(failed);
    if (stats.isFile()) yield { digest, path, size: stats.size };
  }
}
