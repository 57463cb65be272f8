import { readFileSync, writeFileSync } from 'node:fs';
import { build, verify } from '@airgap/core';
import { fc, test } from '@fast-check/vitest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Workplace } from './airgap.ts';
import { imageOf, indexOf, noiseOf } from './images/image.ts';
import { TestRegistry } from './registry/registry.ts';

const ARM64 = { os: 'linux', architecture: 'arm64', variant: 'v8' };

describe('verify', () => {
  const work = new Workplace();
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

  test.prop([fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })], { numRuns: 60 })(
    'finds any cut',
    async where => {
      writeFileSync(damaged, whole.subarray(0, Math.floor(where * whole.length)));
      expect((await verify({ bundle: damaged })).problems).not.toEqual([]);
    },
  );
});
