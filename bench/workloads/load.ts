import { join } from 'node:path';
import type { Dataset, Image } from '../data/dataset.ts';
import { firstTwelve, openTwelve } from '../data/twelve.ts';
import { writeList } from '../fetching.ts';
import { measure } from '../measure.ts';
import { buildLine, remoteLine } from '../ours.ts';
import { pushersHere } from '../peers/index.ts';
import type { Peer } from '../peers/peer.ts';
import { Place } from '../place.ts';
import { expectInRegistry } from '../proof.ts';
import { pushFloor } from '../push-floor.ts';
import { TargetRegistry } from '../target-registry.ts';
import type { Entrant, Workload } from '../workload.ts';

/** Who pushes, and how. */
interface Pusher {
  readonly name: string;
  readonly kind: Entrant['kind'];
  /** Brings the images into the form that it pushes from. */
  readonly stow: readonly string[];
  push(host: string): readonly string[];
}

export const load: Workload = {
  number: 8,
  title: 'load of 12 images into a registry, memory disk',
  async *contests(stage) {
    await using dataset = await openTwelve(stage);
    using place = new Place(stage.memory);
    await using target = new TargetRegistry(place);
    const images = firstTwelve(dataset);
    const pushers = [
      ourPusher(place, dataset.host, images),
      ...pushersHere().map(peer => peerPusher(peer, place, dataset.host, images)),
      floor(place, dataset, images),
    ];
    for (const full of [false, true])
      yield {
        title: full ? 'into a full registry' : 'into an empty registry',
        place,
        entrants: pushers.map(pusher => entrant(pusher, place, target, images, full)),
      };
  },
};

function ourPusher(place: Place, host: string, images: readonly Image[]): Pusher {
  const bundle = place.at('bundle.tar');
  return {
    name: 'airgap',
    kind: 'ours',
    stow: [buildLine(host, writeList(place, 'images.txt', host, images), bundle)],
    push: to => [remoteLine(to, 'load', bundle, to)],
  };
}

function peerPusher(peer: Peer, place: Place, host: string, images: readonly Image[]): Pusher {
  const { folder } = place;
  const names = images.map(({ name }) => name);
  return {
    name: peer.name,
    kind: 'peer',
    stow: peer.stow?.({ host, names, folder, file: '' }) ?? [],
    push: to => peer.push?.({ folder, names, host: to }) ?? [],
  };
}

function floor(place: Place, dataset: Dataset, images: readonly Image[]): Pusher {
  const push = (host: string) => pushFloor(dataset, images, host, place);
  return { name: 'floor: curl, openssl', kind: 'floor', stow: [], push };
}

function entrant(
  { name, kind, stow, push }: Pusher,
  place: Place,
  target: TargetRegistry,
  images: readonly Image[],
  full: boolean,
): Entrant {
  const command = ['sh', join(place.notes, 'push.sh')];
  return {
    name,
    kind,
    command,
    async prepare() {
      await measure(place.script('stow', stow), place);
      // Only now is its port known.
      place.script('push', push(await target.renew()));
      if (full) await measure(command, place);
    },
    check: () => expectInRegistry(target.host, images),
  };
}
