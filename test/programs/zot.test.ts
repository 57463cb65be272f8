import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestRegistry } from '../registry/registry.ts';
import { airgap, TempDir } from '../support/airgap.ts';
import { imageOf, noiseLayer, type TestImage } from '../support/images/image.ts';
import { findProgram, missingPrograms, output } from '../support/programs/program.ts';
import { Zot, type ZotOptions } from '../support/programs/zot.ts';

const missing = missingPrograms('skopeo', 'htpasswd').concat(findProgram('zot') === undefined ? ['zot'] : []);
if (missing.length > 0) process.stderr.write(`\nSKIPPED: zot's limits, missing ${missing.join(', ')}\n`);

const APP = 'quay.io/team/app:1';
const work = new TempDir({ 'app.txt': `${APP}\n` });
let previous: TestImage;
let next: TestImage;

/** Builds a bundle with this image. */
async function build(image: TestImage, bundle: string): Promise<void> {
  await using registry = await TestRegistry.start();
  registry.push('team/app:1', image);
  const args = ['build', 'app.txt', '--mirror', `quay.io=http://${registry.host}`, '-o', bundle];
  const { status, stderr } = await airgap(args, { cwd: work.path });
  expect(stderr).not.toContain('error');
  expect(status).toBe(0);
}

beforeAll(async () => {
  previous = imageOf({ layers: [await noiseLayer('old', 1000)] });
  next = imageOf({ layers: [await noiseLayer('next', 1000)] });
  await build(previous, 'old.tar');
  await build(next, 'next.tar');
  await build(imageOf({ layers: [await noiseLayer('docker', 1000)], types: 'docker' }), 'docker.tar');
});
afterAll(() => work[Symbol.dispose]());

describe.skipIf(missing.length > 0)('zot', () => {
  const load = (bundle: string, { host }: Zot, ...flags: string[]) =>
    airgap(['load', bundle, host, ...flags], { cwd: work.path, env: { DOCKER_CONFIG: work.path } });

  /** Starts a zot with the user `me` and these permissions. */
  async function startFor(folder: string, allowed: ZotOptions['allowed']): Promise<Zot> {
    const htpasswd = work.file('htpasswd');
    writeFileSync(htpasswd, await output('htpasswd', '-Bbn', 'me', 'a-secret-password'));
    const zot = await Zot.start(folder, { htpasswd, ...(allowed && { allowed }) });
    const auth = Buffer.from('me:a-secret-password').toString('base64');
    writeFileSync(work.file('config.json'), JSON.stringify({ auths: { [zot.host]: { auth } } }));
    return zot;
  }
  const raw = ({ host }: Zot) =>
    output(
      'skopeo',
      'inspect',
      '--raw',
      '--tls-verify=false',
      '--creds=me:a-secret-password',
      `docker://${host}/team/app:1`,
    );

  it('with immutable tags accepts a bundle twice, and rejects another image under the same tag', async () => {
    using folder = new TempDir();
    await using zot = await startFor(folder.path, ['read', 'create']);
    expect((await load('old.tar', zot)).status).toBe(0);
    expect((await load('old.tar', zot)).status).toBe(0);
    const rejected = await load('next.tar', zot, '--on-existing', 'overwrite');
    expect(rejected.stderr).toContain('overwriting an existing tag may need more permissions');
    expect(rejected.stderr).toContain('team/app:1');
    expect(rejected.status).toBe(2);
    expect((await load('next.tar', zot, '--on-existing', 'skip')).status).toBe(0);
    expect(await raw(zot)).toBe(previous.bytes.toString());
  });

  it('with mutable tags is updated to the new image', async () => {
    using folder = new TempDir();
    await using zot = await startFor(folder.path, ['read', 'create', 'update']);
    expect((await load('old.tar', zot)).status).toBe(0);
    expect((await load('next.tar', zot, '--on-existing', 'overwrite')).status).toBe(0);
    expect(await raw(zot)).toBe(next.bytes.toString());
  });

  it('with read access only rejects a load', async () => {
    using folder = new TempDir();
    await using zot = await startFor(folder.path, ['read']);
    const { status, stderr } = await load('old.tar', zot);
    expect(stderr).toContain('upload of the blob to team/app');
    expect(status).toBe(2);
  });

  it('without docker2s2 compatibility rejects schema 2 manifests with a hint', async () => {
    using folder = new TempDir();
    await using zot = await Zot.start(folder.path, { acceptsDocker: false });
    const { status, stderr } = await load('docker.tar', zot);
    expect(stderr).toContain('application/vnd.docker.distribution.manifest.v2+json');
    expect(stderr).toContain('docker2s2');
    expect(status).toBe(3);
  });
});
