import { describe, expect, it } from 'vitest';
import { layoutOf } from '../../../../test/support/bundle.ts';
import {
  artifactOf,
  imageOf,
  noiseOf,
  type TestImage,
  tarOf,
} from '../../../../test/support/images/image.ts';
import { bundleOf, openBytes } from '../../../../test/support/memory-bundle.ts';
import { selectImages } from './select.ts';

const image = (seed: number) => imageOf({ layers: [noiseOf(seed, 100)], compression: 'none' });
const one = image(1);
const sbom = artifactOf({ subject: one });
const tar = bundleOf({
  'team/one:1': one,
  'team/one:2': image(2),
  'team/one:sbom': sbom,
  'team/one:sig': artifactOf({ subject: sbom }),
  'other/one:1': image(3),
  'other/one:copy': sbom,
});

async function select(patterns?: readonly string[]): Promise<string[]> {
  const selected = await selectImages(await openBytes(await tar), patterns);
  return selected.map(({ name }) => name.toString().replace('registry.test/', ''));
}

describe('images are selected', () => {
  it.each<[string, readonly string[] | undefined, readonly string[]]>([
    [
      'all without a pattern',
      undefined,
      ['other/one:1', 'other/one:copy', 'team/one:1', 'team/one:2', 'team/one:sbom', 'team/one:sig'],
    ],
    [
      'by a name, with their referrers and those of them',
      ['registry.test/team/one:1'],
      ['team/one:1', 'team/one:sbom', 'team/one:sig'],
    ],
    ['by a name without referrers', ['registry.test/team/one:2'], ['team/one:2']],
    ['by a pattern', ['*/other/*'], ['other/one:1', 'other/one:copy']],
    ['by a name without a tag', ['registry.test/other/one'], ['other/one:1', 'other/one:copy']],
    ['by a pattern without a tag', ['*r/one'], ['other/one:1', 'other/one:copy']],
    [
      'by several patterns, in the order of the bundle',
      ['*:2', '*/other/one:1'],
      ['other/one:1', 'team/one:2'],
    ],
    ['by a pattern with other special characters literally', ['registry.test/team/one:*g'], ['team/one:sig']],
  ])('%s', async (_name, patterns, names) => expect(await select(patterns)).toEqual(names));

  it.each([['registry.test/team/none:1'], ['registryXtest/*'], ['team/one:1'], ['*/on']])(
    'not by %s, which matches nothing',
    async pattern => {
      await expect(select([pattern, '*:1'])).rejects.toMatchObject({
        code: 'USAGE',
        message: `no image in the bundle matches "${pattern}"`,
      });
    },
  );
});

it('a misspelled name gets a hint at the nearest one', () =>
  expect(select(['registry.test/team/onne:1'])).rejects.toMatchObject({
    hint: 'Did you mean registry.test/team/one:1?',
  }));

describe('a layout of another tool', () => {
  const signature = artifactOf({ subject: sbom });
  const open = async (images: Record<string, TestImage>) => openBytes(await tarOf(layoutOf(images)));
  const selectOf = async (images: Record<string, TestImage>, patterns?: readonly string[]) =>
    (await selectImages(await open(images), patterns)).map(({ name }) => name.toString());

  it.each<[string, readonly string[] | undefined, readonly string[]]>([
    ['all', undefined, ['a.test/one:1', 'b.test/one:2', 'b.test/two:1']],
    ['one', ['a.test/one:1'], ['a.test/one:1']],
  ])(
    'has referrers without a name in the repositories of their subject: %s',
    async (_title, patterns, names) => {
      const images = {
        '?1': signature,
        'a.test/one:1': one,
        '?2': sbom,
        'b.test/one:2': one,
        'b.test/two:1': image(2),
      };
      const repositories = names.filter(name => name.includes('/one:')).map(name => name.slice(0, -2));
      expect(await selectOf(images, patterns)).toEqual([
        ...names,
        ...repositories.flatMap(name => [`${name}@${sbom.digest}`, `${name}@${signature.digest}`]),
      ]);
    },
  );

  it.each<[string, Record<string, TestImage>, string, string]>([
    ['no name', { '?1': one }, 'has no name', 'oci-archive:bundle.tar REGISTRY'],
    ['one without a name', { 'a.test/one:1': one, '?1': image(2) }, 'has no name', "--images '*'"],
    ['a referrer of nothing', { 'a.test/one:1': image(2), '?1': sbom }, 'has no name', "--images '*'"],
    ['only a tag', { '1.0': one }, 'has only a tag: 1.0', 'oci-archive:bundle.tar:1.0 REGISTRY'],
    ['a tag that looks like a name', { redis: one }, 'has only a tag: redis', 'bundle.tar:redis REGISTRY'],
  ])('with %s is refused', async (_title, images, reason, hint) => {
    await expect(selectOf(images)).rejects.toMatchObject({
      code: 'INPUT',
      message: `an image in the bundle ${reason}`,
      hint: expect.stringContaining(hint),
      where: { path: 'bundle.tar' },
    });
  });

  it('gives the images with names when they are chosen', async () => {
    const images = { 'a.test/one:1': one, '?1': image(2), latest: image(3) };
    expect(await selectOf(images, ['*'])).toEqual(['a.test/one:1']);
  });
});
