import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expectTar } from './checks.ts';
import type { Image } from './data/dataset.ts';
import { fetchFloor } from './fetch-floor.ts';
import { buildLine } from './ours.ts';
import { installedFetchers } from './peers/index.ts';
import type { Fetcher } from './peers/peer.ts';
import type { LoggingServer } from './traffic.ts';
import type { WorkDir } from './work-dir.ts';
import type { Contest, Entrant } from './workload.ts';

interface Fetching {
  readonly title: string;
  readonly workDir: WorkDir;
  /** The registry. */
  readonly server: LoggingServer & { readonly host: string };
  readonly images: readonly Image[];
  /** Shell lines that run after the file is written. */
  readonly after?: After;
  readonly peers?: readonly Fetcher[];
}

/** Returns shell lines for a file. */
export type After = (file: string) => readonly string[];

/** Creates the contest of most workloads: images from a registry into one file. */
export function fetching({
  title,
  workDir,
  server,
  images,
  after = () => [],
  peers = installedFetchers(),
}: Fetching): Contest {
  const { host } = server;
  return {
    titles: [title],
    workDir,
    server,
    entrants: [
      ourBuild(host, images, workDir, after),
      ...peers.map(peer => peerFetch(peer, host, images, workDir, after)),
      fetchFloor(host, images, workDir, after),
    ],
  };
}

/** Writes a list of images for `airgap build` and returns its path. */
export function writeList(workDir: WorkDir, name: string, host: string, images: readonly Image[]): string {
  const list = join(workDir.state, name);
  writeFileSync(list, images.map(image => `${host}/${image.name}\n`).join(''));
  return list;
}

function ourBuild(host: string, images: readonly Image[], workDir: WorkDir, after: After): Entrant {
  const file = workDir.path('out.tar');
  const list = writeList(workDir, 'images.txt', host, images);
  return {
    name: 'airgap',
    kind: 'ours',
    file,
    command: workDir.script('airgap', [buildLine(host, list, file), ...after(file)]),
    check: () => expectTar(file, images, true),
  };
}

function peerFetch(
  peer: Fetcher,
  host: string,
  images: readonly Image[],
  workDir: WorkDir,
  after: After,
): Entrant {
  const file = workDir.path('out.tar');
  const request = { host, names: images.map(({ name }) => name), folder: workDir.folder, file };
  return {
    name: peer.name,
    kind: 'peer',
    file,
    command: workDir.script(peer.name, [...peer.fetch(request), ...after(file)]),
    check: () => expectTar(file, images, peer.keepsManifests),
  };
}
