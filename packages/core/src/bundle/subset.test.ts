import { expect, it } from 'vitest';
import { imageOf, indexOf, noiseOf } from '../../../../test/support/images/image.ts';
import { bundleOf, MemoryTar, openBytes } from '../../../../test/support/memory-bundle.ts';
import { imageClosure } from '../layout/image-closure.ts';
import { selectImages } from './select.ts';
import { planSubset } from './subset.ts';
import { writeBundle } from './write-bundle.ts';

const shared = noiseOf(1, 2000);
const image = (seed: number) => imageOf({ layers: [shared, noiseOf(seed, 1000)], compression: 'none' });
const [one, two] = [image(2), indexOf([image(3), image(4)])];

async function subsetOf(tar: Buffer, pattern: string): Promise<Buffer> {
  const layout = await openBytes(tar);
  const images = await selectImages(layout, [pattern]);
  const plan = await planSubset(layout, await Promise.all(images.map(each => imageClosure(layout, each))));
  const target = new MemoryTar();
  await writeBundle(target, plan, { sourcesOf: () => [layout] });
  expect(target.bytes.length).toBe(plan.size);
  return target.bytes;
}

it.each([
  ['an image', 'team/one:1', one],
  ['an index', 'team/two:1', two],
])('the subset with %s is the bundle that a build of it writes', async (_what, name, image) => {
  const tar = await bundleOf({ 'team/one:1': one, 'team/two:1': two });
  const subset = await subsetOf(tar, `registry.test/${name}`);
  expect(subset.equals(await bundleOf({ [name]: image }))).toBe(true);
});

it('the subset with one of two names of an image has only this name', async () => {
  const tar = await bundleOf({ 'team/one:1': one, 'team/one:2': one });
  const subset = await subsetOf(tar, '*:2');
  expect(subset.equals(await bundleOf({ 'team/one:2': one }))).toBe(true);
});

it('the subset with everything is the bundle', async () => {
  const tar = await bundleOf({ 'team/one:1': one, 'team/two:1': two });
  expect((await subsetOf(tar, '*')).equals(tar)).toBe(true);
});
