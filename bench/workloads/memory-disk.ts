import { totalSize } from '../data/dataset.ts';
import { firstTwelve, openTwelve } from '../data/twelve.ts';
import { fetching } from '../fetching.ts';
import { WorkDir } from '../work-dir.ts';
import type { Workload } from '../workload.ts';

/** Additional points of the chart. */
const FEWER = [1, 3, 6];

export const memoryDisk: Workload = {
  number: 1,
  title: '12 images on a shared base, memory disk',
  async *contests({ memory, curves, ...rest }) {
    await using dataset = await openTwelve({ memory, curves, ...rest });
    using workDir = new WorkDir(memory);
    const twelve = firstTwelve(dataset);
    for (const count of [...(curves ? FEWER : []), twelve.length]) {
      const images = twelve.slice(0, count);
      const point = { axis: 'bytes', at: totalSize(images) } as const;
      yield fetching({ title: `${count} images`, workDir, host: dataset.host, images, point });
    }
  },
};
