import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { inspect } from '@airgap/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestRegistry } from '../registry/registry.ts';
import { AIRGAP, airgap, TempDir } from '../support/airgap.ts';
import { airgapOf, documentOf, IMAGES_FOLDER } from '../support/airgap-archive.ts';
import { buildFrom } from '../support/build-from.ts';
import { layoutOf } from '../support/bundle.ts';
import { expectServed } from '../support/expect-served.ts';
import {
  artifactOf,
  imageOf,
  indexOf,
  layerOf,
  noiseOf,
  sha256,
  type TestImage,
} from '../support/images/image.ts';
import { Distribution } from '../support/programs/distribution.ts';
import { lacks, output } from '../support/programs/program.ts';

const ARM64 = { os: 'linux', architecture: 'arm64' };
const shared = noiseOf(1, 300_000);
const app = imageOf({ layers: [shared, noiseOf(2, 70_000)] });
const pinned = indexOf([
  imageOf({ layers: [noiseOf(7, 1000)] }),
  imageOf({ layers: [noiseOf(8, 1000)], platform: ARM64 }),
]);

const POD = `apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
    - name: web
      image: nginx:1
`;

/** The images of the bundle by name: every form that KOTS pushes with its digest unchanged. */
const IMAGES: Record<string, TestImage> = {
  'docker.io/library/redis:7.0': imageOf({ layers: [shared], types: 'docker' }),
  'quay.io/team/app:1': app,
  'quay.io/team/many:1': indexOf([
    imageOf({ layers: [shared] }),
    imageOf({ layers: [noiseOf(3, 900)], platform: ARM64 }),
  ]),
  'quay.io/team/list:2': indexOf([imageOf({ layers: [noiseOf(4, 900)] })], 'docker'),
  'quay.io/team/chart:0.1.0': artifactOf({
    subject: app,
    artifactType: 'application/vnd.cncf.helm.config.v1+json',
  }),
  [`quay.io/team/pinned@${pinned.digest}`]: pinned,
};
/** Where KOTS's registry has them. */
const SERVED: Record<string, string> = {
  'docker.io/library/redis:7.0': 'redis/manifests/7.0',
  'quay.io/team/app:1': 'app/manifests/1',
  'quay.io/team/many:1': 'many/manifests/1',
  'quay.io/team/list:2': 'list/manifests/2',
  'quay.io/team/chart:0.1.0': 'chart/manifests/0.1.0',
  [`quay.io/team/pinned@${pinned.digest}`]: `pinned/manifests/${pinned.digest}`,
};

const work = new TempDir();
const bundle = work.file('bundle.tar');
const archive = work.file('app.airgap');

beforeAll(async () => {
  await buildBundle(bundle, IMAGES);
  expect(await kots(bundle, '-o', archive)).toMatchObject({ status: 0 });
});
afterAll(() => work[Symbol.dispose]());

async function buildBundle(path: string, images: Record<string, TestImage>): Promise<void> {
  expect((await buildFrom(work, images, path)).stderr).not.toContain('error');
}

function kots(...args: string[]) {
  return airgap(['kots', ...args], { cwd: work.path });
}

function extract(path: string): string {
  const folder = `${path}.extracted`;
  mkdirSync(folder, { recursive: true });
  execFileSync('tar', ['-xzf', path, '-C', folder]);
  return folder;
}

