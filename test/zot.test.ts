import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { airgap, Workplace } from './airgap.ts';
import { imageOf, noiseLayer, type TestImage } from './images/image.ts';
import { findProgram, missingPrograms, output } from './programs/program.ts';
import { Zot, type ZotOptions } from './programs/zot.ts';
import { TestRegistry } from './registry/registry.ts';

const missing = missingPrograms('skopeo', 'htpasswd').concat(findProgram('zot') === undefined ? ['zot'] : []);
if (missing.length > 0) process.stderr.write(`\nSKIPPED: zot's limits, for want of ${missing.join(', ')}\n`);

const APP = 'quay.io/team/app:1';
const work = new Workplace({ 'app.txt': `${APP}\n` });
let old: TestImage;
let next: TestImage;

/** Builds a bundle in which the one name stands for this image. */
async function build(image: TestImage, bundle: string): Promise<void> {
  await using registry = await TestRegistry.start();
  registry.push('team/app:1', image);
  const args = ['build', 'app.txt', '--mirror', `quay.io=http://${registry.host}`, '-o', bundle];
  const { status, stderr } = await airgap(args, { cwd: work.path });
  expect(stderr).not.toContain('error');
  expect(status).toBe(0);
}

beforeAll(async () => {
  old = imageOf({ layers: [await noiseLayer('old', 1000)] });
  next = imageOf({ layers: [await noiseLayer('next', 1000)] });
  await build(old, 'old.tar');
  await build(next, 'next.tar');
  await build(imageOf({ layers: [await noiseLayer('docker', 1000)], types: 'docker' }), 'docker.tar');
});
afterAll(() => work[Symbol.dispose]());

describe.skipIf(missing.length > 0)('zot', () => {
  const load = (bundle: string, { host }: Zot, ...flags: string[]) =>
    airgap(['load', bundle, host, ...flags], { cwd: work.path, env: { DOCKER_CONFIG: work.path } });

  /** One that knows `me`, who may do this. */
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

  it('with immutable tags takes a bundle twice, and keeps its tag from another image', async () => {
    using there = new Workplace();
    await using zot = await startFor(there.path, ['read', 'create']);
    expect((await load('old.tar', zot)).status).toBe(0);
    expect((await load('old.tar', zot)).status).toBe(0);
    const refused = await load('next.tar', zot, '--on-existing', 'overwrite');
    expect(refused.stderr).toContain('not over a tag that exists');
    expect(refused.stderr).toContain('team/app:1');
    expect(refused.status).toBe(3);
    expect((await load('next.tar', zot, '--on-existing', 'skip')).status).toBe(0);
    expect(await raw(zot)).toBe(old.bytes.toString());
  });

  it('that allows updates has the new image in the end', async () => {
    using there = new Workplace();
    await using zot = await startFor(there.path, ['read', 'create', 'update']);
    expect((await load('old.tar', zot)).status).toBe(0);
    expect((await load('next.tar', zot, '--on-existing', 'overwrite')).status).toBe(0);
    expect(await raw(zot)).toBe(next.bytes.toString());
  });

  it('that allows reading alone gets nothing', async () => {
    using there = new Workplace();
    await using zot = await startFor(there.path, ['read']);
    const { status, stderr } = await load('old.tar', zot);
    expect(stderr).toContain('upload of the blob to team/app');
    expect(status).toBe(3);
  });

  it('that was not told to take schema 2 manifests says so', async () => {
    using there = new Workplace();
    await using zot = await Zot.start(there.path, { takesDocker: false });
    const { status, stderr } = await load('docker.tar', zot);
    expect(stderr).toContain('application/vnd.docker.distribution.manifest.v2+json');
    expect(stderr).toContain('docker2s2');
    expect(status).toBe(3);
  });
});
