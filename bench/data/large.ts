import type { Stage } from '../workload.ts';
import { Dataset, pushImage } from './dataset.ts';
import { pushNoise } from './noise.ts';

const GB = 1_000_000_000;
const REPOSITORY = 'bench/large';

/** Opens a registry with one image of one 4 GB layer. */
export function openLarge(stage: Stage): Promise<Dataset> {
  return Dataset.open(stage, 'large', async registry => {
    const layer = await pushNoise(registry.host, REPOSITORY, 'large', Math.ceil(4 * GB * stage.scale));
    return [await pushImage(registry, `${REPOSITORY}:1`, [layer])];
  });
}
