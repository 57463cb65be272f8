import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Image } from './data/dataset.ts';
import { fetchFloor } from './fetch-floor.ts';
import { buildLine } from './ours.ts';
import { fetchersHere } from './peers/index.ts';
import type { Peer } from './peers/peer.ts';
import type { Place } from './place.ts';
import { expectTar } from './proof.ts';
import type { Contest, Entrant, Point } from './workload.ts';

interface Fetching {
  readonly title: string;
  readonly place: Place;
  readonly host: string;
  readonly images: readonly Image[];
  /** What has to be done to the file in the end, as shell lines. */
  readonly after?: After;
  readonly peers?: readonly Peer[];
  readonly point?: Point;
}

/** Shell lines about a file. */
export type After = (file: string) => readonly string[];

/** The work that most of the bench is about: images from a registry into one file. */
export function fetching({ title, place, host, images, after = () => [], peers, point }: Fetching): Contest {
  return {
    title,
    place,
    ...(point && { point }),
    entrants: [
      ourBuild(host, images, place, after),
      ...(peers ?? fetchersHere()).map(peer => peerFetch(peer, host, images, place, after)),
      fetchFloor(host, images, place, after),
    ],
  };
}

/** Writes the list of images as `airgap build` reads it, and returns its path. */
export function writeList(place: Place, name: string, host: string, images: readonly Image[]): string {
  const list = join(place.notes, name);
  writeFileSync(list, images.map(image => `${host}/${image.name}\n`).join(''));
  return list;
}

function ourBuild(host: string, images: readonly Image[], place: Place, after: After): Entrant {
  const file = place.at('out.tar');
  const list = writeList(place, 'images.txt', host, images);
  return {
    name: 'airgap',
    kind: 'ours',
    file,
    command: place.script('airgap', [buildLine(host, list, file), ...after(file)]),
    check: () => expectTar(file, images, true),
  };
}

function peerFetch(peer: Peer, host: string, images: readonly Image[], place: Place, after: After): Entrant {
  const file = place.at('out.tar');
  const order = { host, names: images.map(({ name }) => name), folder: place.folder, file };
  return {
    name: peer.name,
    kind: 'peer',
    file,
    command: place.script(peer.name, [...peer.fetch(order), ...after(file)]),
    check: () => expectTar(file, images, peer.keepsManifests),
  };
}