describe('a .airgap', () => {
  it('has its document first, then one directory entry, the links, and each blob once', () => {
    const names = execFileSync('tar', ['-tzf', archive], { encoding: 'utf8' }).trimEnd().split('\n');
    expect(names.slice(0, 2)).toEqual(['airgap.yaml', 'images']);
    const isBlob = (name: string) => name.endsWith('/data');
    const firstBlob = names.findIndex(isBlob);
    expect(names.slice(firstBlob).every(isBlob)).toBe(true);
    expect(new Set(names).size).toBe(names.length);
  });

  it('names the images and the format', () => {
    const document = readFileSync(`${extract(archive)}/airgap.yaml`, 'utf8');
    expect(document).toContain('apiVersion: kots.io/v1beta1\nkind: Airgap\nspec:\n');
    expect(document).toContain('  format: docker\n');
    for (const name of Object.keys(IMAGES)) expect(document).toContain(`    - ${name}\n`);
  });

  it('has the same bytes when it is written again', async () => {
    const again = work.file('again.airgap');
    expect(await kots(bundle, '-o', again)).toMatchObject({ status: 0 });
    expect(readFileSync(again).equals(readFileSync(archive))).toBe(true);
  });

  it.skipIf(lacks('docker-registry'))('is served by distribution with every digest unchanged', async () => {
    using storage = new TempDir();
    mkdirSync(storage.file('registry'));
    execFileSync('cp', ['-r', `${extract(archive)}/images/docker`, storage.file('registry')]);
    await using registry = await Distribution.start(storage.path);
    for (const [name, image] of Object.entries(IMAGES))
      await expectServed(registry.host, SERVED[name] ?? '', image);
  });

  it('is read like a bundle, in place', async () => {
    const { images, size } = await inspect({ bundle: archive });
    expect(size).toBe(statSync(archive).size);
    const digests = Object.fromEntries(images.map(({ name, digest }) => [name, digest]));
    expect(digests).toEqual(
      Object.fromEntries(Object.entries(IMAGES).map(([name, { digest }]) => [name, digest])),
    );
  });

  it('that is compressed is read as well', async () => {
    const packed = work.file('compressed.airgap');
    execFileSync('sh', ['-c', `gunzip -c ${archive} | gzip -1 > ${packed}`]);
    const { images } = await inspect({ bundle: packed });
    expect(images.map(({ name }) => name).sort()).toEqual(Object.keys(IMAGES).sort());
  });
});

describe('images with a tag and a digest', () => {
  const images = [noiseOf(21, 400), noiseOf(22, 400)].map(layer => imageOf({ layers: [layer] }));
  const names = images.map(({ digest }, at) => `quay.io/team-${at}/same:1@${digest}`);

  it('are pushed by digest, and keep both in the archive', async () => {
    const path = work.file('pinned');
    mkdirSync(`${path}/blobs/sha256`, { recursive: true });
    const named = Object.fromEntries(names.map((name, at) => [name, images[at] as TestImage]));
    for (const { name, content = '' } of layoutOf(named)) writeFileSync(`${path}/${name}`, content);
    const output = work.file('pinned.airgap');
    using release = new TempDir();
    writeFileSync(release.file('pod.yaml'), POD.replace('nginx:1', names[0] ?? ''));
    const flags = ['--release', release.path, '--channel-id', 'c1'];
    const { status, stderr } = await kots(path, '-o', output, ...flags);
    expect(stderr).not.toContain('is used by the release');
    expect([status, stderr]).toEqual([0, expect.any(String)]);
    for (const name of names)
      expect(stderr).toContain(`warning: ${name}: KOTS pushes it by its digest alone, without the tag 1`);
    expect(await airgap(['verify', output])).toMatchObject({ status: 0 });
    expect((await inspect({ bundle: output })).images.map(({ name }) => name).sort()).toEqual(names);
  });
});

