import { openSmall } from '../data/small.ts';
import { fetching } from '../fetching.ts';
import { WorkDir } from '../work-dir.ts';
import type { Workload } from '../workload.ts';

export const manySmall: Workload = {
  number: 5,
  title: '200 images of 10 small layers',
  async *contests(stage) {
    await using dataset = await openSmall(stage);
    using workDir = new WorkDir(stage.memory);
    const { images } = dataset;
    yield fetching({ title: `${images.length} images`, workDir, server: dataset, images });
  },
};
