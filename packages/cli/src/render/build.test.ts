import type { BuildResult } from '@airgap/core';
import { expect, it } from 'vitest';
import { renderBuild } from './build.ts';

const built = (transferred: Partial<BuildResult['transferred']>) => ({
  images: [],
  signatures: [],
  findings: [],
  blobs: 2,
  blobBytes: 3_000_000,
  sharedBytes: 0,
  bundleSize: 3_010_560,
  path: '/b\u001b.tar',
  size: 3_010_560,
  digest: 'sha256:aa',
  elapsed: 1500,
  transferred: { downloaded: 0, reused: 0, resumed: 0, written: 0, ...transferred },
});
const lastLines = (transferred: Partial<BuildResult['transferred']>) =>
  renderBuild(built(transferred)).split('\n').slice(-5, -1);

it('shows a build as its plan, where the bytes came from, and the bundle', () =>
  expect(lastLines({ downloaded: 1_000_000, reused: 1_500_000_000, resumed: 500_000 })).toEqual([
    'bundle: 3.0 MB (3010560 bytes)',
    'downloaded 1.0 MB, reused 1.5 GB of local bundles, resumed 500 kB',
    '/b\\u{1b}.tar: 3.0 MB in 1.5 s',
    'index sha256:aa',
  ]));

it.each([
  [{}, 'downloaded 0 B'],
  [{ downloaded: 1000, resumed: 1 }, 'downloaded 1.0 kB, resumed 1 B'],
  [{ reused: 999 }, 'downloaded 0 B, reused 999 B of local bundles'],
])('leaves out what is zero, except for downloads: %j', (transferred, line) =>
  expect(lastLines(transferred)[1]).toBe(line),
);