describe('build -o app.airgap', () => {
  const changed = { ...IMAGES, 'quay.io/team/app:2': imageOf({ layers: [shared, noiseOf(9, 5000)] }) };

  it('writes what airgap kots makes of the bundle, without the bundle', async () => {
    const path = work.file('built.airgap');
    const { status, stdout } = await buildFrom(work, IMAGES, path, '--json');
    expect(status).toBe(0);
    expect(readFileSync(path).equals(readFileSync(archive))).toBe(true);
    const result = JSON.parse(stdout.toString());
    expect(result).toMatchObject({ path, size: statSync(path).size, kots: { warnings: [] } });
    expect(result.digest).toBe((await inspect({ bundle: path })).digest);
    expect(result.transferred.written).toBe(result.size);
    expect(readdirSync(work.path).filter(name => name.includes('built.airgap'))).toEqual([
      'built.airgap',
      'built.airgap.txt',
    ]);
  });

  it('has the release, and lists what it lacks', async () => {
    mkdirSync(work.file('built'), { recursive: true });
    writeFileSync(work.file('built/pod.yaml'), POD);
    const path = work.file('built-release.airgap');
    const flags = ['--release', 'built', '--channel-id', 'c1', '--cursor', '7', '--app', 'my-app'];
    const { status, stderr } = await buildFrom(work, IMAGES, path, ...flags);
    expect(status).toBe(0);
    expect(stderr).toContain('warning: docker.io/library/nginx:1 is used by the release');
    const document = readFileSync(`${extract(path)}/airgap.yaml`, 'utf8');
    for (const line of ['appSlug: my-app', 'channelID: c1', 'updateCursor: "7"'])
      expect(document).toContain(`  ${line}\n`);
  });

  it('downloads and writes only what a base lacks', async () => {
    const path = work.file('built-delta.airgap');
    const flags = ['--delta-from', archive, '--omit-unchanged', '--json'];
    const { status, stdout, stderr, requests } = await buildFrom(work, changed, path, ...flags);
    expect(status).toBe(0);
    const { kots: written, size } = JSON.parse(stdout.toString());
    expect(written.images).toMatchObject([{ name: 'quay.io/team/app:2', destination: 'app:2' }]);
    expect(written.omitted).toMatchObject({ blobs: 1, bytes: 300_000 });
    expect(size).toBeLessThan(30_000);
    expect(stderr).toContain(`load ${archive} first`);
    const layers = requests.filter(request => request.includes(`/blobs/${shared.diffId}`));
    expect(layers).toEqual([]);
  });

  it.each<[string, string, string[], string]>([
    ['a bundle with options for KOTS', 'no.tar', ['--channel-id', 'c1'], 'ends with .airgap'],
    ['parts', 'no.airgap', ['--split', 'fat32'], 'a .airgap cannot be split'],
    ['a delta of two', 'no.airgap', ['--delta-from', archive, '--delta-from', bundle], 'one base'],
    ['no base to compare with', 'no.airgap', ['--omit-unchanged'], 'no base to compare with'],
    ['a release over itself', 'no.airgap', ['--release', 'no.airgap'], 'is an input'],
    ['a release without a channel', 'no.airgap', ['--release', 'built'], 'the channel ID is missing'],
  ])('refuses %s before it downloads a layer', async (_name, output, flags, message) => {
    const { status, stderr, requests } = await buildFrom(work, IMAGES, work.file(output), ...flags);
    expect([status, stderr]).toEqual([2, expect.stringContaining(message)]);
    expect(requests.filter(path => path.includes(shared.diffId))).toEqual([]);
    expect(existsSync(work.file(output))).toBe(false);
  });
});

