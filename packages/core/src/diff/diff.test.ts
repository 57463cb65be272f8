import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  artifactOf,
  imageOf,
  indexOf,
  noiseOf,
  type TestImage,
} from '../../../../test/support/images/image.ts';
import { bundleOf } from '../../../../test/support/memory-bundle.ts';
import type { Digest } from '../oci/digest.ts';
import { BundleContents } from './bundle-contents.ts';
import { addedImage, changedImage, removedImage } from './image-change.ts';
import { pair } from './pairing.ts';

const named = (text: string) => {
  const [name = '', digest = ''] = text.split('@');
  return { name, digest: digest as Digest };
};
const textOf = ({ name, digest }: { name: string; digest: string }) => `${name}@${digest}`;

describe('names are paired', () => {
  it.each<[string, string[], string[], object]>([
    ['nothing', [], [], { added: [], removed: [], changed: [], unchanged: 0 }],
    ['equal ones', ['a@1', 'b@2'], ['b@2', 'a@1'], { added: [], removed: [], changed: [], unchanged: 2 }],
    ['one that is new', ['a@1'], ['a@1', 'b@1'], { added: ['b@1'], removed: [], changed: [], unchanged: 1 }],
    ['one that is gone', ['a@1', 'b@1'], ['b@1'], { added: [], removed: ['a@1'], changed: [], unchanged: 1 }],
    [
      'one with another digest',
      ['a@1'],
      ['a@2'],
      { added: [], removed: [], changed: ['a@1 a@2'], unchanged: 0 },
    ],
    [
      'several with one name: equal digests first, then in order',
      ['a@1', 'a@2', 'a@3'],
      ['a@3', 'a@4'],
      { added: [], removed: ['a@2'], changed: ['a@1 a@4'], unchanged: 1 },
    ],
    [
      'in the order of names',
      ['c@1', 'a@1'],
      ['d@1', 'b@1'],
      { added: ['b@1', 'd@1'], removed: ['a@1', 'c@1'], changed: [], unchanged: 0 },
    ],
  ])('%s', (_name, before, after, expected) => {
    const { added, removed, changed, unchanged } = pair(before.map(named), after.map(named));
    const changes = changed.map(change => `${textOf(change.before)} ${textOf(change.after)}`);
    expect({ added: added.map(textOf), removed: removed.map(textOf), changed: changes, unchanged }).toEqual(
      expected,
    );
  });
});

const folder = mkdtempSync(join(tmpdir(), 'airgap-diff-'));
afterAll(() => rmSync(folder, { recursive: true }));
let count = 0;

async function contents(images: Readonly<Record<string, TestImage>>): Promise<BundleContents> {
  count += 1;
  const path = join(folder, `${count}.tar`);
  writeFileSync(path, await bundleOf(images));
  return BundleContents.read(path, {});
}

const [base, first, second] = [1000, 200, 30].map((size, seed) => noiseOf(seed + 1, size)) as [
  ReturnType<typeof noiseOf>,
  ReturnType<typeof noiseOf>,
  ReturnType<typeof noiseOf>,
];
const amd = (...layers: (typeof base)[]) => imageOf({ layers, compression: 'none' });
const arm = imageOf({
  layers: [base],
  compression: 'none',
  platform: { os: 'linux', architecture: 'arm64' },
});
const [old, current] = [amd(base, first), amd(base, second)];
const NAME = 'registry.test/team/app:1';
const imageIn = ({ images }: BundleContents, name = NAME) =>
  images.find(image => image.name === name) as never;
const sizesOf = ({ bytes, blobs }: TestImage) =>
  [bytes, ...blobs.values()].reduce((sum, each) => sum + each.length, 0);

