import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULT_CONCURRENCY } from '@airgap/core';
import { expectSlices } from './checks.ts';
import { type Image, totalSize, uniqueBlobs } from './data/dataset.ts';
import type { WorkDir } from './work-dir.ts';
import type { Entrant } from './workload.ts';

/** Enough pieces to keep every connection busy until the end. */
const PIECES = 64;
/** Bytes. Smaller pieces would measure the start-up time of programs. */
const MIN_PIECE = 4_000_000;
/** Maximum number of blobs per piece. Their URLs have to fit into one argument. */
const MAX_BLOBS = 500;

/** A consecutive range of the file: several blobs, or a part of one. */
interface Piece {
  readonly offset: number;
  readonly size: number;
  readonly urls: readonly string[];
  /** The byte range of its only blob. */
  readonly range?: string;
}

/** Fetches, hashes and writes each byte once with curl, openssl and dd, concurrently, with all blobs known in advance. */
export function fetchFloor(
  host: string,
  images: readonly Image[],
  workDir: WorkDir,
  after: (file: string) => readonly string[],
): Entrant {
  const file = workDir.path('floor');
  const jobs = join(workDir.state, 'floor-jobs');
  const lines = pieces(host, images).map(piece => line(piece, file));
  return {
    name: 'floor: curl, openssl, dd',
    kind: 'floor',
    file,
    command: workDir.script('floor', [
      `xargs -d '\\n' -n 1 -P ${DEFAULT_CONCURRENCY} sh -c <${jobs}`,
      ...after(file),
    ]),
    prepare: async () => writeFileSync(jobs, lines.join('\n')),
    check: () => expectSlices(file, uniqueBlobs(images)),
  };
}

/** The work of one connection: dd seeks in the output, curl writes there, and openssl hashes the written bytes. */
function line({ offset, size, urls, range }: Piece, file: string): string {
  const options = range === undefined ? '' : `--range ${range} `;
  const move = `dd bs=1 count=0 seek=${offset} conv=notrunc status=none`;
  const read = `dd if=${file} bs=1M iflag=skip_bytes,count_bytes skip=${offset} count=${size} status=none`;
  return `{ ${move}; curl -sf ${options}${urls.join(' ')}; } 1<>${file} && ${read} | openssl dgst -sha256 >/dev/null`;
}

function pieces(host: string, images: readonly Image[]): Piece[] {
  const limit = Math.max(MIN_PIECE, Math.ceil(totalSize(images) / PIECES));
  const made: Piece[] = [];
  let offset = 0;
  for (const { digest, size, repository } of uniqueBlobs(images)) {
    const url = `http://${host}/v2/${repository}/blobs/${digest}`;
    const last = made.at(-1);
    if (last && !last.range && last.size + size <= limit && last.urls.length < MAX_BLOBS)
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