describe('verify of a .airgap', () => {
  const verify = (path: string) => airgap(['verify', path], { cwd: work.path });

  it('is OK', async () => {
    expect(await verify(archive)).toMatchObject({ status: 0 });
  });

  it('compares the sum of the file: its index does not cover the release', async () => {
    const path = work.file('signed.airgap');
    copyFileSync(archive, path);
    const sums = `${path}.sha256`;
    const digest = `sha256:${createHash('sha256').update(readFileSync(path)).digest('hex')}`;
    writeFileSync(sums, `${digest.slice('sha256:'.length)}  signed.airgap\n`);
    expect(await verify(path)).toMatchObject({ status: 0 });
    expect(await airgap(['verify', path, '--digest', digest])).toMatchObject({ status: 0 });
    const bytes = readFileSync(path);
    // A byte of airgap.yaml, which no digest of a blob covers.
    bytes.write('X', bytes.indexOf('kots.io/v1beta1') - 1);
    writeFileSync(path, bytes);
    expect(await verify(path)).toMatchObject({ status: 4 });
    expect(await airgap(['verify', path, '--digest', digest])).toMatchObject({ status: 4 });
  });

  it('says which images the release uses and the archive lacks, and names a damaged release', async () => {
    mkdirSync(work.file('verified'));
    writeFileSync(work.file('verified/pod.yaml'), POD);
    const path = work.file('with-release.airgap');
    expect(await kots(bundle, '-o', path, '--release', 'verified', '--channel-id', 'c1')).toMatchObject({
      status: 0,
    });
    const { status, stderr } = await verify(path);
    const notice = 'docker.io/library/nginx:1 is used by the release, but is not in the bundle';
    expect([status, stderr]).toEqual([0, expect.stringContaining(notice)]);
    const folder = extract(path);
    writeFileSync(`${folder}/app.tar.gz`, 'no archive');
    execFileSync('tar', ['-czf', path, '-C', folder, ...readdirSync(folder)]);
    const damaged = await verify(path);
    const problem = 'the release is not a .tar.gz';
    expect([damaged.status, damaged.stdout.toString()]).toEqual([1, expect.stringContaining(problem)]);
    writeFileSync(
      `${folder}/app.tar.gz`,
      await airgapOf([{ name: 'large', content: Buffer.alloc(40_000_000) }]),
    );
    execFileSync('tar', ['-czf', path, '-C', folder, ...readdirSync(folder)]);
    const large = await verify(path);
    const limit = 'the release has more than 33554432 bytes';
    expect([large.status, large.stdout.toString()]).toEqual([1, expect.stringContaining(limit)]);
  });

  it.each<[string, string, (folder: string) => void, string]>([
    [
      'an image without its tag',
      'no-tag',
      folder => rmSync(`${folder}/images/docker/registry/v2/repositories/app`, { recursive: true }),
      'quay.io/team/app:1: the tag app:1 is missing',
    ],
    [
      'a tag that savedImages does not name',
      'no-name',
      folder => edit(`${folder}/airgap.yaml`, text => text.replace('    - quay.io/team/app:1\n', '')),
      'savedImages does not name the tag app:1: KOTS does not push it',
    ],
    ['no images', 'empty', folder => rmSync(`${folder}/images`, { recursive: true }), 'KOTS pushes nothing'],
    [
      'a blob with another byte',
      'byte',
      folder => edit(largestBlob(folder), text => `X${text.slice(1)}`),
      'digest mismatch',
    ],
    [
      'a blob that is missing',
      'blob',
      folder => rmSync(largestBlob(folder)),
      'is missing; KOTS fails unless the registry has it',
    ],
  ])('names %s', async (_name, file, damage, message) => {
    const folder = work.file(`${file}.folder`);
    mkdirSync(folder);
    execFileSync('tar', ['-xzf', archive, '-C', folder]);
    damage(folder);
    const path = work.file(`${file}.airgap`);
    execFileSync('tar', ['-czf', path, '-C', folder, ...readdirSync(folder)]);
    const { status, stdout } = await verify(path);
    expect([status, stdout.toString()]).toEqual([1, expect.stringContaining(message)]);
  });
});

/** The digests of the blobs in an archive. */
function blobsIn(path: string): string[] {
  const names = execFileSync('tar', ['-tzf', path], { encoding: 'utf8' }).split('\n');
  return names
    .filter(name => name.endsWith('/data'))
    .map(name => `sha256:${name.split('/').at(-2)}`)
    .sort();
}

/** The file of the largest layer in the tree. */
function largestBlob(folder: string): string {
  const found = execFileSync('find', [folder, '-name', 'data'], { encoding: 'utf8' }).trimEnd().split('\n');
  return found.sort((a, b) => statSync(b).size - statSync(a).size)[0] ?? '';
}

function touch(path: string): string {
  writeFileSync(path, '');
  return path;
}

function edit(path: string, change: (text: string) => string): void {
  writeFileSync(path, change(readFileSync(path, 'latin1')), 'latin1');
}

