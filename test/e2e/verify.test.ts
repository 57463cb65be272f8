import { appendFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { build, verify } from '@airgap/core';
import { fc, test } from '@fast-check/vitest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestRegistry } from '../registry/registry.ts';
import { TempDir } from '../support/airgap.ts';
import { entriesOf, entryLike, joinEntries, type TarEntry, withEntry } from '../support/bundle.ts';
import { imageOf, indexOf, noiseOf, sha256 } from '../support/images/image.ts';

const ARM64 = { os: 'linux', architecture: 'arm64', variant: 'v8' };

describe('verify', () => {
  const work = new TempDir();
  const bundle = work.file('bundle.tar');
  const damaged = work.file('damaged.tar');
  let intact: Buffer;

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
    intact = readFileSync(bundle);
  });
  afterAll(() => work[Symbol.dispose]());

  it('reports no problems for an intact bundle', async () => {
    expect((await verify({ bundle })).problems).toEqual([]);
  });

  test.prop([fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), fc.nat(7)], { numRuns: 400 })(
    'detects any flipped bit in contents, headers, padding and documents',
    async (where, bit) => {
      const bytes = Buffer.from(intact);
      const at = Math.floor(where * bytes.length);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
      writeFileSync(damaged, bytes);
      expect((await verify({ bundle: damaged })).problems).not.toEqual([]);
    },
  );

  it('checks every blob of a tar whose names begin with ./', async () => {
    const entries = entriesOf(intact).map(entry => {
      const size = Number.parseInt(entry.blocks.toString('latin1', 124, 135), 8);
      return entryLike(entry, `./${entry.name}`, entry.blocks.subarray(512, 512 + size));
    });
    const tar = joinEntries(entries);
    const { blobs } = await verify({ bundle });
    writeFileSync(damaged, tar);
    for (const input of [damaged, new Blob([tar]).stream()])
      expect(await verify({ bundle: input })).toMatchObject({ form: 'archive', blobs, problems: [] });
    const layer = entries.findLast(({ name }) => name.includes('blobs/')) as TarEntry;
    const at = tar.indexOf(layer.blocks) + 512;
    tar[at] = (tar[at] ?? 0) ^ 1;
    writeFileSync(damaged, tar);
    for (const input of [damaged, new Blob([tar]).stream()])
      expect(await verify({ bundle: input })).toMatchObject({
        problems: [{ message: expect.stringContaining('digest mismatch'), entry: layer.name.slice(2) }],
      });
  });

  it.each<[string, string, string, (document: Document) => unknown]>([
    [
      'swapped names',
      'points to a different image than in index.json',
      'index.json',
      index => ({ ...index, manifests: rotateNames(index.manifests) }),
    ],
    [
      'swapped names in the docker manifest',
      'points to a different image than in index.json',
      'manifest.json',
      rotateTags,
    ],
    ['an empty docker manifest', 'the name registry.test/team/old:1 is missing', 'manifest.json', () => []],
    [
      'a missing image in the docker manifest',
      'the name registry.test/team/app:1 is missing',
      'manifest.json',
      ([, ...rest]) => rest,
    ],
    [
      'a duplicate image in the docker manifest',
      'duplicate image',
      'manifest.json',
      list => [...list, list[0]],
    ],
    [
      'a duplicate name in the docker manifest',
      'duplicate name registry.test/team/app:1',
      'manifest.json',
      ([first, ...rest]) => [{ ...first, RepoTags: [...first.RepoTags, ...first.RepoTags] }, ...rest],
    ],
    [
      'an object instead of a path',
      'points to a different image than in index.json',
      'manifest.json',
      ([first, ...rest]) => [{ ...first, Config: { toString: 1 } }, ...rest],
    ],
    [
      'an object instead of a name',
      'does not match its manifest',
      'manifest.json',
      ([first, ...rest]) => [{ ...first, RepoTags: [{ toString: 1 }] }, ...rest],
    ],
    [
      'an unexpected annotation',
      'unexpected keys: x.y',
      'index.json',
      index => annotate(index, { 'x.y': 'z' }),
    ],
    [
      'an invalid resolved digest',
      'invalid resolved digest: x',
      'index.json',
      index => annotate(index, { 'dev.airgap.image.resolved': 'x' }),
    ],
    [
      'another platform',
      'platform mismatch: expected linux/arm64, got linux/amd64',
      'index.json',
      index => withRoot(index, { platform: { os: 'linux', architecture: 'arm64' } }),
    ],
    [
      'data in a descriptor',
      'unexpected keys: data',
      'index.json',
      index => withRoot(index, { data: 'e30=' }),
    ],
  ])('detects %s', async (_name, words, entry, change) => {
    const changed = withEntry(intact, entry, text => JSON.stringify(change(JSON.parse(text))));
    writeFileSync(damaged, changed);
    const problem = { message: expect.stringContaining(words) };
    expect((await verify({ bundle: damaged })).problems).toContainEqual(expect.objectContaining(problem));
  });

  /** Exchanges two neighbours, of which the first is `at` from the end. */
  function swapped(entries: TarEntry[], at: number): TarEntry[] {
    const pair = entries.slice(at, at + 2).reverse();
    return [...entries.slice(0, at), ...pair, ...entries.slice(at + 2)];
  }

  it.each([
    ['documents', 0],
    ['a document and a manifest', 2],
    ['manifests', 3],
    ['layers', -2],
  ])('detects that %s are out of order, and nothing else', async (_which, at) => {
    const entries = entriesOf(intact);
    const tar = joinEntries(swapped(entries, at < 0 ? entries.length + at : at));
    writeFileSync(damaged, tar);
    expect((await verify({ bundle: damaged })).problems).toEqual([
      { message: 'the entries are not in canonical order' },
    ]);
  });

  it('detects a blob that no image needs, and nothing else', async () => {
    const entries = entriesOf(intact);
    const last = entries.at(-1) as TarEntry;
    // A digest after that of the last layer keeps the order.
    const contents = Array.from({ length: 200 }, (_, at) => Buffer.from(`not needed ${at}`));
    const nameOf = (content: Buffer) => `blobs/sha256/${sha256(content).slice('sha256:'.length)}`;
    const content = contents.find(content => nameOf(content) > last.name) as Buffer;
    const unneeded = entryLike(last, nameOf(content), content);
    writeFileSync(damaged, joinEntries([...entries, unneeded]));
    expect((await verify({ bundle: damaged })).problems).toEqual([
      expect.objectContaining({ message: 'unreferenced blob', entry: unneeded.name }),
    ]);
  });

  it.each(['oci-layout', 'index.json', 'manifest.json'])(
    'detects a %s with excessive nesting',
    async entry => {
      const deep = '['.repeat(200_000) + ']'.repeat(200_000);
      writeFileSync(
        damaged,
        withEntry(intact, entry, () => deep),
      );
      expect((await verify({ bundle: damaged })).problems).not.toEqual([]);
    },
  );

  it('reports no problems for a bundle that was rewritten without a change', async () => {
    writeFileSync(
      damaged,
      withEntry(intact, 'index.json', text => text),
    );
    expect((await verify({ bundle: damaged })).problems).toEqual([]);
  });

  describe('of a file that changes meanwhile', () => {
    const flip = (bytes: Buffer) => {
      const at = bytes.length >> 1;
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      return bytes;
    };
    /** Changes the file when the blobs are about to be read. */
    const verifyWith = async (change: () => void) => {
      writeFileSync(damaged, intact);
      let isChanged = false;
      const onEvent = ({ type }: { type: string }) => {
        if (type !== 'planned' || isChanged) return;
        isChanged = true;
        change();
      };
      return verify({ bundle: damaged, onEvent });
    };

    it.each<[string, () => void]>([
      ['grows', () => appendFileSync(damaged, Buffer.alloc(10_240))],
      ['is written again in place', () => writeFileSync(damaged, flip(Buffer.from(intact)))],
      ['is written again with the same bytes', () => writeFileSync(damaged, intact)],
    ])('finds that it %s', async (_what, change) => {
      const { problems } = await verifyWith(change);
      expect(problems.map(({ message }) => message)).toContain('the file was modified while it was verified');
    });

    it.each([0, 0.5])('fails when %f of it remain', async part => {
      const verified = verifyWith(() => truncateSync(damaged, intact.length * part));
      await expect(verified).rejects.toMatchObject({
        code: 'DISK',
        message: expect.stringMatching(/the file ends at byte \d+/),
      });
    });
  });

  test.prop([fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })], { numRuns: 60 })(
    'detects any truncation',
    async where => {
      writeFileSync(damaged, intact.subarray(0, Math.floor(where * intact.length)));
      expect((await verify({ bundle: damaged })).problems).not.toEqual([]);
    },
  );
});

// biome-ignore lint/suspicious/noExplicitAny: these tests break every type on purpose.
type Document = any;

function rotateNames(manifests: Document[]): Document[] {
  return manifests.map((descriptor, index) => ({
    ...descriptor,
    annotations: manifests[(index + 1) % manifests.length].annotations,
  }));
}

function rotateTags(list: Document[]): Document[] {
  return list.map((image, index) => ({ ...image, RepoTags: list[(index + 1) % list.length].RepoTags }));
}

function withRoot(index: Document, fields: object): Document {
  const [first, ...rest] = index.manifests;
  return { ...index, manifests: [{ ...first, ...fields }, ...rest] };
}

function annotate(index: Document, annotations: object): Document {
  return withRoot(index, { annotations: { ...index.manifests[0].annotations, ...annotations } });
}
