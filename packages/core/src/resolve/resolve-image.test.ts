import { describe, expect, it } from 'vitest';
import {
  artifactOf,
  imageOf,
  indexOf,
  noiseOf,
  sha256,
  type TestImage,
} from '../../../../test/support/images/image.ts';
import { MemoryRegistry, nameOf } from '../../../../test/support/memory-bundle.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { formatPlatform, parsePlatform } from '../oci/platform.ts';
import { resolveImage } from './resolve-image.ts';
import { blobsOf } from './resolved-image.ts';

const image = (seed: number, platform: string) =>
  imageOf({
    layers: [noiseOf(seed, 100)],
    compression: 'none',
    platform: definedOf(parsePlatform(platform)),
  });
const amd = image(1, 'linux/amd64');
const arm = image(2, 'linux/arm64');
const v6 = image(3, 'linux/arm/v6');
const v7 = image(4, 'linux/arm/v7');
const index = indexOf([amd, arm, v6, v7]);

function definedOf(platform: ReturnType<typeof parsePlatform>) {
  const { os, architecture, variant } = platform;
  return { os, architecture, ...(variant === undefined ? {} : { variant }) };
}

async function resolve(content: TestImage, platforms: readonly string[] | 'all', name = 'team/app:1') {
  const registry = await MemoryRegistry.of({ 'team/app:1': content });
  const choice = platforms === 'all' ? platforms : platforms.map(parsePlatform);
  return resolveImage(registry.sourceOf(nameOf(name)), nameOf(name), choice);
}

/** An index whose descriptors are changed. */
function withDescriptors(content: TestImage, change: (descriptors: Descriptor[]) => unknown[]): TestImage {
  const document = JSON.parse(content.bytes.toString());
  const bytes = Buffer.from(JSON.stringify({ ...document, manifests: change(document.manifests) }));
  return { ...content, bytes, digest: sha256(bytes) };
}

const platformsOf = ({ images }: Awaited<ReturnType<typeof resolve>>) =>
  images.map(({ platform }) => platform && formatPlatform(platform));

describe('the root of an image in the bundle is', () => {
  it.each<[string, TestImage, readonly string[] | 'all', string | 'new', readonly string[]]>([
    ['the image itself', amd, ['linux/amd64'], amd.digest, ['linux/amd64']],
    ['the image itself for all platforms', arm, 'all', arm.digest, ['linux/arm64']],
    ['the only selected image', index, ['linux/arm64'], arm.digest, ['linux/arm64']],
    ['the image with the variant', index, ['linux/arm/v7'], v7.digest, ['linux/arm/v7']],
    ['the best variant, not the first', index, ['linux/arm'], v7.digest, ['linux/arm/v7']],
    [
      'a new index of several images',
      index,
      ['linux/arm64', 'linux/amd64'],
      'new',
      ['linux/arm64', 'linux/amd64'],
    ],
    [
      'the original index for all platforms',
      index,
      'all',
      index.digest,
      ['linux/amd64', 'linux/arm64', 'linux/arm/v6', 'linux/arm/v7'],
    ],
    [
      'the original index when all of it is selected',
      indexOf([amd, arm]),
      ['linux/amd64', 'linux/arm64'],
      indexOf([amd, arm]).digest,
      ['linux/amd64', 'linux/arm64'],
    ],
  ])('%s', async (_name, content, platforms, root, expected) => {
    const resolved = await resolve(content, platforms);
    expect(platformsOf(resolved)).toEqual(expected);
    expect(resolved.resolved).toBe(content.digest);
    if (root === 'new') expect([content.digest, amd.digest]).not.toContain(resolved.root.digest);
    else expect(resolved.root.digest).toBe(root);
    expect(resolved.manifests[0]?.digest).toBe(resolved.root.digest);
    expect(resolved.root.platform).toEqual(
      resolved.images.length === 1 ? resolved.images[0]?.platform : undefined,
    );
  });

  it('the index of a name with its digest, whatever the platform', async () => {
    const resolved = await resolve(index, ['linux/amd64'], `team/app:1@${index.digest}`);
    expect([resolved.root.digest, resolved.images.length]).toEqual([index.digest, 4]);
  });
});

it('has the manifests, configs and layers of the selected images, and no others', async () => {
  const resolved = await resolve(index, ['linux/amd64']);
  expect(resolved.manifests.map(({ digest }) => digest)).toEqual([amd.digest]);
  expect(
    blobsOf(resolved)
      .map(({ digest }) => digest)
      .sort(),
  ).toEqual([...amd.blobs.keys()].sort());
  expect(resolved.configs.every(({ digest, bytes }) => amd.blobs.get(digest)?.equals(bytes))).toBe(true);
});

it('finds the platform of a child without one in its config', async () => {
  const unnamed = withDescriptors(index, all => all.map(({ platform: _, ...rest }) => rest));
  const resolved = await resolve(unnamed, ['linux/arm64']);
  expect([resolved.root.digest, platformsOf(resolved)]).toEqual([arm.digest, ['linux/arm64']]);
});

it('keeps an artifact without reading its config as that of an image', async () => {
  const resolved = await resolve(artifactOf({ subject: amd }), ['linux/arm64']);
  expect(resolved.images).toMatchObject([{ platform: undefined, diffIds: [] }]);
});

describe('an image is not resolved', () => {
  const wrongSize = (by: number) =>
    withDescriptors(index, all => all.map(descriptor => ({ ...descriptor, size: descriptor.size + by })));
  const nested = Array.from({ length: 6 }).reduce<TestImage>(child => indexOf([child]), index);
  it.each<[string, TestImage, readonly string[] | 'all', object]>([
    [
      'of another platform',
      amd,
      ['linux/arm64'],
      { code: 'NOT_FOUND', message: /linux\/arm64.*linux\/amd64/ },
    ],
    ['without the variant', index, ['linux/arm/v5'], { code: 'NOT_FOUND', message: /arm\/v5/ }],
    [
      'without one of the platforms',
      index,
      ['linux/amd64', 'windows/amd64'],
      { code: 'NOT_FOUND', message: /windows/ },
    ],
    [
      'whose child is longer than its index says',
      wrongSize(-1),
      'all',
      { code: 'CONTENT', message: /size mismatch/ },
    ],
    [
      'whose child is shorter than its index says',
      wrongSize(1),
      'all',
      { code: 'CONTENT', message: /size mismatch/ },
    ],
    ['with indexes nested too deep', nested, 'all', { code: 'REGISTRY', message: /nested too deeply/ }],
  ])('%s', async (_name, content, platforms, { message, ...error }: { message?: RegExp }) => {
    await expect(resolve(content, platforms)).rejects.toMatchObject({
      ...error,
      message: expect.stringMatching(message as RegExp),
      where: { image: 'registry.test/team/app:1' },
    });
  });

  it('whose name does not exist', () =>
    expect(resolve(amd, 'all', 'team/app:2')).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: 'registry.test/team/app has no tag 2',
    }));
});