describe('a release', () => {
  const release = () => {
    mkdirSync(work.file('manifests'), { recursive: true });
    writeFileSync(work.file('manifests/pod.yaml'), POD);
    return ['--release', 'manifests', '--channel-id', 'c1', '--version-label', '1.2.3', '--cursor', '7'];
  };

  it('is in app.tar.gz, and its fields are in the document', async () => {
    const path = work.file('release.airgap');
    const { status, stderr } = await kots(
      bundle,
      '-o',
      path,
      ...release(),
      '--required',
      '1.0.0=3',
      '--is-required',
    );
    expect(status).toBe(0);
    expect(stderr).toContain(
      'warning: docker.io/library/nginx:1 is used by the release, but is not in the bundle',
    );
    const folder = extract(path);
    expect(execFileSync('tar', ['-xzOf', `${folder}/app.tar.gz`, 'pod.yaml'], { encoding: 'utf8' })).toBe(
      POD,
    );
    const document = readFileSync(`${folder}/airgap.yaml`, 'utf8');
    for (const line of ['channelID: c1', 'versionLabel: 1.2.3', 'updateCursor: "7"', 'isRequired: true'])
      expect(document).toContain(`  ${line}\n`);
    expect(document).toContain('    - versionLabel: 1.0.0\n      updateCursor: "3"\n');
  });

  it.skipIf(lacks('charts of a release', 'helm'))(
    'has charts, whose images are compared as the builder values render them',
    async () => {
      const folder = work.file('charts');
      mkdirSync(`${folder}/web/templates`, { recursive: true });
      writeFileSync(`${folder}/web/Chart.yaml`, 'apiVersion: v2\nname: web\nversion: 1.0.0\n');
      writeFileSync(`${folder}/web/templates/pod.yaml`, POD.replace('nginx:1', '{{ .Values.image }}'));
      mkdirSync(work.file('chart-release'));
      const packed = work.file('chart-release/web-1.0.0.tgz');
      execFileSync('tar', ['-czf', packed, '-C', folder, 'web']);
      const chart = `apiVersion: kots.io/v1beta2
kind: HelmChart
metadata:
  name: web
spec:
  chart:
    name: web
    chartVersion: 1.0.0
  builder:
    image: quay.io/team/from-builder:3
`;
      writeFileSync(work.file('chart-release/web.yaml'), chart);
      writeFileSync(work.file('chart-release/broken.tgz'), 'no chart');
      const path = work.file('charts.airgap');
      const flags = ['--release', 'chart-release', '--channel-id', 'c1'];
      const { status, stderr } = await kots(bundle, '-o', path, ...flags);
      expect(status).toBe(0);
      expect(stderr).toContain('warning: quay.io/team/from-builder:3 is used by the release');
      expect(stderr).toMatch(/warning: broken\.tgz: chart not rendered: .*images are not compared/);
      expect(readdirSync(tmpdir()).filter(name => name.startsWith('airgap-release-'))).toEqual([]);
    },
  );

  it('and its fields are taken from a previous archive', async () => {
    const previous = work.file('previous.airgap');
    expect(await kots(bundle, '-o', previous, ...release())).toMatchObject({ status: 0 });
    const path = work.file('next.airgap');
    const next = await kots(bundle, '-o', path, '--previous', previous, '--version-label', '1.2.4');
    expect(next.status).toBe(0);
    const folder = extract(path);
    const document = readFileSync(`${folder}/airgap.yaml`, 'utf8');
    expect(document).toContain('  channelID: c1\n');
    expect(document).toContain('  versionLabel: 1.2.4\n');
    expect(existsSync(`${folder}/app.tar.gz`)).toBe(true);
  });

  it.each<[string, (path: string) => void, string]>([
    [
      'a link in it',
      path => symlinkSync('../release/app.yaml', path),
      'links or special files: "entry.yaml"',
    ],
    ['a pipe in it', path => execFileSync('mkfifo', [path]), 'links or special files: "entry.yaml"'],
    ['more bytes than KOTS reads', path => truncateSync(touch(path), 3e9), 'it has 3000000000 bytes'],
  ])('with %s is refused', async (_name, add, message) => {
    using folder = new TempDir();
    add(folder.file('entry.yaml'));
    const path = work.file('special.airgap');
    const flags = ['--release', folder.path, '--channel-id', 'c1'];
    const { status, stderr } = await kots(bundle, '-o', path, ...flags);
    expect([status, stderr]).toEqual([2, expect.stringContaining(message)]);
    expect(existsSync(path)).toBe(false);
  });

  it.each<[string, (path: string) => void, string]>([
    ['a pipe without a writer', path => execFileSync('mkfifo', [path]), 'the pipe is empty'],
    ['a large file', path => truncateSync(touch(path), 3e9), 'the release has more than 536870912 bytes'],
  ])('that is %s is refused', async (_name, create, message) => {
    using folder = new TempDir();
    const release = folder.file('app.tar.gz');
    create(release);
    const flags = ['--release', release, '--channel-id', 'c1'];
    const { status, stderr } = await kots(bundle, '-o', work.file('special.airgap'), ...flags);
    expect([status, stderr]).toEqual([2, expect.stringContaining(message)]);
  });

  it('with a chart whose name has the longest length is packed', async () => {
    using folder = new TempDir();
    writeFileSync(folder.file(`${'n'.repeat(251)}.tgz`), 'no chart');
    const flags = ['--release', folder.path, '--channel-id', 'c1'];
    const { status, stderr } = await kots(bundle, '-o', work.file('long-name.airgap'), ...flags);
    expect([status, stderr]).toEqual([0, expect.stringContaining('nnn.tgz: ')]);
  });

  it('of a previous archive that is too large is refused', async () => {
    const previous = work.file('too-large.airgap');
    const app = { name: 'app.tar.gz', content: Buffer.alloc(513 * 1024 * 1024) };
    writeFileSync(previous, await airgapOf([documentOf({ format: 'docker' }), app]));
    const { status, stderr } = await kots(bundle, '-o', work.file('no.airgap'), '--previous', previous);
    expect([status, stderr]).toEqual([2, expect.stringContaining('KOTS reads it into memory')]);
  });

  it('alone is small, and KOTS finds no images in it', async () => {
    const path = work.file('metadata.airgap');
    expect(await kots(bundle, '-o', path, ...release(), '--metadata-only')).toMatchObject({ status: 0 });
    expect(existsSync(`${extract(path)}/images`)).toBe(false);
    expect(statSync(path).size).toBeLessThan(10_000);
  });
});