describe('a difference between two bundles', () => {
  it('has the layers and bytes of a changed image', async () => {
    const before = await contents({ 'team/app:1': old });
    const after = await contents({ 'team/app:1': current });
    expect(changedImage({ before: imageIn(before), after: imageIn(after) }, before, after)).toMatchObject({
      name: NAME,
      oldDigest: old.digest,
      newDigest: current.digest,
      platforms: [{ platform: 'linux/amd64', oldDigest: old.digest, newDigest: current.digest }],
      addedLayers: [{ digest: second.diffId, size: 30, shared: false }],
      removedLayers: [{ digest: first.diffId, size: 200, shared: false }],
      bytes: sizesOf(current),
      newBytes: sizesOf(current) - base.bytes.length,
      oldBytes: sizesOf(old) - base.bytes.length,
    });
  });

  it('knows a layer that another image of the other bundle has', async () => {
    const before = await contents({ 'team/app:1': old, 'team/other:1': amd(second) });
    const after = await contents({ 'team/app:1': current });
    const { addedLayers, newBytes } = changedImage(
      { before: imageIn(before), after: imageIn(after) },
      before,
      after,
    );
    expect(addedLayers).toMatchObject([{ digest: second.diffId, shared: true }]);
    expect(newBytes).toBe(sizesOf(current) - base.bytes.length - second.bytes.length);
  });

  it('has the platforms that are added, removed or changed', async () => {
    const before = await contents({ 'team/app:1': indexOf([old, arm]) });
    const after = await contents({ 'team/app:1': indexOf([current]) });
    const forward = changedImage({ before: imageIn(before), after: imageIn(after) }, before, after);
    expect(forward.platforms).toEqual([
      { platform: 'linux/amd64', oldDigest: old.digest, newDigest: current.digest },
      { platform: 'linux/arm64', oldDigest: arm.digest },
    ]);
    const backward = changedImage({ before: imageIn(after), after: imageIn(before) }, after, before);
    expect(backward.platforms.at(-1)).toEqual({ platform: 'linux/arm64', newDigest: arm.digest });
  });

  it('has the other name of an image that is renamed', async () => {
    const before = await contents({ 'team/app:1': old, 'team/app:9': old });
    const after = await contents({ 'team/app:2': old });
    expect(addedImage(imageIn(after, 'registry.test/team/app:2'), before)).toMatchObject({
      oldName: NAME,
      newBytes: 0,
    });
    expect(removedImage(imageIn(before), after)).toMatchObject({
      newName: 'registry.test/team/app:2',
      oldBytes: 0,
    });
  });

  it('has the subject of a referrer', async () => {
    const before = await contents({ 'team/app:1': old });
    const after = await contents({ 'team/app:1': old, 'team/app:sbom': artifactOf({ subject: old }) });
    const added = addedImage(imageIn(after, 'registry.test/team/app:sbom'), before);
    expect([added.subject, added.platforms, added.oldName]).toEqual([old.digest, [], undefined]);
  });

  it('counts each blob once', async () => {
    const before = await contents({ 'team/app:1': old });
    const after = await contents({ 'team/app:1': old, 'team/app:2': current });
    const added = sizesOf(current) - base.bytes.length;
    expect(before.missing(after.blobs)).toEqual({ blobs: 3, bytes: added });
    expect(after.missing(before.blobs)).toEqual({ blobs: 0, bytes: 0 });
    expect(after.shared(before.blobs)).toEqual({ blobs: 4, bytes: sizesOf(old) });
  });
});

describe('a bundle is not compared', () => {
  it.each<[string, (tar: Buffer) => Buffer, string]>([
    [
      'without a layer',
      tar => Buffer.concat([tar.subarray(0, -512 - 1024 - 1024), Buffer.alloc(1024)]),
      'a blob is missing',
    ],
    ['that is text', () => Buffer.from('hello'), 'not a tar file: too short'],
  ])('%s', async (_name, damage, message) => {
    const path = join(folder, 'damaged.tar');
    // The last entry is a layer of 1000 bytes: 512 for its header, 1024 with padding, and 1024 for the end.
    writeFileSync(path, damage(await bundleOf({ 'team/app:1': amd(base) })));
    await expect(BundleContents.read(path, {})).rejects.toMatchObject({
      code: 'INPUT',
      message,
      where: { path },
    });
  });
});
