import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestRegistry } from '../registry/registry.ts';
import { airgap, TempDir } from '../support/airgap.ts';
import { busyboxLayer } from '../support/images/debian.ts';
import { imageOf, indexOf, noiseLayer, type TestImage } from '../support/images/image.ts';
import { Containerd } from '../support/programs/containerd.ts';
import { Docker } from '../support/programs/docker.ts';
import { podmanEnvironment, podmanIn } from '../support/programs/podman.ts';
import { lacks, output } from '../support/programs/program.ts';

const NAME = 'quay.io/team/shell:1.35';
const MULTI = 'quay.io/team/multi:2';

const withoutContainers = lacks('containers of local images', 'busybox');
const work = new TempDir();
let shell: TestImage;
let multi: TestImage;
let registry: TestRegistry;

beforeAll(async () => {
  const layers = [await busyboxLayer(), await noiseLayer('top', 200_000)];
  shell = imageOf({ layers, cmd: ['/bin/echo', 'hello from this machine'] });
  const arm = imageOf({ layers, platform: { os: 'linux', architecture: 'arm64' } });
  multi = indexOf([shell, arm]);
  registry = await TestRegistry.start();
  registry.push('team/shell:1.35', shell);
  registry.push('team/multi:2', multi);
  writeFileSync(work.file('list.txt'), NAME);
  writeFileSync(work.file('multi.txt'), MULTI);
});
afterAll(async () => {
  await registry[Symbol.asyncDispose]();
  work[Symbol.dispose]();
});

function skopeo(to: string, name = 'team/shell:1.35', ...flags: string[]): Promise<string> {
  return output(
    'skopeo',
    'copy',
    ...flags,
    '--src-tls-verify=false',
    `docker://${registry.host}/${name}`,
    to,
  );
}

interface Built {
  readonly digest: string;
  readonly from: string;
  readonly stderr: string;
}

/** Builds a bundle from a local source alone. @param pattern of the image list and the flags */
async function build(from: string, env: Record<string, string> = {}, ...args: string[]): Promise<Built> {
  const list = args.length > 0 ? args : ['list.txt'];
  const outcome = await airgap(['build', ...list, '--from', from, '-o', 'bundle.tar', '--json'], {
    cwd: work.path,
    env,
  });
  expect(outcome.stderr).not.toContain('error');
  expect(outcome.status).toBe(0);
  const [image] = JSON.parse(outcome.stdout.toString()).images;
  return { ...image, stderr: outcome.stderr };
}

/** The digests of the config of the image in the bundle. */
async function configDigest(): Promise<string> {
  const [image] = JSON.parse(await output('tar', '-xOf', work.file('bundle.tar'), 'manifest.json'));
  return image.Config.replace('blobs/sha256/', 'sha256:');
}

const configOf = (image: TestImage): string => JSON.parse(image.bytes.toString()).config.digest;

describe.skipIf(lacks('layouts of skopeo and umoci', 'skopeo', 'umoci'))('layouts', () => {
  it('of skopeo keep the digest of the registry', async () => {
    await skopeo(`oci:${work.file('skopeo')}:${NAME}`);
    expect(await build('oci:skopeo')).toMatchObject({ digest: shell.digest, from: 'oci:skopeo' });
    await skopeo(`oci-archive:${work.file('skopeo.tar')}:${NAME}`);
    expect(await build('oci-archive:skopeo.tar')).toMatchObject({ digest: shell.digest });
  });

  it('of skopeo with every platform keep the index', async () => {
    await skopeo(`oci:${work.file('multi')}:${MULTI}`, 'team/multi:2', '--all');
    const { digest } = await build('oci:multi', {}, 'multi.txt', '--platform', 'all');
    expect(digest).toBe(multi.digest);
  });

  it('of umoci with a tag alone need the name', async () => {
    await skopeo(`oci:${work.file('umoci')}:base`);
    const image = `${work.file('umoci')}:base`;
    await output('umoci', 'tag', '--image', image, '1.35');
    await output('umoci', 'config', '--image', image, '--tag', 'mine', '--config.user', '65534:65534');
    expect(await build(`${NAME}=oci:umoci:1.35`)).toMatchObject({ digest: shell.digest });
    const changed = await build(`${NAME}=oci:umoci:mine`);
    expect(changed.digest).not.toBe(shell.digest);
    expect((await airgap(['verify', 'bundle.tar'], { cwd: work.path })).status).toBe(0);
  });
});

