import { openMany } from '../data/many.ts';
import { fetching, writeList } from '../fetching.ts';
import { remoteLine } from '../ours.ts';
import { fetchersHere } from '../peers/index.ts';
import { Place } from '../place.ts';
import type { Workload } from '../workload.ts';

const COUNTS = [1_000, 10_000];
/** For the curve over images. */
const FEWER = [10, 100];
/** Ten thousand would take most of the others half an hour. */
const PEERS_UP_TO = 1_000;

export const manyImages: Workload = {
  number: 12,
  title: 'many images of one layer each, memory disk',
  async *contests(stage) {
    await using dataset = await openMany(stage);
    using place = new Place(stage.memory);
    const { host } = dataset;
    for (const count of [...(stage.curves ? FEWER : []), ...COUNTS]) {
      const images = dataset.images.slice(0, Math.ceil(count * stage.scale));
      const list = writeList(place, 'planned.txt', host, images);
      const plan = place.script('plan', [remoteLine(host, 'plan', list)]);
      const title = `of ${images.length} images`;
      yield { title: `plan ${title}`, place, entrants: [{ name: 'airgap', kind: 'ours', command: plan }] };
      const peers = count > PEERS_UP_TO ? [] : fetchersHere();
      const point = { axis: 'images', at: images.length } as const;
      yield fetching({ title: `build ${title}`, place, host, images, peers, point });
    }
  },
};
