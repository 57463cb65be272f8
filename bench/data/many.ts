import type { Stage } from '../workload.ts';
import { Dataset, makeMany, pushImage } from './dataset.ts';
import { pushNoise } from './noise.ts';

const IMAGES = 10_000;
const IN_REPOSITORY = 100;
const LAYER_SIZE = 1_000;

/** Opens a registry with 10,000 images of one 1 kB layer each, a hundred tags per repository. */
export function openMany(stage: Stage): Promise<Dataset> {
  return Dataset.open(stage, 'many', registry =>
    makeMany(Math.ceil(IMAGES * stage.scale), async at => {
      const repository = `bench/many-${Math.floor(at / IN_REPOSITORY)}`;
      const layer = await pushNoise(registry.host, repository, `many ${at}`, LAYER_SIZE);
      return pushImage(registry, `${repository}:${at}`, [layer]);
    }),
  );
}
