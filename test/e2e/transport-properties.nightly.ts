import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { build, delta, inspect, merge, verify } from '@airgap/core';
import { fc, test } from '@fast-check/vitest';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { StoredBundle } from '../../packages/core/src/bundle/stored-bundle.ts';
import { writeBundleFile } from '../../packages/core/src/bundle/write-bundle-file.ts';
import { TestRegistry } from '../registry/registry.ts';
import { TempDir } from '../support/airgap.ts';
import { entriesOf } from '../support/bundle.ts';
import { imageOf, noiseOf } from '../support/images/image.ts';

/** Layers of 12 sizes, with and without a full last block. */
const SIZES = [0, 1, 511, 512, 513, 5_000, 10_240, 20_000, 40_001, 65_536, 70_000, 100_000];
const layers = SIZES.map((size, seed) => noiseOf(seed + 1, size));
/** A release: which of the layers each of its images has. */
const release = fc.array(fc.uniqueArray(fc.nat(SIZES.length - 1), { minLength: 1 }), {
  minLength: 1,
  maxLength: 3,
});
const parts = fc.integer({ min: 16, max: 600 }).map(blocks => blocks * 512);

const work = new TempDir();
let registry: TestRegistry;
/** Two releases for the tests that damage them. */
const fixed = { old: '', new: '', delta: work.file('fixed.delta.tar') };

beforeAll(async () => {
  registry = await TestRegistry.start();
  fixed.old = await buildRelease('fixed-1.tar', [[1, 5], [7]]);
  fixed.new = await buildRelease('fixed-2.tar', [[1, 5, 3], [6]]);
  await delta({ bases: [fixed.old], new: fixed.new, output: fixed.delta });
});
afterAll(async () => {
  await registry[Symbol.asyncDispose]();
  work[Symbol.dispose]();
});

async function buildRelease(
  name: string,
  images: readonly (readonly number[])[],
  options: { deltaFrom?: string[] } = {},
) {
  const path = work.file(name);
  rmSync(path, { force: true });
  const names = images.map((numbers, index) => {
    const chosen = numbers.flatMap(number => layers[number] ?? []);
    registry.push(`team/app-${index}:1`, imageOf({ layers: chosen, compression: 'none' }));
    return `registry.test/team/app-${index}:1`;
  });
  const mirrors = { 'registry.test': `http://${registry.host}` };
  await build({ specs: [{ file: 'list.txt', text: names.join('\n') }], output: path, mirrors, ...options });
  return path;
}

/** Splits a bundle into parts of any size. @returns the path of the first one */
async function splitInto(bundle: string, output: string, partSize: number): Promise<string> {
  await using stored = await StoredBundle.open(bundle);
  const sources = [stored.layout];
  const signal = new AbortController().signal;
  const { path } = await writeBundleFile(output, stored.plan, { sourcesOf: () => sources, signal, partSize });
  return path;
}

function flip(path: string, at: number, bit: number): void {
  const bytes = readFileSync(path);
  const offset = at % bytes.length;
  bytes[offset] = (bytes[offset] ?? 0) ^ (1 << bit);
  writeFileSync(path, bytes);
}

function joined(start: string): Buffer {
  const names = readdirSync(work.path).filter(name => new RegExp(`^${start}\\.\\d{3}$`).test(name));
  return Buffer.concat(names.sort().map(name => readFileSync(work.file(name))));
}

