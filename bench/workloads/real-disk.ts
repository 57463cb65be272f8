import { firstTwelve, openTwelve } from '../data/twelve.ts';
import { fetching } from '../fetching.ts';
import { Place } from '../place.ts';
import type { Workload } from '../workload.ts';

export const realDisk: Workload = {
  number: 2,
  title: '12 images on a shared base, real disk, synced',
  async *contests(stage) {
    await using dataset = await openTwelve(stage);
    using place = new Place(stage.disk);
    yield fetching({
      title: '12 images',
      place,
      host: dataset.host,
      images: firstTwelve(dataset),
      after: file => [`sync ${file}`],
    });
  },
};
