import { readFileSync } from 'node:fs';
import { build } from '@airgap/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestRegistry } from '../registry/registry.ts';
import { airgap, TempDir } from '../support/airgap.ts';
import { buildBundle } from '../support/bundle.ts';
import { artifactOf, imageOf, indexOf, noiseOf } from '../support/images/image.ts';

const work = new TempDir();
const bundle = work.file('app-1.0.tar');
const newer = work.file('app-1.1.tar');
const AMD = { os: 'linux', architecture: 'amd64' };
const ARM = { os: 'linux', architecture: 'arm64' };
const [base, first, second, arm] = [1, 2, 3, 4].map(seed => noiseOf(seed, 300_000)) as [
  ReturnType<typeof noiseOf>,
  ReturnType<typeof noiseOf>,
  ReturnType<typeof noiseOf>,
  ReturnType<typeof noiseOf>,
];

/** Builds a bundle whose record is needed: its docker image is not the usual one, and it has a time. */
async function buildOwn(output: string, layer: typeof base): Promise<void> {
  await using registry = await TestRegistry.start();
  const amd = imageOf({ layers: [base, layer], platform: AMD });
  registry.push('team/app:1', indexOf([amd, imageOf({ layers: [base, arm], platform: ARM })]));
  registry.push('team/tool:1', artifactOf({ subject: amd, artifactType: 'application/x' }));
  await build({
    specs: [{ file: 'list.txt', text: 'registry.test/team/app:1\nregistry.test/team/tool:1\n' }],
    output,
    platforms: ['linux/arm64', 'linux/amd64'],
    sourceDateEpoch: 1_700_000_000,
    mirrors: { 'registry.test': `http://${registry.host}` },
  });
}

beforeAll(async () => {
  await buildOwn(bundle, first);
  await buildOwn(newer, second);
});
afterAll(() => work[Symbol.dispose]());

const uploadsOf = (registry: TestRegistry) =>
  registry.seen.filter(({ method, path }) => method === 'POST' && path.includes('/blobs/uploads/')).length;

describe.each([
  ['with the referrers API', true],
  ['without it', false],
])('a registry %s', (_name, referrers) => {
  it('gives back the file that was pushed, and takes from the next one only what it lacks', async () => {
    await using registry = await TestRegistry.start({ referrers });
    const target = `oci://${registry.host}/bundles/app`;
    const pushed = await airgap(['push', bundle, `${target}:1.0`, '--json']);
    expect({ status: pushed.status, stderr: pushed.stderr }).toEqual({
      status: 0,
      stderr: expect.any(String),
    });
    const result = JSON.parse(String(pushed.stdout));
    expect(result).toMatchObject({ state: 'pushed', found: result.digest, dryRun: false });
    const inspected = await airgap(['inspect', bundle, '--json']);
    expect(JSON.parse(String(inspected.stdout)).digest).toBe(result.digest);

    const pulled = work.file(`pulled-${referrers}.tar`);
    const outcome = await airgap(['pull', `${target}:1.0`, '-o', pulled, '--json']);
    expect({ status: outcome.status, stderr: outcome.stderr }).toEqual({
      status: 0,
      stderr: expect.not.stringContaining('record'),
    });
    expect(JSON.parse(String(outcome.stdout))).toMatchObject({
      path: pulled,
      digest: result.digest,
      isExact: true,
    });
    expect(readFileSync(pulled).equals(readFileSync(bundle))).toBe(true);

    const before = uploadsOf(registry);
    const next = await airgap(['push', newer, `${target}:1.1`, '--json']);
    // A layer and its config: both have the same image for docker.
    expect(JSON.parse(String(next.stdout)).uploaded.blobs).toBe(2);
    expect(uploadsOf(registry) - before).toBe(2);
    const again = await airgap(['push', newer, `${target}:1.1`]);
    expect(String(again.stdout)).toContain('up to date');
    expect(uploadsOf(registry) - before).toBe(2);
  });
});

