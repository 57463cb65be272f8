import type { Stage } from '../workload.ts';
import { Dataset, makeMany, pushImage } from './dataset.ts';
import { pushNoise } from './noise.ts';

const IMAGES = 200;
const LAYERS = 10;
const LAYER_SIZE = 100_000;

/** Opens a registry with 200 images of ten 100 kB layers each, none shared. */
export function openSmall(stage: Stage): Promise<Dataset> {
  return Dataset.open(stage, 'small', registry =>
    makeMany(Math.ceil(IMAGES * stage.scale), async at => {
      const repository = `bench/small-${at}`;
      const layers = Array.from({ length: LAYERS }, (_, layer) =>
        pushNoise(registry.host, repository, `small ${at} ${layer}`, LAYER_SIZE),
      );
      return pushImage(registry, `${repository}:1`, await Promise.all(layers));
    }),
  );
}
