import { copyFloor } from '../copy-floor.ts';
import type { Image } from '../data/dataset.ts';
import { changedTwelve, firstTwelve, openTwelve } from '../data/twelve.ts';
import { writeList } from '../fetching.ts';
import { measure } from '../measure.ts';
import { buildLine } from '../ours.ts';
import { refetchersHere } from '../peers/index.ts';
import type { Peer } from '../peers/peer.ts';
import { Place } from '../place.ts';
import { expectTar } from '../proof.ts';
import type { Entrant, Workload } from '../workload.ts';

/** The images before and after one of them has changed. */
interface Change {
  readonly host: string;
  readonly before: readonly Image[];
  readonly after: readonly Image[];
}

export const rebuild: Workload = {
  number: 7,
  title: 'a rebuild after one image of twelve has changed, memory disk',
  async *contests(stage) {
    await using dataset = await openTwelve(stage);
    using place = new Place(stage.memory);
    const change = { host: dataset.host, before: firstTwelve(dataset), after: changedTwelve(dataset) };
    const peers = refetchersHere().map(peer => refetch(peer, place, change));
    const floor = copyFloor(dataset, change.after, place);
    yield { title: '12 images', place, entrants: [ourRebuild(place, change), ...peers, floor] };
  },
};

function ourRebuild(place: Place, { host, before, after }: Change): Entrant {
  const old = place.at('old.tar');
  const file = place.at('out.tar');
  const first = place.script('airgap-first', [
    buildLine(host, writeList(place, 'old.txt', host, before), old),
  ]);
  const second = buildLine(host, writeList(place, 'new.txt', host, after), file, '--reuse', old);
  return {
    name: 'airgap --reuse',
    kind: 'ours',
    file,
    command: place.script('airgap', [second]),
    prepare: () => measure(first, place),
    check: () => expectTar(file, after, true),
  };
}

/** Its folder or its cache is what it has left of the first time. */
function refetch(peer: Peer, place: Place, { host, before, after }: Change): Entrant {
  const file = place.at('out.tar');
  const lines = (images: readonly Image[]) =>
    peer.fetch({ host, names: images.map(({ name }) => name), folder: place.folder, file });
  const first = place.script(`${peer.name}-first`, [...lines(before), `rm ${file}`]);
  return {
    name: peer.name,
    kind: 'peer',
    file,
    command: place.script(peer.name, lines(after)),
    prepare: () => measure(first, place),
    check: () => expectTar(file, after, peer.keepsManifests),
  };
}
