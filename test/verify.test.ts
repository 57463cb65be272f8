import { readFileSync, writeFileSync } from 'node:fs';
import { build, verify } from '@airgap/core';
import { fc, test } from '@fast-check/vitest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TempDir } from './airgap.ts';
import { withEntry } from './bundle.ts';
import { imageOf, indexOf, noiseOf } from './images/image.ts';
import { TestRegistry } from './registry/registry.ts';

const ARM64 = { os: 'linux', architecture: 'arm64', variant: 'v8' };

describe('verify', () => {
  const work = new TempDir();
  const bundle = work.file('bundle.tar');
  const damaged = work.file('damaged.tar');
  let whole: Buffer;

  beforeAll(async () => {
    await using registry = await TestRegistry.start();
    const base = noiseOf(1, 700);
    registry.push('team/app:1', imageOf({ layers: [base, noiseOf(2, 1100)], compression: 'none' }));
    registry.push('team/old:1', imageOf({ layers: [base], types: 'docker', compression: 'none' }));
    const platforms = [imageOf({ layers: [base] }), imageOf({ layers: [base], platform: ARM64 })];
    registry.push('team/many:1', indexOf(platforms));
    await build({
      specs: [
        {
          file: 'list.txt',
          text: 'registry.test/team/app:1\nregistry.test/team/old:1\nregistry.test/team/many:1',
        },
      ],
      output: bundle,
      platforms: 'all',
      mirrors: { 'registry.test': `http://${registry.host}` },
    });
    whole = readFileSync(bundle);
  });
  afterAll(() => work[Symbol.dispose]());

  it('finds nothing wrong with a whole bundle', async () => {
    expect((await verify({ bundle })).problems).toEqual([]);
  });

  test.prop([fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), fc.nat(7)], { numRuns: 400 })(
    'finds any one bit that is flipped, in contents, headers, padding and documents',
    async (where, bit) => {
      const bytes = Buffer.from(whole);
      const at = Math.floor(where * bytes.length);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
      writeFileSync(damaged, bytes);
      expect((await verify({ bundle: damaged })).problems).not.toEqual([]);
    },
  );

  it.each<[string, string, (document: Document) => unknown]>([
    [
      'names that have changed places',
      'index.json',
      index => ({ ...index, manifests: rotateNames(index.manifests) }),
    ],
    ['names that have changed places for docker', 'manifest.json', rotateTags],
    ['no image for docker', 'manifest.json', () => []],
    ['an image less for docker', 'manifest.json', ([, ...rest]) => rest],
    ['an image twice for docker', 'manifest.json', list => [...list, list[0]]],
    [
      'a name twice for docker',
      'manifest.json',
      ([one, ...rest]) => [{ ...one, RepoTags: [...one.RepoTags, ...one.RepoTags] }, ...rest],
    ],
    [
      'an object in place of a path',
      'manifest.json',
      ([one, ...rest]) => [{ ...one, Config: { toString: 1 } }, ...rest],
    ],
    [
      'an object in place of a name',
      'manifest.json',
      ([one, ...rest]) => [{ ...one, RepoTags: [{ toString: 1 }] }, ...rest],
    ],
    ['an annotation of its own', 'index.json', index => annotate(index, { 'x.y': 'z' })],
    [
      'a resolved digest that is none',
      'index.json',
      index => annotate(index, { 'dev.airgap.image.resolved': 'x' }),
    ],
    [
      'another platform',
      'index.json',
      index => withRoot(index, { platform: { os: 'linux', architecture: 'arm64' } }),
    ],
    ['data in a descriptor', 'index.json', index => withRoot(index, { data: 'e30=' })],
  ])('finds %s', async (_name, entry, change) => {
    const changed = withEntry(whole, entry, text => JSON.stringify(change(JSON.parse(text))));
    writeFileSync(damaged, changed);
    expect((await verify({ bundle: damaged })).problems).not.toEqual([]);
  });

  it.each(['oci-layout', 'index.json', 'manifest.json'])(
    'finds a %s that is nested without end',
    async entry => {
      const deep = '['.repeat(200_000) + ']'.repeat(200_000);
      writeFileSync(
        damaged,
        withEntry(whole, entry, () => deep),
      );
      expect((await verify({ bundle: damaged })).problems).not.toEqual([]);
    },
  );

  it('finds nothing wrong with what was written anew without a change', async () => {
    writeFileSync(
      damaged,
      withEntry(whole, 'index.json', text => text),
    );
    expect((await verify({ bundle: damaged })).problems).toEqual([]);
  });

  test.prop([fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })], { numRuns: 60 })(
    'finds any cut',
    async where => {
      writeFileSync(damaged, whole.subarray(0, Math.floor(where * whole.length)));
      expect((await verify({ bundle: damaged })).problems).not.toEqual([]);
    },
  );
});

// biome-ignore lint/suspicious/noExplicitAny: what is changed here is to break every type.
type Document = any;

function rotateNames(manifests: Document[]): Document[] {
  return manifests.map((one, at) => ({
    ...one,
    annotations: manifests[(at + 1) % manifests.length].annotations,
  }));
}

function rotateTags(list: Document[]): Document[] {
  return list.map((one, at) => ({ ...one, RepoTags: list[(at + 1) % list.length].RepoTags }));
}

function withRoot(index: Document, fields: object): Document {
  const [first, ...rest] = index.manifests;
  return { ...index, manifests: [{ ...first, ...fields }, ...rest] };
}

function annotate(index: Document, annotations: object): Document {
  return withRoot(index, { annotations: { ...index.manifests[0].annotations, ...annotations } });
}
