import { CAP, cappedServer } from '../capped-server.ts';
import { firstTwelve, openTwelve } from '../data/twelve.ts';
import { fetching } from '../fetching.ts';
import { Place } from '../place.ts';
import type { Workload } from '../workload.ts';

export const capped: Workload = {
  number: 3,
  title: `12 images, ${CAP}`,
  async *contests(stage) {
    await using dataset = await openTwelve(stage);
    using place = new Place(stage.memory);
    await using server = await cappedServer(place, dataset);
    yield fetching({ title: '12 images', place, host: server.host, images: firstTwelve(dataset) });
  },
};