describe('a delta', () => {
  const changed = { ...IMAGES, 'quay.io/team/app:2': imageOf({ layers: [shared, noiseOf(9, 5000)] }) };

  it('lacks the layers that the base has in the same repository', async () => {
    const next = work.file('next.tar');
    await buildBundle(next, changed);
    const path = work.file('delta.airgap');
    const { status, stdout, stderr } = await kots(
      next,
      '-o',
      path,
      '--delta',
      archive,
      '--omit-unchanged',
      '--json',
    );
    expect([status, stderr]).toEqual([0, expect.any(String)]);
    const result = JSON.parse(stdout.toString());
    expect(result.images.map(({ name }: { name: string }) => name)).toEqual(['quay.io/team/app:2']);
    expect(result.omittedImages.length).toBe(Object.keys(IMAGES).length);
    expect(result.omitted.blobs).toBe(1);
    expect(result.size).toBeLessThan(30_000);
    expect(stderr).toContain(`load ${archive} first`);
  });

  it('has every manifest and config, and each layer that KOTS compresses', async () => {
    const raw = noiseOf(31, 5000);
    const images = {
      'quay.io/team/app:1': app,
      'quay.io/team/raw:1': imageOf({ layers: [raw], compression: 'none' }),
    };
    const base = work.file('raw.tar');
    await buildBundle(base, images);
    const path = work.file('raw.airgap');
    expect(await kots(base, '-o', path, '--delta', base)).toMatchObject({ status: 0 });
    const blobs = Object.values(images).flatMap(({ digest, bytes }) => [
      digest,
      JSON.parse(`${bytes}`).config.digest,
    ]);
    expect(blobsIn(path)).toEqual([...blobs, raw.diffId].sort());
  });

  it('is a base, too', async () => {
    const path = work.file('second-delta.airgap');
    const { status, stderr } = await kots(
      work.file('next.tar'),
      '-o',
      path,
      '--delta',
      work.file('delta.airgap'),
    );
    expect([status, stderr]).toEqual([0, expect.stringContaining('delta.airgap first')]);
    expect(blobsIn(path)).not.toContain(noiseOf(9, 5000).diffId);
  });

  it.skipIf(lacks('docker-registry'))('is complete for a registry after its base', async () => {
    using storage = new TempDir();
    mkdirSync(storage.file('registry'));
    for (const path of [archive, work.file('delta.airgap')])
      execFileSync('cp', ['-r', `${extract(path)}/images/docker`, storage.file('registry')]);
    await using registry = await Distribution.start(storage.path);
    const image = changed['quay.io/team/app:2'];
    if (image) await expectServed(registry.host, 'app/manifests/2', image);
  });
});

