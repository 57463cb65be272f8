import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { airgap, TempDir } from '../support/airgap.ts';
import { buildFrom } from '../support/build-from.ts';
import { expectServed } from '../support/expect-served.ts';
import {
  artifactOf,
  imageOf,
  indexOf,
  layerOf,
  sha256,
  signatureOf,
  type TestImage,
  type TestLayer,
  tarOf,
} from '../support/images/image.ts';
import { Distribution } from '../support/programs/distribution.ts';
import { lacks } from '../support/programs/program.ts';

const run = promisify(execFile);
/** A build of KOTS; no package manager has one. CI fetches kots_linux_amd64.tar.gz of a release. */
const KOTS = process.env.KOTS_BIN;
/** KOTS retries every failure five times, ten seconds apart. */
const TIMEOUT = 300_000;
/** Node 22.15 and later have it. */
const { zstdCompressSync } = zlib as { readonly zstdCompressSync?: (bytes: Buffer) => Buffer };
const ATTESTATION = { 'vnd.docker.reference.type': 'attestation-manifest' };

if (!KOTS) process.stderr.write('\nSKIPPED: what KOTS pushes from a .airgap: KOTS_BIN is not set\n');
const isSkipped = !KOTS || lacks('what KOTS pushes from a .airgap', 'docker-registry');

const work = new TempDir();
const images: Record<string, TestImage> = {};
/** The path of each image at the customer's registry, below the namespace. */
const served: Record<string, string> = {};
let shared: TestLayer;
let registry: Distribution;

function add(name: string, path: string, image: TestImage): void {
  images[name] = image;
  served[name] = path;
}

const layer = (content: string) => layerOf([{ name: content, content }]);

/** The same image with a layer that zstd has compressed. */
async function zstdImage(compress: (bytes: Buffer) => Buffer): Promise<TestImage> {
  const tar = await tarOf([{ name: 'zstd', content: 'zstd' }]);
  const image = imageOf({ layers: [{ bytes: compress(tar), diffId: sha256(tar) }] });
  const bytes = Buffer.from(image.bytes.toString().replace('tar+gzip', 'tar+zstd'));
  return { ...image, bytes, digest: sha256(bytes) };
}

beforeAll(async () => {
  if (isSkipped) return;
  shared = await layer('shared');
  const app = imageOf({ layers: [shared, await layer('app')] });
  const arm = imageOf({ layers: [shared], platform: { os: 'linux', architecture: 'arm64' } });
  const attestation = { ...imageOf({ layers: [await layer('attestation')] }), annotations: ATTESTATION };
  const pinned = imageOf({ layers: [await layer('pinned')] });
  const both = imageOf({ layers: [await layer('both')] });
  add('docker.io/library/redis:7.0', 'redis/manifests/7.0', imageOf({ layers: [shared], types: 'docker' }));
  add('quay.io/team/app:1', 'app/manifests/1', app);
  add('quay.io/team/many:1', 'many/manifests/1', indexOf([app, arm]));
  add('quay.io/team/list:1', 'list/manifests/1', indexOf([imageOf({ layers: [shared] })], 'docker'));
  add('quay.io/team/attested:1', 'attested/manifests/1', indexOf([app, attestation]));
  add('quay.io/team/artifact:1', 'artifact/manifests/1', artifactOf({ subject: app, artifactType: 'a/b' }));
  const tag = `sha256-${app.digest.slice('sha256:'.length)}.sig`;
  add(`quay.io/team/app:${tag}`, `app/manifests/${tag}`, signatureOf(app));
  add(`quay.io/team/pinned@${pinned.digest}`, `pinned/manifests/${pinned.digest}`, pinned);
  add(`quay.io/team/both:1@${both.digest}`, `both/manifests/${both.digest}`, both);
  if (zstdCompressSync) add('quay.io/team/zstd:1', 'zstd/manifests/1', await zstdImage(zstdCompressSync));
  registry = await Distribution.start(work.path);
  expect(await buildFrom(work, images, work.file('app.airgap'))).toMatchObject({ status: 0 });
}, TIMEOUT);
afterAll(async () => {
  await registry?.[Symbol.asyncDispose]();
  work[Symbol.dispose]();
});

function push(archive: string, namespace: string): Promise<{ stdout: string; stderr: string }> {
  const target = `${registry.host}/${namespace}`;
  return run(KOTS ?? '', ['admin-console', 'push-images', work.file(archive), target], { timeout: TIMEOUT });
}

async function repositories(): Promise<string[]> {
  const response = await fetch(`http://${registry.host}/v2/_catalog`);
  return ((await response.json()) as { repositories: string[] }).repositories;
}

describe.skipIf(isSkipped)('KOTS', { timeout: TIMEOUT }, () => {
  it('pushes every image of a .airgap with its digest', async () => {
    await push('app.airgap', 'ns');
    for (const [name, image] of Object.entries(images))
      await expectServed(registry.host, `ns/${served[name]}`, image);
  });

  it('completes a delta with what the registry has', async () => {
    const next = imageOf({ layers: [shared, await layer('next')] });
    const flags = ['--delta-from', work.file('app.airgap'), '--omit-unchanged'];
    const changed = { ...images, 'quay.io/team/app:2': next };
    expect(await buildFrom(work, changed, work.file('delta.airgap'), ...flags)).toMatchObject({ status: 0 });
    await push('app.airgap', 'delta');
    await push('delta.airgap', 'delta');
    await expectServed(registry.host, 'delta/app/manifests/2', next);
  });

  it('pushes nothing of an archive without images', async () => {
    const args = ['kots', 'app.airgap', '-o', 'metadata.airgap', '--metadata-only'];
    expect(await airgap(args, { cwd: work.path })).toMatchObject({ status: 0 });
    await push('metadata.airgap', 'metadata');
    expect((await repositories()).filter(name => name.startsWith('metadata/'))).toEqual([]);
  });
});
