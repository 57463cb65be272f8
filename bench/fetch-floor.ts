import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULT_CONCURRENCY } from '@airgap/core';
import { type Image, totalSize, uniqueBlobs } from './data/dataset.ts';
import type { Place } from './place.ts';
import { expectSlices } from './proof.ts';
import type { Entrant } from './workload.ts';

/** Enough that no connection is left without work at the end. */
const PIECES = 64;
/** In bytes: smaller ones would measure how long programs take to start. */
const LEAST = 4_000_000;
/** Blobs of one piece: their URLs have to fit into one argument. */
const MOST_BLOBS = 500;

/** Consecutive bytes of the file: some blobs one after another, or a part of one. */
interface Piece {
  readonly offset: number;
  readonly size: number;
  readonly urls: readonly string[];
  /** Of its only blob. */
  readonly range?: string;
}

/** Fetches, hashes and writes each byte once with curl, openssl and dd, many at a time, and knows before what there is. */
export function fetchFloor(
  host: string,
  images: readonly Image[],
  place: Place,
  after: (file: string) => readonly string[],
): Entrant {
  const file = place.at('floor');
  const jobs = join(place.notes, 'floor-jobs');
  const lines = pieces(host, images).map(piece => line(piece, file));
  return {
    name: 'floor: curl, openssl, dd',
    kind: 'floor',
    file,
    command: place.script('floor', [
      `xargs -d '\\n' -n 1 -P ${DEFAULT_CONCURRENCY} sh -c <${jobs}`,
      ...after(file),
    ]),
    prepare: async () => writeFileSync(jobs, lines.join('\n')),
    check: () => expectSlices(file, uniqueBlobs(images)),
  };
}

/** One connection's work: curl writes where dd has moved its output to, and openssl hashes what is there. */
function line({ offset, size, urls, range }: Piece, file: string): string {
  const what = `${range === undefined ? '' : `--range ${range} `}${urls.join(' ')}`;
  const move = `dd bs=1 count=0 seek=${offset} conv=notrunc status=none`;
  const read = `dd if=${file} bs=1M iflag=skip_bytes,count_bytes skip=${offset} count=${size} status=none`;
  return `{ ${move}; curl -sf ${what}; } 1<>${file} && ${read} | openssl dgst -sha256 >/dev/null`;
}

function pieces(host: string, images: readonly Image[]): Piece[] {
  const limit = Math.max(LEAST, Math.ceil(totalSize(images) / PIECES));
  const made: Piece[] = [];
  let offset = 0;
  for (const { digest, size, repository } of uniqueBlobs(images)) {
    const url = `http://${host}/v2/${repository}/blobs/${digest}`;
    const last = made.at(-1);
    if (last && !last.range && last.size + size <= limit && last.urls.length < MOST_BLOBS)
      made[made.length - 1] = { ...last, size: last.size + size, urls: [...last.urls, url] };
    else made.push(...parts(url, size, offset, limit));
    offset += size;
  }
  return made;
}

function parts(url: string, size: number, offset: number, limit: number): Piece[] {
  if (size <= limit) return [{ offset, size, urls: [url] }];
  return Array.from({ length: Math.ceil(size / limit) }, (_, part) => {
    const from = part * limit;
    const to = Math.min(from + limit, size);
    return { offset: offset + from, size: to - from, urls: [url], range: `${from}-${to - 1}` };
  });
}