it.skipIf(lacks('docker-registry'))('a .airgap is loaded into a registry like a bundle', async () => {
  using storage = new TempDir();
  await using registry = await Distribution.start(storage.path);
  const { status, stderr } = await airgap(['load', archive, `${registry.host}/ns`, '--naming', 'kots'], {
    cwd: work.path,
  });
  expect([status, stderr]).toEqual([0, expect.any(String)]);
  const response = await fetch(`http://${registry.host}/v2/ns/app/manifests/1`, {
    headers: { accept: app.mediaType },
  });
  expect(sha256(Buffer.from(await response.arrayBuffer()))).toBe(app.digest);
});

it.each([
  ['load', (path: string) => ['load', path, '127.0.0.1:1'], 'the tag app:1 is missing'],
  ['inspect', (path: string) => ['inspect', path], 'the tag app:1 is missing'],
  ['diff', (path: string) => ['diff', archive, path], 'the tag app:1 is missing'],
])('%s does not leave out an image that cannot be read', async (verb, args, message) => {
  const folder = work.file(`${verb}.folder`);
  mkdirSync(folder);
  execFileSync('tar', ['-xzf', archive, '-C', folder]);
  rmSync(`${folder}/images/docker/registry/v2/repositories/app/_manifests/tags`, { recursive: true });
  const path = work.file(`${verb}.airgap`);
  execFileSync('tar', ['-czf', path, '-C', folder, ...readdirSync(folder)]);
  const { status, stderr } = await airgap(args(path), { cwd: work.path });
  expect([status, stderr]).toEqual([verb === 'diff' ? 2 : 1, expect.stringContaining(message)]);
});

describe('a compressed .airgap', () => {
  it.each<[string, string, string]>([
    ['that ends early', 'head -c 300000', 'the gzip is damaged: unexpected end of file'],
    ['with another byte', "sed '200s/./X/'", 'the gzip is damaged'],
    [
      'of which most is zeros',
      'gzip -d | cat - /dev/zero | head -c 1200000000 | gzip -1',
      'more than 100 times its compressed size',
    ],
  ])('%s is refused', { timeout: 60_000 }, async (_name, damage, message) => {
    const path = work.file('damaged.airgap');
    execFileSync('bash', ['-c', `gzip -dc ${archive} | gzip -1 | ${damage} > ${path} || true`], {
      cwd: work.path,
    });
    const { status, stdout } = await airgap(['verify', path], { cwd: work.path });
    expect([status, stdout.toString()]).toEqual([1, expect.stringContaining(message)]);
  });
});

it.each([
  ['docker-archive', 'its docker archive is missing'],
  ['', 'its docker archive is missing'],
  ['oci', 'its format is "oci", which KOTS does not read'],
])('the format %j is not taken for another one', async (format, message) => {
  const folder = work.file(`format-${format}`);
  mkdirSync(folder);
  execFileSync('tar', ['-xzf', archive, '-C', folder]);
  edit(`${folder}/airgap.yaml`, text =>
    text.replace('format: docker\n', format ? `format: ${format}\n` : 'x: 1\n'),
  );
  const path = work.file(`format-${format}.airgap`);
  execFileSync('tar', ['-czf', path, '-C', folder, ...readdirSync(folder)]);
  const { status, stderr } = await airgap(['load', path, '127.0.0.1:1'], { cwd: work.path });
  expect([status, stderr]).toEqual([1, expect.stringContaining(message)]);
});

it.skipIf(lacks('docker archives of skopeo', 'skopeo'))(
  'the docker archive of skopeo is loaded',
  async () => {
    await using registry = await TestRegistry.start();
    const image = imageOf({ layers: [await layerOf([{ name: 'file', content: 'content' }])] });
    registry.push('team/web:1', image);
    const saved = work.file('web.tar');
    const source = `docker://${registry.host}/team/web:1`;
    await output('skopeo', 'copy', '--src-tls-verify=false', source, `docker-archive:${saved}`);
    const path = work.file('skopeo.airgap');
    const name = 'images/docker-archive/quay.io/team/web/1';
    const document = documentOf({ savedImages: ['quay.io/team/web:1'] });
    writeFileSync(path, await airgapOf([document, IMAGES_FOLDER, { name, content: readFileSync(saved) }]));
    expect(await airgap(['verify', path])).toMatchObject({ status: 0 });
    const loaded = await airgap(['load', path, `${registry.host}/ns`, '--naming', 'kots']);
    expect(loaded.status).toBe(0);
    const [config = ''] = image.blobs.keys();
    expect(registry.blob('ns/web', config)).toBeDefined();
  },
);