describe('parts', () => {
  test.prop([release, parts], { numRuns: 6 })(
    'are the bundle, byte for byte, and are read as it',
    async (images, partSize) => {
      const bundle = await buildRelease('single.tar', images);
      const first = await splitInto(bundle, work.file('split.tar'), partSize);
      expect(joined('split.tar').equals(readFileSync(bundle))).toBe(true);
      expect((await verify({ bundle: first })).problems).toEqual([]);
      const { path: _, ...content } = await inspect({ bundle: first });
      expect(content).toEqual({ ...(await inspect({ bundle })), path: undefined });
    },
  );

  test.prop([parts, fc.nat(), fc.nat(7)], { numRuns: 30 })(
    'never hide a flipped bit',
    async (partSize, at, bit) => {
      const first = await splitInto(fixed.new, work.file('flipped.tar'), partSize);
      const names = work.files().filter(name => name.startsWith('flipped.tar.'));
      flip(work.file(names[at % names.length] ?? ''), at, bit);
      expect((await verify({ bundle: first })).problems).not.toEqual([]);
      for (const name of names) rmSync(work.file(name));
    },
  );
});

describe('a delta', () => {
  test.prop([release, release, fc.option(parts, { nil: undefined })], { numRuns: 6 })(
    'and its base make the new bundle again, as the delta of a build',
    async (before, after, partSize) => {
      const old = await buildRelease('old.tar', before);
      const full = await buildRelease('new.tar', after);
      const direct = await buildRelease('direct.delta.tar', after, { deltaFrom: [old] });
      const made = work.file('made.delta.tar');
      await delta({ bases: [old], new: full, output: made });
      expect(readFileSync(made).equals(readFileSync(direct))).toBe(true);
      const path =
        partSize === undefined ? made : await splitInto(made, work.file('parts.delta.tar'), partSize);
      const output = work.file('merged.tar');
      await merge({ bases: [old], delta: path, output });
      expect(readFileSync(output).equals(readFileSync(full))).toBe(true);
      expect((await verify({ bundle: path, base: [old] })).problems).toEqual([]);
      for (const file of work.files().filter(name => name.startsWith('parts.'))) rmSync(work.file(file));
    },
  );

  test.prop([release], { numRuns: 5 })(
    'of equal bundles has the documents, manifests and configs only',
    async images => {
      const bundle = await buildRelease('equal.tar', images);
      const output = work.file('equal.delta.tar');
      const { missing } = await delta({ bases: [bundle], new: bundle, output });
      const names = entriesOf(readFileSync(output)).map(({ name }) => name);
      expect(names.slice(0, 4)).toEqual(['airgap-delta.json', 'oci-layout', 'index.json', 'manifest.json']);
      const used = new Set(images.flat());
      expect(missing.blobs).toBe(used.size);
      expect(names).toHaveLength(entriesOf(readFileSync(bundle)).length - used.size + 1);
    },
  );

  test.prop([release, release, release], { numRuns: 5 })(
    'follows another one in one command',
    async (first, second, third) => {
      const paths = [];
      for (const [index, images] of [first, second, third].entries())
        paths.push(await buildRelease(`chain-${index}.tar`, images));
      const [one = '', two = '', three = ''] = paths;
      await delta({ bases: [one], new: two, output: work.file('1-2.delta.tar') });
      await delta({ bases: [two], new: three, output: work.file('2-3.delta.tar') });
      const output = work.file('chained.tar');
      await merge({ bases: [one, work.file('1-2.delta.tar')], delta: work.file('2-3.delta.tar'), output });
      expect(readFileSync(output).equals(readFileSync(three))).toBe(true);
    },
  );

  test.prop([fc.nat(), fc.nat(7)], { numRuns: 20 })(
    'is merged to the new bundle or not at all after a bit has flipped',
    async (at, bit) => {
      const path = work.file('flipped.delta.tar');
      copyFileSync(fixed.delta, path);
      flip(path, at, bit);
      const output = work.file('flipped.tar');
      rmSync(output, { force: true });
      // What the delta was made against is information, which nothing relies on: a bit of it may flip.
      await merge({ bases: [fixed.old], delta: path, output }).then(
        () => expect(readFileSync(output).equals(readFileSync(fixed.new))).toBe(true),
        error => expect(error).toMatchObject({ code: expect.stringMatching(/BUNDLE|CONTENT|INPUT/) }),
      );
      expect(existsSync(`${output}.partial.lock`)).toBe(false);
    },
  );
});
