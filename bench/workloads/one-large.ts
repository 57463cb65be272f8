import { CAP, cappedServer } from '../capped-server.ts';
import { openLarge } from '../data/large.ts';
import { fetching } from '../fetching.ts';
import { installedFetchers } from '../peers/index.ts';
import { WorkDir } from '../work-dir.ts';
import type { Workload } from '../workload.ts';

export const oneLarge: Workload = {
  number: 6,
  title: `one layer of 4 GB, ${CAP}`,
  runs: 3,
  async *contests(stage) {
    await using dataset = await openLarge(stage);
    using workDir = new WorkDir(stage.memory);
    await using server = await cappedServer(workDir, dataset);
    yield fetching({
      title: 'one image',
      workDir,
      server,
      images: dataset.images,
      // The workload has a single image.
      peers: installedFetchers().filter(({ name }) => !name.includes('at a time')),
    });
  },
};
