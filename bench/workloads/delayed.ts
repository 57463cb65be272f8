import { CAP, cappedServer } from '../capped-server.ts';
import { firstTwelve, openTwelve } from '../data/twelve.ts';
import { Delay } from '../delay.ts';
import { fetching } from '../fetching.ts';
import { WorkDir } from '../work-dir.ts';
import type { Workload } from '../workload.ts';

const MILLISECONDS = 50;

export const delayed: Workload = {
  number: 4,
  title: `12 images, ${CAP}, ${MILLISECONDS} ms per request`,
  runs: 2,
  async *contests(stage) {
    await using dataset = await openTwelve(stage);
    using workDir = new WorkDir(stage.memory);
    await using delay = await Delay.start(MILLISECONDS);
    await using server = await cappedServer(workDir, dataset, delay.directives);
    yield fetching({ title: '12 images', workDir, server, images: firstTwelve(dataset) });
  },
};
