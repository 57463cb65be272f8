import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { type Blob, type Dataset, type Image, uniqueBlobs } from './data/dataset.ts';
import type { Place } from './place.ts';
import { expectSlices } from './proof.ts';
import type { Entrant } from './workload.ts';

/** Copies and hashes each byte once with dd and openssl, a blob for each core at a time, and knows before where it goes. */
export function copyFloor(dataset: Dataset, images: readonly Image[], place: Place): Entrant {
  const file = place.at('floor');
  const jobs = join(place.notes, 'floor-copies');
  const blobs = uniqueBlobs(images);
  return {
    name: 'floor: dd, openssl',
    kind: 'floor',
    file,
    command: place.script('floor', [`xargs -d '\\n' -n 1 -P ${availableParallelism()} sh -c <${jobs}`]),
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
