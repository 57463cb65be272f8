import { describe, expect, it } from 'vitest';
import { imageOf, indexOf, noiseOf, type TestImage } from '../../../../test/support/images/image.ts';
import { bundleOf, MemoryRegistry, nameOf, openBytes } from '../../../../test/support/memory-bundle.ts';
import type { PlatformChoice } from '../oci/platform.ts';
import { resolveImage } from '../resolve/resolve-image.ts';
import { bundleEntries } from './contents.ts';

const shared = noiseOf(1, 3000);
const amd = imageOf({ layers: [shared, noiseOf(2, 1000)], compression: 'none' });
const arm = imageOf({
  layers: [shared],
  compression: 'none',
  platform: { os: 'linux', architecture: 'arm64' },
});
const index = indexOf([amd, arm]);
const path = (digest: string) => `blobs/sha256/${digest.slice('sha256:'.length)}`;
const configOf = ({ bytes }: TestImage) => JSON.parse(bytes.toString()).config.digest;
const layersOf = ({ bytes }: TestImage): string[] =>
  JSON.parse(bytes.toString()).layers.map(({ digest }: { digest: string }) => digest);

async function entries(images: Readonly<Record<string, TestImage>>, choice: PlatformChoice = 'all') {
  const { sourceOf } = await MemoryRegistry.of(images);
  const names = Object.keys(images).map(nameOf);
  return bundleEntries(await Promise.all(names.map(name => resolveImage(sourceOf(name), name, choice))));
}

async function document(tar: Buffer, name: string) {
  // biome-ignore lint/suspicious/noExplicitAny: the test reads what it expects
  return (await (await openBytes(tar)).document(name)) as any;
}

describe('the entries of a bundle', () => {
  it('are documents, manifests, configs and layers, each group by digest, each digest once', async () => {
    const names = (await entries({ 'team/app:1': index, 'team/other:2': arm })).map(({ name }) => name);
    const layers = [...new Set([...layersOf(amd), ...layersOf(arm)])];
    expect(names).toEqual([
      ...['oci-layout', 'index.json', 'manifest.json'],
      ...[index.digest, amd.digest, arm.digest].sort().map(path),
      ...[configOf(amd), configOf(arm)].sort().map(path),
      ...layers.sort().map(path),
    ]);
  });

  it('name all images that need a blob', async () => {
    const all = await entries({ 'team/app:1': amd, 'team/other:2': arm });
    const { content } = all.find(({ name }) => name === path(shared.diffId)) ?? {};
    expect(content && 'images' in content && [...content.images]).toEqual([
      'registry.test/team/app:1',
      'registry.test/team/other:2',
    ]);
  });

  it('cannot have two sizes for one digest', async () => {
    const document = JSON.parse(arm.bytes.toString());
    document.layers[0].size += 1;
    const bytes = Buffer.from(JSON.stringify(document));
    const wrong = { ...arm, bytes };
    await expect(entries({ 'team/app:1': amd, 'team/other:2': wrong })).rejects.toMatchObject({
      code: 'CONTENT',
      message: 'two manifests declare different sizes for one digest: 3000 and 3001 bytes',
      where: { digest: shared.diffId, image: 'registry.test/team/other:2' },
    });
  });
});

describe('the documents of a bundle', () => {
  it('name each image for all readers', async () => {
    const { manifests } = await document(await bundleOf({ 'team/b:1': amd, 'team/a:1': arm }), 'index.json');
    const names = ['registry.test/team/a:1', 'registry.test/team/b:1'];
    expect(manifests).toMatchObject(
      names.map(name => ({
        annotations: { 'io.containerd.image.name': name, 'org.opencontainers.image.ref.name': name },
      })),
    );
  });

  it('have the digest in the registry of an image of which only a platform is there', async () => {
    const platforms = [{ os: 'linux', architecture: 'arm64' }];
    const { manifests } = await document(await bundleOf({ 'team/app:1': index }, platforms), 'index.json');
    expect(manifests).toMatchObject([
      { digest: arm.digest, annotations: { 'dev.airgap.image.resolved': index.digest } },
    ]);
  });

  it('list each image with a config for docker, with its layers in order', async () => {
    const images = await document(await bundleOf({ 'team/app:1': amd, 'team/copy:1': amd }), 'manifest.json');
    expect(images).toMatchObject([
      {
        Config: path(configOf(amd)),
        RepoTags: ['registry.test/team/app:1', 'registry.test/team/copy:1'],
        Layers: layersOf(amd).map(path),
      },
    ]);
  });

  it.each<[string, PlatformChoice, TestImage]>([
    ['linux/amd64 of all platforms', 'all', amd],
    [
      'the first platform of those requested',
      [
        { os: 'linux', architecture: 'arm64' },
        { os: 'linux', architecture: 'amd64' },
      ],
      arm,
    ],
  ])('list %s for docker', async (_name, choice, image) => {
    const images = await document(await bundleOf({ 'team/app:1': index }, choice), 'manifest.json');
    expect(images).toMatchObject([{ Config: path(configOf(image)) }]);
  });

  it('leave out what docker cannot load', async () => {
    const broken = imageOf({ layers: [shared], diffIds: [], compression: 'none' });
    expect(await document(await bundleOf({ 'team/app:1': broken }), 'manifest.json')).toEqual([]);
  });
});
