import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { expectSlices } from './checks.ts';
import { type Blob, type Dataset, type Image, uniqueBlobs } from './data/dataset.ts';
import type { WorkDir } from './work-dir.ts';
import type { Entrant } from './workload.ts';

/** Copies and hashes each byte once with dd and openssl, one blob per core at a time, to offsets known in advance. */
export function copyFloor(dataset: Dataset, images: readonly Image[], workDir: WorkDir): Entrant {
  const file = workDir.path('floor');
  const jobs = join(workDir.state, 'floor-copies');
  const blobs = uniqueBlobs(images);
  return {
    name: 'floor: dd, openssl',
    kind: 'floor',
    file,
    command: workDir.script('floor', [`xargs -d '\\n' -n 1 -P ${availableParallelism()} sh -c <${jobs}`]),
    prepare: async () => writeFileSync(jobs, lines(dataset, blobs, file).join('\n')),
    check: () => expectSlices(file, blobs),
  };
}

function lines(dataset: Dataset, blobs: readonly Blob[], file: string): string[] {
  let offset = 0;
  return blobs.map(({ digest, size }) => {
    const from = dataset.fileOf(digest);
    const copy = `dd if=${from} of=${file} bs=1M seek=${offset} oflag=seek_bytes conv=notrunc status=none`;
    offset += size;
    return `${copy} && openssl dgst -sha256 ${from} >/dev/null`;
  });
}
