import { openMany } from '../data/many.ts';
import { fetching, writeList } from '../fetching.ts';
import { remoteLine } from '../ours.ts';
import { installedFetchers } from '../peers/index.ts';
import { WorkDir } from '../work-dir.ts';
import type { Workload } from '../workload.ts';

/** How many images, and the peers that finish in a few minutes. Most start a process for each image. */
const CASES = [
  { count: 1_000, peers: ['crane', 'crane, OCI', 'hauler', 'zarf'] },
  { count: 10_000, peers: ['crane'] },
];

export const manyImages: Workload = {
  number: 12,
  title: 'many images of one layer each, memory disk',
  runs: 1,
  async *contests(stage) {
    await using dataset = await openMany(stage);
    using workDir = new WorkDir(stage.memory);
    const { host } = dataset;
    for (const { count, peers } of CASES) {
      const images = dataset.images.slice(0, Math.ceil(count * stage.scale));
      const list = writeList(workDir, 'planned.txt', host, images);
      const plan = workDir.script('plan', [remoteLine(host, 'plan', list)]);
      const title = `of ${images.length} images`;
      const planning = { name: 'airgap', kind: 'ours', command: plan } as const;
      yield { titles: [`plan ${title}`], workDir, server: dataset, entrants: [planning] };
      const fetchers = installedFetchers().filter(({ name }) => peers.includes(name));
      yield fetching({ title: `build ${title}`, workDir, server: dataset, images, peers: fetchers });
    }
  },
};
