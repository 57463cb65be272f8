import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { TempDir } from '../test/support/airgap.ts';
import { tarOf } from '../test/support/images/image.ts';
import { findProgram, output } from '../test/support/programs/program.ts';
import { expectTar } from './checks.ts';

const digestOf = (content: string) => `sha256:${createHash('sha256').update(content).digest('hex')}`;
const LAYER = 'a layer';
const IMAGES = [
  { name: 'a:1', digest: digestOf('a manifest'), blobs: [{ digest: digestOf(LAYER), size: LAYER.length }] },
];

describe('the check of a tar', () => {
  it('finds blobs by their content, and manifests if it must', async () => {
    using place = new TempDir();
    const file = place.file('out.tar');
    writeFileSync(file, await tarOf([{ name: 'any', content: LAYER }]));
    await expectTar(file, IMAGES, false);
    await expect(expectTar(file, IMAGES, true)).rejects.toThrow(
      `1 digests missing, among them ${IMAGES[0]?.digest}`,
    );
  });

  it.skipIf(findProgram('zstd') === undefined)('reads one that zstd has compressed', async () => {
    using place = new TempDir();
    writeFileSync(place.file('out.tar'), await tarOf([{ name: 'any', content: LAYER }]));
    await output('zstd', '-q', place.file('out.tar'), '-o', place.file('packed'));
    await expectTar(place.file('packed'), IMAGES, false);
  });
});
