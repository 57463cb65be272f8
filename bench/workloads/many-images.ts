import { openMany } from '../data/many.ts';
import { fetching, writeList } from '../fetching.ts';
import { remoteLine } from '../ours.ts';
import { installedFetchers } from '../peers/index.ts';
import { WorkDir } from '../work-dir.ts';
import type { Workload } from '../workload.ts';

const COUNTS = [1_000, 10_000];
/** Those that take a list of images. The others start a process for each, which needs minutes. */
const PEERS = ['crane', 'crane, OCI', 'hauler'];
/** Most peers take half an hour for 10,000 images. */
const PEERS_UP_TO = 1_000;

export const manyImages: Workload = {
  number: 12,
  title: 'many images of one layer each, memory disk',
  runs: 1,
  async *contests(stage) {
    await using dataset = await openMany(stage);
    using workDir = new WorkDir(stage.memory);
    const { host } = dataset;
    for (const count of COUNTS) {
      const images = dataset.images.slice(0, Math.ceil(count * stage.scale));
      const list = writeList(workDir, 'planned.txt', host, images);
      const plan = workDir.script('plan', [remoteLine(host, 'plan', list)]);
      const title = `of ${images.length} images`;
      const planning = { name: 'airgap', kind: 'ours', command: plan } as const;
      yield { titles: [`plan ${title}`], workDir, server: dataset, entrants: [planning] };
      const fetchers = installedFetchers().filter(({ name }) => PEERS.includes(name));
      const peers = count > PEERS_UP_TO ? [] : fetchers;
      yield fetching({ title: `build ${title}`, workDir, server: dataset, images, peers });
    }
  },
};
