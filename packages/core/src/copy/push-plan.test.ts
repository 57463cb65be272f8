import { describe, expect, it } from 'vitest';
import {
  artifactOf,
  imageOf,
  indexOf,
  noiseOf,
  type TestImage,
} from '../../../../test/support/images/image.ts';
import { bundleOf, MemoryRegistry, openBytes } from '../../../../test/support/memory-bundle.ts';
import { selectImages } from '../bundle/select.ts';
import { Reference } from '../reference/reference.ts';
import { findMissing } from './find-missing.ts';
import { mapImages } from './image-mapping.ts';
import { expectedTransfers } from './push.ts';
import { planPush } from './push-plan.ts';

const shared = noiseOf(1, 3000);
const amd = imageOf({ layers: [shared, noiseOf(2, 1000)], compression: 'none' });
const arm = imageOf({
  layers: [shared],
  compression: 'none',
  platform: { os: 'linux', architecture: 'arm64' },
});
const index = indexOf([amd, arm]);
const sbom = artifactOf({ subject: amd, artifactType: 'application/sbom' });
const target = { registry: 'target.test', prefix: '' };

async function plan(images: Readonly<Record<string, TestImage>>) {
  const layout = await openBytes(await bundleOf(images));
  const mappings = mapImages(await selectImages(layout, undefined), { target, naming: 'path' });
  return planPush(layout, mappings);
}

describe('the plan of a push', () => {
  it('has each blob once, the largest first, with the repositories that need it', async () => {
    const { blobs } = await plan({ 'team/app:1': amd, 'team/other:1': arm });
    const sizes = blobs.map(({ blob }) => blob.size);
    expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
    expect(new Set(blobs.map(({ blob }) => blob.digest)).size).toBe(blobs.length);
    expect(blobs[0]).toMatchObject({
      blob: { digest: shared.diffId },
      repositories: ['team/app', 'team/other'],
    });
    expect(blobs.find(({ blob }) => blob.size === 1000)?.repositories).toEqual(['team/app']);
  });

  it('has children and subjects in earlier levels', async () => {
    const { levels } = await plan({ 'team/app:1': index, 'team/app:sbom': sbom });
    expect(levels.map(level => level.map(({ descriptor }) => descriptor.digest).sort())).toEqual([
      [amd.digest, arm.digest].sort(),
      [index.digest, sbom.digest].sort(),
    ]);
  });

  it('has no manifest of an image that only a tag needs', async () => {
    const { levels } = await plan({ 'team/app:1': amd, 'team/other:1': index, 'team/pinned:1': arm });
    const places = levels
      .flat()
      .flatMap(({ descriptor, repositories }) =>
        repositories.map(repository => `${repository} ${descriptor.digest}`),
      );
    expect(places.sort()).toEqual([amd, arm, index].map(({ digest }) => `team/other ${digest}`).sort());
  });

  it('has the referrers of each subject and repository', async () => {
    const { referrers } = await plan({ 'team/app:1': amd, 'team/app:sbom': sbom, 'team/copy:sbom': sbom });
    expect(referrers).toMatchObject([
      {
        repository: 'team/app',
        subject: amd.digest,
        referrers: [{ digest: sbom.digest, artifactType: 'application/sbom' }],
      },
      { repository: 'team/copy', subject: amd.digest, referrers: [{ digest: sbom.digest }] },
    ]);
  });
});

describe('what a target lacks', () => {
  it.each<[string, Readonly<Record<string, TestImage>>, number, number, number]>([
    ['is everything, when it is empty', {}, 4, 1, 2],
    ['is what no repository has, and mounts for the others', { 'team/app:1': amd }, 1, 1, 1],
    ['is nothing, when it has all', { 'team/app:1': amd, 'team/other:1': arm }, 0, 0, 0],
    [
      'is uploaded, although a repository has it that does not need it',
      { 'team/other:1': amd, 'team/app:1': arm },
      3,
      0,
      2,
    ],
  ])('%s', async (_name, existing, uploaded, mounted, manifests) => {
    const registry = await MemoryRegistry.of(existing);
    const pinned = { [`team/app@${amd.digest}`]: amd, [`team/other@${arm.digest}`]: arm };
    const diff = await findMissing(registry.targetOf, await plan(pinned));
    const transfers = expectedTransfers(diff);
    expect([transfers.uploaded.blobs, transfers.mounted.blobs, diff.levels.flat().length]).toEqual([
      uploaded,
      mounted,
      manifests,
    ]);
  });
});

describe('names that would collide at the target are', () => {
  const named = (name: string, { digest, bytes, mediaType }: TestImage) => ({
    name: Reference.parse(name),
    root: { digest, size: bytes.length, mediaType } as never,
  });
  it('an error for different images', () =>
    expect(() =>
      mapImages([named('a.test/x:1', amd), named('b.test/x:1', arm)], { target, naming: 'path' }),
    ).toThrow('a.test/x:1 and b.test/x:1 would both be target.test/x:1'));
  it('allowed for one image', () =>
    expect(
      mapImages([named('a.test/x:1', amd), named('b.test/x:1', amd)], { target, naming: 'path' }).map(
        ({ to }) => `${to}`,
      ),
    ).toEqual(['target.test/x:1', 'target.test/x:1']));
  it('kept apart by --naming host', () =>
    expect(
      mapImages([named('a.test/x:1', amd), named('b.test/x:1', arm)], { target, naming: 'host' }).map(
        ({ to }) => `${to}`,
      ),
    ).toEqual(['target.test/a.test/x:1', 'target.test/b.test/x:1']));
});
