import { writeFileSync } from 'node:fs';
import { verify } from '@airgap/core';
import { afterAll, describe, expect, it } from 'vitest';
import { TempDir } from '../support/airgap.ts';
import { craftBundle } from '../support/crafted-bundle.ts';

/** Gives an image many names, in both documents. */
function withNames(count: number) {
  const names = Array.from(
    { length: count },
    (_, at) => `registry.test/team/app:${String(at).padStart(6, '0')}`,
  );
  return {
    indexJson: (text: string) => {
      const index = JSON.parse(text);
      const manifests = names.map(name => ({
        ...index.manifests[0],
        annotations: { 'io.containerd.image.name': name, 'org.opencontainers.image.ref.name': name },
      }));
      return JSON.stringify({ ...index, manifests });
    },
    dockerManifest: (text: string) => JSON.stringify([{ ...JSON.parse(text)[0], RepoTags: names }]),
  };
}

describe('verify', () => {
  const work = new TempDir();
  afterAll(() => work[Symbol.dispose]());

  // Quadratic work would exceed the test timeout: it took 37 s for the first 1,000 names.
  it.each([1_000, 10_000])('of %i names of one image is quick', async count => {
    const { tar } = await craftBundle('many', withNames(count));
    const bundle = work.file(`${count}.tar`);
    writeFileSync(bundle, tar);
    const started = performance.now();
    const { problems, images } = await verify({ bundle });
    process.stderr.write(`\nverify of ${count} names: ${Math.round(performance.now() - started)} ms\n`);
    expect(problems).toEqual([]);
    expect(images).toHaveLength(count);
  });
});
