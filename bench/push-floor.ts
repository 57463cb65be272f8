import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULT_CONCURRENCY } from '@airgap/core';
import { type Dataset, type Image, MANIFEST_TYPE, repositoryOf, uniqueBlobs } from './data/dataset.ts';
import type { WorkDir } from './work-dir.ts';

/**
 * Returns shell lines that upload each blob once with curl and hash it with openssl, mount it into the other repositories,
 * and put the manifests. Nothing is queried: all uploads are known in advance.
 */
export function pushFloor(
  dataset: Dataset,
  images: readonly Image[],
  host: string,
  workDir: WorkDir,
): string[] {
  const blobs = uniqueBlobs(images);
  const uploadedTo = new Map(blobs.map(({ digest, repository }) => [digest, repository]));
  const uploads = blobs.map(({ digest, repository }) => {
    const file = dataset.fileOf(digest);
    const session = `"$(curl -sf -X POST -w '%header{location}' http://${host}/v2/${repository}/blobs/uploads/)&digest=${digest}"`;
    return `curl -sf -T ${file} ${session} && openssl dgst -sha256 ${file} >/dev/null`;
  });
  const mounts = images.flatMap(image =>
    image.blobs
      .filter(({ digest }) => uploadedTo.get(digest) !== repositoryOf(image))
      .map(({ digest }) => {
        const query = `mount=${digest}&from=${uploadedTo.get(digest)}`;
        return `curl -sf -X POST 'http://${host}/v2/${repositoryOf(image)}/blobs/uploads/?${query}'`;
      }),
  );
  const manifests = images.map(({ name, digest }) => {
    const url = `http://${host}/v2/${name.replace(':', '/manifests/')}`;
    return `curl -sf -T ${dataset.fileOf(digest)} -H 'content-type: ${MANIFEST_TYPE}' ${url}`;
  });
  return [uploads, mounts, manifests].map((lines, at) => {
    const jobs = join(workDir.state, `floor-push-${at}`);
    writeFileSync(jobs, lines.join('\n'));
    return `xargs -d '\\n' -n 1 -P ${DEFAULT_CONCURRENCY} sh -c <${jobs}`;
  });
}
