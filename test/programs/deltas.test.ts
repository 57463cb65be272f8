import { copyFileSync, mkdirSync } from 'node:fs';
import { delta, diff, merge } from '@airgap/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { airgap, TempDir } from '../support/airgap.ts';
import { buildBundle } from '../support/bundle.ts';
import { imageOf, noiseLayer } from '../support/images/image.ts';
import { Containerd } from '../support/programs/containerd.ts';
import { Distribution } from '../support/programs/distribution.ts';
import { Docker } from '../support/programs/docker.ts';
import { podmanEnvironment, podmanIn } from '../support/programs/podman.ts';
import { lacks, output } from '../support/programs/program.ts';

const APP = 'registry.test/team/app:1';
const OTHER = 'registry.test/team/other:1';

const work = new TempDir();
const old = work.file('app-1.0.tar');
const full = work.file('app-1.1.tar');
const made = work.file('app-1.1.delta.tar');

beforeAll(async () => {
  const [base, first, second, other] = await Promise.all(
    ['base', 'first', 'second', 'other'].map(seed => noiseLayer(seed, 400_000)),
  );
  if (!base || !first || !second || !other) throw new Error('no layers');
  await buildBundle(
    { 'team/app:1': imageOf({ layers: [base, first] }), 'team/other:1': imageOf({ layers: [other] }) },
    old,
  );
  await buildBundle(
    { 'team/app:1': imageOf({ layers: [base, second] }), 'team/other:1': imageOf({ layers: [other] }) },
    full,
  );
  await delta({ bases: [old], new: full, output: made });
});
afterAll(() => work[Symbol.dispose]());

/** The exit status and the output of a program. */
async function tried(running: Promise<string>): Promise<{ fails: boolean; text: string }> {
  return running.then(
    text => ({ fails: false, text }),
    (error: { stdout?: string; stderr?: string }) => ({
      fails: true,
      text: `${error.stdout}${error.stderr}`,
    }),
  );
}

async function load(target: string, env: Record<string, string>, ...flags: string[]) {
  const { status, stderr } = await airgap(['load', made, target, ...flags], { env });
  return { status, stderr };
}

/** Without base: nothing is imported. With the base in the runtime, or given: the new release is there. */
describe.skipIf(lacks('a delta for docker', 'docker', 'dockerd'))('docker', () => {
  let docker: Docker;
  beforeAll(async () => {
    mkdirSync(work.file('docker'));
    docker = await Docker.start(work.file('docker'));
  });
  afterAll(() => docker?.[Symbol.asyncDispose]());

  it('fails to load a delta by itself while the base is not there', async () => {
    const { fails, text } = await tried(docker.run('load', '--input', made));
    expect(fails).toBe(true);
    expect(text).toContain('no such file or directory');
  });

  it('gets nothing from airgap while the base is not there', async () => {
    const { status, stderr } = await load('docker:', docker.environment);
    expect(stderr).toContain('is a delta: 2 layers');
    expect(stderr).toContain('Docker does not have them');
    expect(stderr).toContain(APP);
    expect(status).toBe(2);
    expect(await docker.run('image', 'ls', '--quiet')).toBe('');
  });

  it('loads a delta once the base was loaded', async () => {
    await docker.run('load', '--input', old);
    const { status, stderr } = await load('docker:', docker.environment);
    expect(stderr).not.toContain('error');
    expect(status).toBe(0);
    const { fails } = await tried(docker.run('load', '--input', made));
    expect(fails).toBe(false);
  });

  it('loads a delta with its base', async () => {
    await docker.run('image', 'rm', '--force', APP, OTHER);
    const { status, stderr } = await load('docker:', docker.environment, '--base', old);
    expect(stderr).not.toContain('error');
    expect(status).toBe(0);
  });
});

describe.skipIf(lacks('a delta for containerd', 'containerd', 'ctr'))('containerd', () => {
  let containerd: Containerd;
  beforeAll(async () => {
    mkdirSync(work.file('containerd'));
    containerd = await Containerd.start(work.file('containerd'));
  });
  afterAll(() => containerd?.[Symbol.asyncDispose]());
  const importInto = (namespace: string, ...args: string[]) =>
    tried(containerd.ctr('--namespace', namespace, 'images', 'import', '--snapshotter', 'native', ...args));

  it('fails to import a delta by itself, and leaves the names behind', async () => {
    const { fails, text } = await importInto('alone', made);
    expect(fails).toBe(true);
    expect(text).toContain('not found');
    expect((await containerd.images('alone')).length).toBeGreaterThan(0);
  });

  it('imports a broken image with --no-unpack, and says nothing', async () => {
    const { fails } = await importInto('trap', '--no-unpack', made);
    expect(fails).toBe(false);
    expect(await containerd.ctr('--namespace', 'trap', 'images', 'check')).toContain('incomplete');
  });

  it('gets nothing from airgap while the base is not there', async () => {
    const { status, stderr } = await load('containerd:empty', containerd.environment);
    expect(stderr).toContain('is a delta: 2 layers');
    expect(status).toBe(2);
    expect(await containerd.images('empty')).toEqual([]);
  });

  it('imports a delta once the base was imported', async () => {
    await importInto('base', old);
    const { status, stderr } = await load('containerd:base', containerd.environment);
    expect(stderr).not.toContain('error');
    expect(status).toBe(0);
    const check = await containerd.ctr('--namespace', 'base', 'images', 'check');
    expect(check).toContain(APP);
    expect(check).not.toContain('incomplete');
  });

  it('imports a delta with its base', async () => {
    const { status, stderr } = await load('containerd:both', containerd.environment, '--base', old);
    expect(stderr).not.toContain('error');
    expect(status).toBe(0);
    expect(await containerd.ctr('--namespace', 'both', 'images', 'check')).not.toContain('incomplete');
  });
});

