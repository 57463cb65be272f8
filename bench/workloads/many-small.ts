import { openSmall } from '../data/small.ts';
import { fetching } from '../fetching.ts';
import { Place } from '../place.ts';
import type { Workload } from '../workload.ts';

export const manySmall: Workload = {
  number: 5,
  title: '200 images of 10 small layers',
  async *contests(stage) {
    await using dataset = await openSmall(stage);
    using place = new Place(stage.memory);
    const { host, images } = dataset;
    yield fetching({ title: `${images.length} images`, place, host, images });
  },
};
