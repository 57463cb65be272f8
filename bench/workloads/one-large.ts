import { CAP, cappedServer } from '../capped-server.ts';
import { openLarge } from '../data/large.ts';
import { fetching } from '../fetching.ts';
import { installedFetchers } from '../peers/index.ts';
import { WorkDir } from '../work-dir.ts';
import type { Workload } from '../workload.ts';

/** All others need the same 100 s, too: they fetch a layer with one request. */
const PEERS = ['crane', 'skopeo', 'hauler'];

export const oneLarge: Workload = {
  number: 6,
  title: `one layer of 4 GB, ${CAP}`,
  runs: 2,
  async *contests(stage) {
    await using dataset = await openLarge(stage);
    using workDir = new WorkDir(stage.memory);
    await using server = await cappedServer(workDir, dataset);
    yield fetching({
      title: 'one image',
      workDir,
      server,
      images: dataset.images,
      peers: installedFetchers().filter(({ name }) => PEERS.includes(name)),
    });
  },
};
