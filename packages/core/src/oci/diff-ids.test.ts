import { describe, expect, it } from 'vitest';
import { compressedLayers, diffIdMismatch } from './diff-ids.ts';
import type { ImageManifest } from './manifest.ts';

const [A, B, C] = ['a', 'b', 'c'].map(digit => `sha256:${digit.repeat(64)}`) as [string, string, string];
const OCI = 'application/vnd.oci.image.layer.v1.tar';
const DOCKER = 'application/vnd.docker.image.rootfs.diff.tar';

/** @param layers media type and digest of each */
function manifestOf(...layers: (readonly [string, string])[]): ImageManifest {
  const descriptors = layers.map(([mediaType, digest]) => ({ mediaType, digest, size: 1 }));
  return {
    kind: 'image',
    mediaType: '',
    config: descriptors[0],
    layers: descriptors,
  } as unknown as ImageManifest;
}

describe('diff IDs are compared with layers', () => {
  it.each<[string, readonly (readonly [string, string])[], readonly string[], string | undefined]>([
    [
      'without compression',
      [
        [OCI, A],
        [DOCKER, B],
      ],
      [A, B],
      undefined,
    ],
    [
      'without compression, of another registry',
      [
        ['application/vnd.oci.image.layer.nondistributable.v1.tar', A],
        ['application/vnd.docker.image.rootfs.foreign.diff.tar', B],
      ],
      [A, C],
      'config has',
    ],
    [
      'in another order',
      [
        [OCI, A],
        [OCI, B],
      ],
      [B, A],
      `the layer ${A} has the diff ID ${A}, the config has ${B}`,
    ],
    [
      'of docker, the second one wrong',
      [
        [DOCKER, A],
        [DOCKER, B],
      ],
      [A, C],
      `the layer ${B} has the diff ID ${B}`,
    ],
    [
      'with gzip, of which nothing is known',
      [
        [`${OCI}+gzip`, A],
        [`${DOCKER}.gzip`, B],
      ],
      [C, C],
      undefined,
    ],
    ['with zstd', [[`${OCI}+zstd`, A]], [C], undefined],
    [
      'of which one is missing',
      [
        [`${OCI}+gzip`, A],
        [OCI, B],
      ],
      [C],
      'the config has 1 diff_ids for 2 layers',
    ],
    ['of which there are none', [], [C], 'the config has 1 diff_ids for 0 layers'],
    ['that are not in the config at all', [[OCI, A]], [], undefined],
    ['and there are none of both', [], [], undefined],
  ])('%s', (_name, layers, diffIds, mismatch) => {
    const found = diffIdMismatch(manifestOf(...layers), diffIds);
    if (mismatch === undefined) expect(found).toBeUndefined();
    else expect(found).toContain(mismatch);
  });

  it('after they are decompressed', () => {
    const manifest = manifestOf([OCI, A], [`${OCI}+gzip`, B], [`${OCI}+zstd`, C]);
    const found = compressedLayers(manifest, [A, A, B]).map(({ layer, diffId }) => [layer.digest, diffId]);
    expect(found).toEqual([
      [B, A],
      [C, B],
    ]);
    expect(compressedLayers(manifest, [])).toEqual([]);
  });
});