describe('a bundle in a registry', () => {
  let registry: TestRegistry;
  let target: string;
  beforeAll(async () => {
    registry = await TestRegistry.start({ referrers: true });
    target = `oci://${registry.host}/bundles/app:1.0`;
    await airgap(['push', bundle, target]);
  });
  afterAll(() => registry[Symbol.asyncDispose]());

  it('is pulled in parts, and with the layers of an older file', async () => {
    const parts = work.file('parts.tar');
    expect((await airgap(['pull', target, '-o', parts, '--split', '1MiB'])).status).toBe(0);
    const joined = work.file('joined.tar');
    expect((await airgap(['join', `${parts}.001`, '-o', joined])).status).toBe(0);
    expect(readFileSync(joined).equals(readFileSync(bundle))).toBe(true);
    const seen = registry.seen.length;
    const reused = work.file('reused.tar');
    expect((await airgap(['pull', target, '-o', reused, '--reuse', newer])).status).toBe(0);
    const layers = registry.seen
      .slice(seen)
      .filter(({ path }) => path.includes('/blobs/'))
      .map(({ path }) => path);
    // The layer of this release, the configs and the documents; not the layers that the other file has.
    expect(layers.some(path => path.endsWith(first.diffId))).toBe(true);
    expect(layers.some(path => path.endsWith(base.diffId))).toBe(false);
    expect(readFileSync(reused).equals(readFileSync(bundle))).toBe(true);
  });

  it('is pulled without its record as a bundle of the same images, and says so', async () => {
    const copied = await TestRegistry.start();
    try {
      await airgap(['push', bundle, target.replace(registry.host, copied.host)]);
      copied.fault = ({ path }, response) => {
        if (!/referrers|sha256-[0-9a-f]{64}$/.test(path)) return false;
        response.writeHead(404).end();
        return true;
      };
      const output = work.file('derived.tar');
      const outcome = await airgap([
        'pull',
        target.replace(registry.host, copied.host),
        '-o',
        output,
        '--json',
      ]);
      expect(outcome).toMatchObject({ status: 0, stderr: expect.stringContaining('has no record') });
      expect(JSON.parse(String(outcome.stdout)).isExact).toBe(false);
      expect((await airgap(['verify', output])).status).toBe(0);
      expect((await airgap(['diff', bundle, output])).status).toBe(0);
    } finally {
      await copied[Symbol.asyncDispose]();
    }
  });

  it('is resumed', async () => {
    const output = work.file('resumed.tar');
    registry.fault = async ({ path }, response) => {
      if (!path.endsWith(first.diffId)) return false;
      // The other blobs arrive meanwhile.
      await new Promise(resolve => setTimeout(resolve, 1500));
      response.writeHead(400).end();
      return true;
    };
    const failed = await airgap(['pull', target, '-o', output]);
    expect(failed).toMatchObject({
      status: 3,
      stderr: expect.stringContaining('run the same command again'),
    });
    expect(work.files()).not.toContain('resumed.tar');
    registry.fault = undefined;
    const seen = registry.seen.length;
    expect((await airgap(['pull', target, '-o', output])).status).toBe(0);
    const layers = registry.seen.slice(seen).filter(({ path }) => path.endsWith(base.diffId));
    expect(layers).toEqual([]);
    expect(readFileSync(output).equals(readFileSync(bundle))).toBe(true);
  });

  it.concurrent.each<[string, string[], number, string]>([
    ['a tag that does not exist', ['pull', 'oci://HOST/bundles/app:9', '-o', 'x.tar'], 2, 'app:9'],
    ['an image', ['pull', 'oci://HOST/images/app:1', '-o', 'x.tar'], 2, 'not a bundle: it is an image'],
    [
      'an index of an image',
      ['pull', 'oci://HOST/images/index:1', '-o', 'x.tar'],
      2,
      'not a bundle: its index has manifests without names',
    ],
    [
      'a name without a tag',
      ['pull', 'oci://HOST/bundles/app', '-o', 'x.tar'],
      2,
      'not the name of a bundle',
    ],
    [
      'a name without a registry',
      ['pull', 'oci://bundles/app:1', '-o', 'x.tar'],
      2,
      'not the name of a bundle',
    ],
    ['no URL', ['pull', 'HOST/bundles/app:1', '-o', 'x.tar'], 2, 'not the name of a bundle'],
    [
      'a push to a digest',
      ['push', 'BUNDLE', `oci://HOST/bundles/app@sha256:${'0'.repeat(64)}`],
      2,
      'pushed to a tag',
    ],
    [
      'a push with a flag for images',
      ['push', 'BUNDLE', 'oci://HOST/bundles/app:1', '--images', 'x'],
      2,
      '--images cannot be used with oci://',
    ],
    [
      'a push of what no build wrote',
      ['push', 'FOLDER', 'oci://HOST/bundles/app:1'],
      2,
      'not a regular file',
    ],
    [
      'a push over another tag',
      ['push', 'NEWER', 'oci://HOST/bundles/app:1.0', '--on-existing', 'fail'],
      2,
      'already exists with digest',
    ],
    ['a bundle that is read in place', ['inspect', 'oci://HOST/bundles/app:1.0'], 2, 'airgap pull'],
  ])('says what is wrong: %s', async (_name, args, status, message) => {
    registry.push('images/app:1', imageOf({ layers: [base] }));
    registry.push('images/index:1', indexOf([imageOf({ layers: [base] })]));
    const values = { HOST: registry.host, BUNDLE: bundle, NEWER: newer, FOLDER: '/dev/null' };
    const given = args.map(arg =>
      arg.replace(/HOST|BUNDLE|NEWER|FOLDER/, key => values[key as keyof typeof values]),
    );
    const outcome = await airgap(given, { cwd: work.path });
    expect(outcome).toMatchObject({ status, stderr: expect.stringContaining(message) });
  });

  it('is not pulled with a record that says something else', async () => {
    await using other = await TestRegistry.start({ referrers: true });
    const name = target.replace(registry.host, other.host);
    await airgap(['push', bundle, name]);
    // A record with the manifest.json of another bundle.
    const small = work.file('small.tar');
    await buildBundle({ 'team/app:1': imageOf({ layers: [base] }) }, small);
    other.fault = ({ path }, response, content) => {
      if (!path.includes('/manifests/sha256:') || !content?.includes('dev.airgap.bundle.mtime')) return false;
      response.writeHead(200, { 'content-type': 'application/vnd.oci.image.manifest.v1+json' });
      response.end(String(content).replace('1700000000', '1700000001'));
      return true;
    };
    const outcome = await airgap(['pull', name, '-o', work.file('wrong.tar')]);
    expect(outcome).toMatchObject({ status: 4, stderr: expect.stringContaining('digest mismatch') });
    expect(work.files()).not.toContain('wrong.tar');
  });
});
