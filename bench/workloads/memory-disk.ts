import { firstTwelve, openTwelve } from '../data/twelve.ts';
import { fetching } from '../fetching.ts';
import { WorkDir } from '../work-dir.ts';
import type { Workload } from '../workload.ts';

export const memoryDisk: Workload = {
  number: 1,
  title: '12 images on a shared base, memory disk',
  async *contests(stage) {
    await using dataset = await openTwelve(stage);
    using workDir = new WorkDir(stage.memory);
    yield fetching({ title: '12 images', workDir, server: dataset, images: firstTwelve(dataset) });
  },
};
