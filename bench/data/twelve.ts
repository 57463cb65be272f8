import type { RemoteLayer } from '../../test/support/images/image.ts';
import type { Distribution } from '../../test/support/programs/distribution.ts';
import type { Stage } from '../workload.ts';
import { Dataset, type Image, pushImage } from './dataset.ts';
import { mountLayer, pushNoise } from './noise.ts';

const MB = 1_000_000;
const BASE_SIZES = [120, 40, 10];
const UNIQUE_SIZES = [110, 50, 15];
const IMAGES = 12;
const BASE = 'bench/base';

/** Opens a registry with 12 images of 2.3 GB in total, 11 of them on one base, and a rebuilt version of the last. */
export function openTwelve(stage: Stage): Promise<Dataset> {
  return Dataset.open(stage, 'twelve', async registry => {
    const uniqueLayers = (seed: string, repository: string) =>
      layers(registry, repository, seed, UNIQUE_SIZES, stage.scale);
    const base = await layers(registry, BASE, 'base', BASE_SIZES, stage.scale);
    const images: Image[] = [];
    for (let at = 0; at < IMAGES; at += 1) {
      const repository = `bench/image-${String(at).padStart(2, '0')}`;
      if (at > 0) await Promise.all(base.map(layer => mountLayer(registry.host, repository, BASE, layer)));
      const baseLayers = at === 0 ? [] : base;
      for (const tag of at === IMAGES - 1 ? ['1', '2'] : ['1']) {
        const name = `${repository}:${tag}`;
        images.push(
          await pushImage(registry, name, [...baseLayers, ...(await uniqueLayers(name, repository))]),
        );
      }
    }
    return images;
  });
}

/** Returns the twelve images of the first build. */
export function firstTwelve({ images }: Dataset): readonly Image[] {
  return images.slice(0, IMAGES);
}

/** Returns the twelve images after one was rebuilt. */
export function changedTwelve({ images }: Dataset): readonly Image[] {
  return [...images.slice(0, IMAGES - 1), ...images.slice(IMAGES)];
}

async function layers(
  registry: Distribution,
  repository: string,
  seed: string,
  sizes: readonly number[],
  scale: number,
): Promise<RemoteLayer[]> {
  const made = sizes.map((size, at) =>
    pushNoise(registry.host, repository, `${seed} ${at}`, Math.ceil(size * MB * scale)),
  );
  return Promise.all(made);
}