describe.skipIf(lacks('images of docker', 'docker', 'dockerd', 'skopeo'))('docker', () => {
  let docker: Docker;
  let saved: Built;
  beforeAll(async () => {
    mkdirSync(work.file('docker'));
    docker = await Docker.start(work.file('docker'));
    await skopeo(`docker-archive:${work.file('skopeo-docker.tar')}:${NAME}`);
    await docker.run('load', '--input', work.file('skopeo-docker.tar'));
    await docker.run('save', '--output', work.file('save.tar'), NAME);
    saved = await build('docker-archive:save.tar');
  });
  afterAll(() => docker?.[Symbol.asyncDispose]());

  it('keeps the image ID, and not the digest of the registry, which is said', async () => {
    expect(await configDigest()).toBe(configOf(shell));
    expect(saved.digest).not.toBe(shell.digest);
    expect(saved.stderr).toContain('the digests of 1 of its images may differ');
  });

  it('gives the same digest through the daemon, in the archive of skopeo, and again', async () => {
    const bytes = readFileSync(work.file('bundle.tar'));
    for (const from of ['docker:', 'docker-archive:skopeo-docker.tar', 'docker:']) {
      expect(await build(from, docker.environment)).toMatchObject({ digest: saved.digest, from });
      expect(readFileSync(work.file('bundle.tar')).equals(bytes)).toBe(true);
    }
  });

  it.skipIf(withoutContainers)('runs the image after a load', async () => {
    await docker.run('image', 'rm', NAME);
    const env = docker.environment;
    const { stderr, status } = await airgap(['load', work.file('bundle.tar'), 'docker:'], { env });
    expect(stderr).not.toContain('error');
    expect(status).toBe(0);
    expect(await docker.run('run', '--rm', '--network', 'none', NAME)).toContain('hello from this machine');
  });

  it.skipIf(lacks('images of podman', 'podman'))('and podman give the same digest', async () => {
    mkdirSync(work.file('podman'));
    await podmanIn(work.file('podman'))('load', '--input', work.file('skopeo-docker.tar'));
    const env = podmanEnvironment(work.file('podman'));
    expect(await build('podman:', env)).toMatchObject({ digest: saved.digest, from: 'podman:' });
  });
});

describe.skipIf(lacks('images of containerd', 'containerd', 'ctr', 'skopeo'))('containerd', () => {
  let containerd: Containerd;
  beforeAll(async () => {
    mkdirSync(work.file('containerd'));
    containerd = await Containerd.start(work.file('containerd'));
    await skopeo(`oci-archive:${work.file('one.tar')}:${NAME}`);
    await skopeo(`oci-archive:${work.file('all.tar')}:${MULTI}`, 'team/multi:2', '--all');
    const load = (file: string) =>
      containerd.ctr('-n', 'k8s.io', 'images', 'import', '--no-unpack', '--all-platforms', work.file(file));
    await load('one.tar');
    await load('all.tar');
  });
  afterAll(() => containerd?.[Symbol.asyncDispose]());

  it('keeps the digest of the registry', async () => {
    const built = await build('containerd:k8s.io', containerd.environment);
    expect(built).toMatchObject({ digest: shell.digest, from: 'containerd:k8s.io' });
    expect(built.stderr).not.toContain('may differ');
  });

  it('keeps an index with all platforms, and gives one platform of it', async () => {
    const env = containerd.environment;
    const all = await build('containerd:k8s.io', env, 'multi.txt', '--platform', 'all');
    expect(all.digest).toBe(multi.digest);
    const arm = await build('containerd:k8s.io', env, 'multi.txt', '--platform', 'linux/arm64');
    expect(arm.digest).toBe(multi.children[1]?.digest);
  });
});