describe('kots leaves nothing behind', () => {
  const name = 'quay.io/team/app:1';
  const layer = noiseOf(41, 4_000_000);
  const image = imageOf({ layers: [layer], compression: 'none' });
  const output = work.file('cut.airgap');
  const left = () => readdirSync(work.path).filter(file => file.includes('cut.airgap'));
  let folder: string;
  beforeAll(() => {
    folder = work.file('large-layer');
    mkdirSync(`${folder}/blobs/sha256`, { recursive: true });
    for (const file of layoutOf({ [name]: image }))
      writeFileSync(`${folder}/${file.name}`, file.content ?? '');
  });

  it.skipIf(lacks('bash', 'bash'))('when the file system rejects a write', () => {
    const script = `ulimit -f 2000; trap '' XFSZ; exec "$@"`;
    const args = ['-c', script, 'bash', process.execPath, AIRGAP, 'kots', folder, '-o', output];
    const { status, stderr } = spawnSync('bash', args, { encoding: 'utf8' });
    expect([status, stderr]).toEqual([5, expect.stringContaining('cannot write')]);
    expect(left()).toEqual([]);
  });

  it('when a layer has another byte at its end', async () => {
    const path = `${folder}/blobs/sha256/${layer.diffId.slice('sha256:'.length)}`;
    truncateSync(path, layer.bytes.length - 1);
    appendFileSync(path, Buffer.of((layer.bytes.at(-1) ?? 0) ^ 1));
    const { status, stderr } = await kots(folder, '-o', output);
    expect([status, stderr]).toEqual([4, expect.stringContaining('digest mismatch')]);
    expect(left()).toEqual([]);
  });
});

it.each<[string, string[]]>([
  ['its bundle', ['bundle.tar', '-o', 'bundle.tar']],
  ['its base, by another name', ['bundle.tar', '--delta', 'app.airgap', '-o', './app.airgap']],
])('kots does not write over %s', async (_name, args) => {
  const before = readFileSync(work.file(args.at(-1)?.replace('./', '') ?? ''));
  expect(await kots(...args)).toMatchObject({ status: 2 });
  expect(readFileSync(work.file(args.at(-1)?.replace('./', '') ?? '')).equals(before)).toBe(true);
});

describe('before anything is written, kots refuses', () => {
  const nested = indexOf([indexOf([imageOf({ layers: [shared] })])]);
  it.each<[string, Record<string, TestImage>, string[], string[]]>([
    [
      'two images that KOTS pushes to one name, and nested indexes, at once',
      {
        'quay.io/a/worker:1': imageOf({ layers: [noiseOf(11, 500)] }),
        'ghcr.io/b/worker:1': imageOf({ layers: [noiseOf(12, 500)] }),
        'quay.io/a/nested:1': nested,
      },
      [],
      [
        'ghcr.io/b/worker:1 and quay.io/a/worker:1 are both worker:1 once KOTS has pushed them',
        'KOTS cannot push an index inside an index',
      ],
    ],
    [
      'a release without a channel, for a KOTS that is too old',
      { 'quay.io/team/app:1': imageOf({ layers: [shared] }) },
      ['--release', 'release'],
      ['the channel ID is missing', 'minKotsVersion is 1.81.9'],
    ],
  ])('%s', async (_name, images, flags, messages) => {
    const path = work.file('refused.tar');
    await buildBundle(path, images);
    mkdirSync(work.file('release'), { recursive: true });
    writeFileSync(
      work.file('release/app.yaml'),
      'apiVersion: kots.io/v1beta1\nkind: Application\nmetadata:\n  name: app\nspec:\n  minKotsVersion: "1.81.9"\n',
    );
    const output = work.file('refused.airgap');
    const { status, stderr } = await kots(path, '-o', output, ...flags);
    expect(status).toBe(2);
    for (const message of messages) expect(stderr).toContain(message);
    expect(existsSync(output)).toBe(false);
    expect(readdirSync(work.path).filter(name => name.includes('refused.airgap'))).toEqual([]);
  });
});
