import { CAP, cappedServer } from '../capped-server.ts';
import { openLarge } from '../data/large.ts';
import { fetching } from '../fetching.ts';
import { fetchersHere } from '../peers/index.ts';
import { Place } from '../place.ts';
import type { Workload } from '../workload.ts';

export const oneLarge: Workload = {
  number: 6,
  title: `one layer of 4 GB, ${CAP}`,
  async *contests(stage) {
    await using dataset = await openLarge(stage);
    using place = new Place(stage.memory);
    await using server = await cappedServer(place, dataset);
    yield fetching({
      title: 'one image',
      place,
      host: server.host,
      images: dataset.images,
      // There are no four images.
      peers: fetchersHere().filter(({ name }) => !name.includes('at a time')),
    });
  },
};
