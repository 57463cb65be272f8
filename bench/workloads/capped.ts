import { CAP, cappedServer } from '../capped-server.ts';
import { firstTwelve, openTwelve } from '../data/twelve.ts';
import { fetching } from '../fetching.ts';
import { WorkDir } from '../work-dir.ts';
import type { Workload } from '../workload.ts';

export const capped: Workload = {
  number: 3,
  title: `12 images, ${CAP}`,
  async *contests(stage) {
    await using dataset = await openTwelve(stage);
    using workDir = new WorkDir(stage.memory);
    await using server = await cappedServer(workDir, dataset);
    yield fetching({ title: '12 images', workDir, server, images: firstTwelve(dataset) });
  },
};
