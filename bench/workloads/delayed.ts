import { CAP, cappedServer } from '../capped-server.ts';
import { firstTwelve, openTwelve } from '../data/twelve.ts';
import { Delay } from '../delay.ts';
import { fetching } from '../fetching.ts';
import { Place } from '../place.ts';
import type { Workload } from '../workload.ts';

const MILLISECONDS = 50;

export const delayed: Workload = {
  number: 4,
  title: `12 images, ${CAP}, ${MILLISECONDS} ms a request`,
  async *contests(stage) {
    await using dataset = await openTwelve(stage);
    using place = new Place(stage.memory);
    await using delay = await Delay.start(MILLISECONDS);
    await using server = await cappedServer(place, dataset, delay.directives);
    yield fetching({ title: '12 images', place, host: server.host, images: firstTwelve(dataset) });
  },
};
