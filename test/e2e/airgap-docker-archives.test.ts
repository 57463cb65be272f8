import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestRegistry } from '../registry/registry.ts';
import { airgap, TempDir } from '../support/airgap.ts';
import {
  type ArchiveFile,
  airgapOf,
  type DockerSave,
  dockerSave,
  documentOf,
  IMAGES_FOLDER,
} from '../support/airgap-archive.ts';

const work = new TempDir({ 'list.txt': 'quay.io/team/web:1\n' });
const ROOT = 'images/docker-archive';
let web: DockerSave;
let redis: DockerSave;
let registry: TestRegistry;

beforeAll(async () => {
  registry = await TestRegistry.start();
  web = await dockerSave(['base', 'web']);
  redis = await dockerSave(['base', 'redis']);
  await write('good', images());
});
afterAll(async () => {
  await registry[Symbol.asyncDispose]();
  work[Symbol.dispose]();
});

function file(path: string, { bytes }: DockerSave = web): ArchiveFile {
  return { name: `${ROOT}/${path}`, content: bytes };
}

/** The entries of a good archive. */
function images(): ArchiveFile[] {
  return [IMAGES_FOLDER, file('quay.io/team/web/1'), file('docker.io/library/redis/7.0', redis)];
}

const NAMES = ['quay.io/team/web:1', 'redis:7.0'];

/** Writes an archive of the format docker-archive. @returns its path */
async function write(
  name: string,
  files: readonly ArchiveFile[],
  spec: object = { format: 'docker-archive', savedImages: NAMES },
): Promise<string> {
  const path = work.file(`${name}.airgap`);
  writeFileSync(path, await airgapOf([documentOf(spec), ...files]));
  return path;
}

async function run(...args: string[]) {
  const { status, stdout, stderr } = await airgap(args, { cwd: work.path });
  return { status, stdout: stdout.toString(), stderr };
}

describe('a .airgap with docker archives', () => {
  it('is listed by the names of its paths', async () => {
    const { status, stdout, stderr } = await run('inspect', 'good.airgap', '--json');
    expect(status).toBe(0);
    const { images: found, form } = JSON.parse(stdout);
    expect(form).toBe('airgap');
    expect(found.map(({ name }: { name: string }) => name).sort()).toEqual([
      'docker.io/library/redis:7.0',
      'quay.io/team/web:1',
    ]);
    expect(stderr).toMatch(
      /^good\.airgap is compressed: decompressing [\d.]+ kB into a temporary file in \//m,
    );
  });

  it.each(['docker-archive', '', undefined])('of the format %j is verified', async format => {
    await write('verified', images(), { format, savedImages: NAMES });
    const { status, stdout } = await run('verify', 'verified.airgap');
    expect([status, stdout]).toEqual([0, expect.stringContaining('OK: 2 names')]);
  });

  it('is compared with another one', async () => {
    await write('next', [IMAGES_FOLDER, file('quay.io/team/web/1', redis)], { savedImages: [] });
    const { status, stdout } = await run('diff', 'good.airgap', 'next.airgap', '--json');
    expect(status).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ changed: [{ name: 'quay.io/team/web:1' }], added: [] });
  });

  it('is loaded into a registry, with the image IDs of docker', async () => {
    const target = `${registry.host}/ns`;
    const { status, stderr } = await run('load', 'good.airgap', target, '--naming', 'kots');
    expect([status, stderr]).toEqual([0, expect.any(String)]);
    expect(registry.blob('ns/web', web.imageId)).toBeDefined();
    expect(registry.blob('ns/redis', redis.imageId)).toBeDefined();
  });

  it('is a source of a build, whose digests a notice is about', async () => {
    const { status, stdout, stderr } = await run(
      'build',
      'list.txt',
      '--from',
      'airgap:good.airgap',
      '-o',
      'bundle.tar',
      '--json',
    );
    expect(status).toBe(0);
    expect(JSON.parse(stdout).images).toMatchObject([
      { name: 'quay.io/team/web:1', from: 'airgap:good.airgap' },
    ]);
    expect(stderr).toContain('it stores layers uncompressed: the digests of 1 of its images may differ');
  });

  it.each<[string, () => Promise<string>, string]>([
    [
      'no folder entry with this exact name',
      () => write('slash', [{ name: 'images/', type: 'directory' }, ...images().slice(1)]),
      'it has no folder entry named images: KOTS pushes nothing, and says so nowhere',
    ],
    [
      'an image before the folder',
      () => write('before', [...images().slice(1), IMAGES_FOLDER]),
      'quay.io/team/web/1 comes before all folder entries: KOTS does not push it',
    ],
    [
      'two names that KOTS pushes to one',
      () => write('collision', [...images(), file('ghcr.io/other/web/1')]),
      'quay.io/team/web:1 and ghcr.io/other/web:1 are both web:1 once KOTS has pushed them',
    ],
    [
      'a path without a registry',
      () => write('short', [...images(), file('web/2')]),
      'web:2: KOTS requires a registry in the path',
    ],
    [
      'an image that is listed and missing',
      () => write('missing', images().slice(0, 2)),
      'redis:7.0: its docker archive is missing; KOTS does not report this',
    ],
    [
      'an image under a digest',
      () => write('digest', [...images(), file(`quay.io/team/pinned/sha256/${'a'.repeat(64)}`)]),
      'a docker archive has no digest, and KOTS cannot push it under one',
    ],
    [
      'a path that is no name',
      () => write('name', [...images(), file('quay.io/UPPER/1')]),
      'the path is not the name of an image: "images/docker-archive/quay.io/UPPER/1"',
    ],
    [
      'a file with two images',
      async () =>
        write('two', [...images(), file('quay.io/team/two/1', await dockerSave(['a'], { images: 2 }))]),
      'quay.io/team/two:1: expected one image in its file, got 2',
    ],
    [
      'a file whose manifest.json comes first',
      async () =>
        write('early', [...images(), file('quay.io/team/early/1', await dockerSave(['a'], { early: true }))]),
      'quay.io/team/early:1: manifest.json comes before the layers',
    ],
    [
      'a file that is not an archive',
      () => write('text', [...images(), { name: `${ROOT}/quay.io/team/text/1`, content: 'no tar' }]),
      'quay.io/team/text:1: not a tar file',
    ],
    [
      'a layer that differs from its config',
      async () => {
        const bytes = Buffer.from(web.bytes);
        bytes.write('X', bytes.indexOf('base', 512));
        return write('layer', [...images().slice(0, 1), file('quay.io/team/web/1', { ...web, bytes })], {});
      },
      'digest mismatch',
    ],
  ])('verify names %s', async (_what, make, message) => {
    const { status, stdout } = await run('verify', await make());
    expect([status, stdout]).toEqual([1, expect.stringContaining(message)]);
  });

  it.each<[string, () => Promise<string>, string]>([
    ['an image is missing', () => write('no-redis', images().slice(0, 2)), 'redis:7.0: its docker archive'],
    ['KOTS has no such format', () => write('oci', images(), { format: 'oci', savedImages: NAMES }), '"oci"'],
  ])('load refuses it when %s', async (_what, make, message) => {
    const { status, stderr } = await run('load', await make(), registry.host);
    expect([status, stderr]).toEqual([1, expect.stringContaining(message)]);
  });
});
