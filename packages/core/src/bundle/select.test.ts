import { describe, expect, it } from 'vitest';
import { artifactOf, imageOf, noiseOf } from '../../../../test/support/images/image.ts';
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
    [
      'by several patterns, in the order of the bundle',
      ['*:2', '*/other/one:1'],
      ['other/one:1', 'team/one:2'],
    ],
    ['by a pattern with other special characters literally', ['registry.test/team/one:*g'], ['team/one:sig']],
  ])('%s', async (_name, patterns, names) => expect(await select(patterns)).toEqual(names));

  it.each([['registry.test/team/none:1'], ['registryXtest/*'], ['team/one:1'], ['*/one']])(
    'not by %s, which matches nothing',
    async pattern => {
      await expect(select([pattern, '*:1'])).rejects.toMatchObject({
        code: 'USAGE',
        message: `no image in the bundle matches "${pattern}"`,
      });
    },
  );
});