describe.skipIf(lacks('a delta for podman', 'podman'))('podman', () => {
  beforeAll(() => mkdirSync(work.file('podman')));

  it('never loads a delta by itself, with the base or without', async () => {
    const podman = podmanIn(work.file('podman'));
    expect((await tried(podman('load', '--input', made))).fails).toBe(true);
    await podman('load', '--input', old);
    const { fails, text } = await tried(podman('load', '--input', made));
    expect(fails).toBe(true);
    expect(text).toMatch(/missing|no such file/);
  });

  it('gets a delta only with its base', async () => {
    const env = podmanEnvironment(work.file('podman'));
    const without = await load('podman:', env);
    expect(without.stderr).toContain('podman does not have');
    expect(without.status).toBe(2);
    const { status, stderr } = await load('podman:', env, '--base', old);
    expect(stderr).not.toContain('error');
    expect(status).toBe(0);
  });
});

describe.skipIf(lacks('a delta for registries', 'docker-registry'))('a registry', () => {
  let registry: Distribution;
  beforeAll(async () => {
    registry = await Distribution.start(work.path);
  });
  afterAll(() => registry?.[Symbol.asyncDispose]());
  const into = (prefix: string, bundle: string, ...flags: string[]) =>
    airgap(['load', bundle, `${registry.host}/${prefix}`, '--plain-http', registry.host, ...flags]);
  const exists = async (path: string) => (await fetch(`http://${registry.host}/v2/${path}`)).ok;

  it.skipIf(lacks('skopeo with a delta', 'skopeo'))(
    'gets a delta from skopeo where it has the layers',
    async () => {
      const copy = (name: string) =>
        tried(
          output(
            'skopeo',
            'copy',
            '--dest-tls-verify=false',
            `oci-archive:${made}:${APP}`,
            `docker://${registry.host}/${name}`,
          ),
        );
      const { fails, text } = await copy('nowhere/app:1');
      expect(fails).toBe(true);
      expect(text).toContain('no such file');
      await into('skopeo', old);
      expect((await copy('skopeo/team/app:2')).fails).toBe(false);
    },
  );

  it('gets nothing from a delta while one layer is in no repository of the load', async () => {
    const { status, stderr } = await into('empty', made);
    expect(stderr).toContain('is a delta: 2 layers');
    expect(stderr).toContain(OTHER);
    expect(status).toBe(2);
    for (const name of ['app', 'other']) expect(await exists(`empty/team/${name}/tags/list`)).toBe(false);
    const { digest } = (await diff({ old, new: full })).changed[0]?.addedLayers[0] ?? { digest: '' };
    expect(await exists(`empty/team/app/blobs/${digest}`)).toBe(false);
  });

  it('gets a delta once it has the base', async () => {
    await into('based', old);
    const { status, stderr, stdout } = await into('based', made);
    expect(stderr).not.toContain('error');
    expect(stdout.toString()).toContain('0 blobs, 0 B mounted');
    expect(status).toBe(0);
    const whole = await into('based', full, '--dry-run');
    expect(whole.stdout.toString()).toContain('0 blobs, 0 B to upload');
  });

  it('mounts what another repository of the load has', async () => {
    await into('moved', old);
    const renamed = work.file('renamed.tar');
    const moved = work.file('renamed.delta.tar');
    // The layers of app 1.0 are needed by another repository only.
    const [base, first] = await Promise.all(['base', 'first'].map(seed => noiseLayer(seed, 400_000)));
    const [other] = await Promise.all(['other'].map(seed => noiseLayer(seed, 400_000)));
    if (!base || !first || !other) throw new Error('no layers');
    await buildBundle(
      { 'team/app:1': imageOf({ layers: [other] }), 'team/other:1': imageOf({ layers: [base, first] }) },
      renamed,
    );
    await delta({ bases: [old], new: renamed, output: moved });
    const { status, stderr, stdout } = await into('moved', moved);
    expect(stderr).not.toContain('error');
    expect(stdout.toString()).toMatch(/3 blobs, 1\.2 MB mounted/);
    expect(status).toBe(0);
  });

  it('gets a delta with any files that have the layers', async () => {
    const first = work.file('first.delta.tar');
    copyFileSync(made, first);
    const { status, stderr } = await into('chained', first, '--base', old);
    expect(stderr).not.toContain('error');
    expect(status).toBe(0);
    const output = work.file('merged.tar');
    await merge({ bases: [old], delta: made, output });
    expect((await diff({ old: full, new: output })).differs).toBe(false);
  });
});
