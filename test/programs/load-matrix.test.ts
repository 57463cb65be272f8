import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { airgap, TempDir } from '../support/airgap.ts';
import { busyboxLayer, redisLayer } from '../support/images/debian.ts';
import { imageOf, type TestImage } from '../support/images/image.ts';
import { Containerd } from '../support/programs/containerd.ts';
import { Distribution } from '../support/programs/distribution.ts';
import { Docker } from '../support/programs/docker.ts';
import { LIMITS, podmanIn } from '../support/programs/podman.ts';
import { lacks, output } from '../support/programs/program.ts';

const REDIS_PROGRAMS = ['busybox', 'redis-server', 'redis-cli'];
const missingSource = lacks('the load matrix', 'docker-registry');
const withoutSkopeo = lacks('archives in skopeo', 'skopeo');
const withoutDocker = lacks('redis in docker', 'docker', 'dockerd', ...REDIS_PROGRAMS);
const withoutContainerd = lacks('redis in containerd', 'containerd', 'ctr', ...REDIS_PROGRAMS);
const withoutPodman = lacks('redis in podman', 'podman', ...REDIS_PROGRAMS);

const REDIS = 'docker.io/library/redis:7.0';
const SHELL = 'quay.io/team/shell:1.35';
const SPEC = `
replicated_api_version: 2.40.0
images:
- name: redis
  tag: 7.0
- name: quay.io/team/shell
  tag: 1.35
`;

/** Loads one bundle with all supported programs: a schema 2 image and an OCI image that share a layer. */
describe.skipIf(missingSource)('a bundle built from a real registry', () => {
  const work = new TempDir({ 'app.yaml': SPEC });
  const bundle = work.file('bundle.tar');
  let redis: TestImage;
  let shell: TestImage;
  let registry: Distribution;

  beforeAll(async () => {
    const base = await busyboxLayer();
    redis = imageOf({
      layers: [base, await redisLayer()],
      types: 'docker',
      cmd: ['/bin/redis-server', '--save', ''],
    });
    shell = imageOf({ layers: [base], types: 'oci', cmd: ['/bin/echo', 'hello from the far side'] });
    registry = await Distribution.start(work.path);
    await registry.push('library/redis:7.0', redis);
    await registry.push('mirrored/team/shell:1.35', shell);
    const mirrors = [
      '--mirror',
      `docker.io=http://${registry.host}`,
      '--mirror',
      `quay.io=http://${registry.host}/mirrored`,
    ];
    const { status, stderr } = await airgap(['build', 'app.yaml', ...mirrors, '-o', bundle], {
      cwd: work.path,
    });
    expect(stderr).not.toContain('error');
    expect(status).toBe(0);
  });
  afterAll(async () => {
    await registry?.[Symbol.asyncDispose]();
    work[Symbol.dispose]();
  });

  it('verifies', async () => {
    expect((await airgap(['verify', bundle])).status).toBe(0);
  });

  it.skipIf(withoutSkopeo)('is read by skopeo as an OCI archive, with unchanged digests', async () => {
    await output('skopeo', 'copy', `oci-archive:${bundle}:${SHELL}`, `dir:${work.file('shell')}`);
    expect(readFileSync(work.file('shell/manifest.json')).equals(shell.bytes)).toBe(true);
  });

  it.skipIf(withoutSkopeo)('is read by skopeo as a docker archive, with a schema 2 image', async () => {
    await output('skopeo', 'copy', `docker-archive:${bundle}:${REDIS}`, `dir:${work.file('redis')}`);
    const manifest = JSON.parse(readFileSync(work.file('redis/manifest.json'), 'utf8'));
    expect([...redis.blobs.keys()]).toContain(manifest.config.digest);
  });

  it.skipIf(withoutDocker)('loads into docker, and redis runs', async () => {
    await using daemon = await Docker.start(work.path);
    const docker = (...args: string[]) => daemon.run(...args);
    await docker('load', '--input', bundle);
    const names = await docker('image', 'ls', '--format', '{{.Repository}}:{{.Tag}}');
    expect(names.trim().split('\n').sort()).toEqual(['quay.io/team/shell:1.35', 'redis:7.0']);
    expect(await docker('run', '--rm', '--network', 'none', SHELL)).toContain('hello from the far side');
    await docker('run', '--detach', '--name', 'redis', '--network', 'none', REDIS);
    expect(await retried(() => docker('exec', 'redis', '/bin/redis-cli', 'ping'))).toContain('PONG');
    await docker('rm', '--force', 'redis');
  });

  it.skipIf(withoutContainerd)(
    'imports into containerd with unchanged names and digests, and redis runs',
    async () => {
      await using daemon = await Containerd.start(work.path);
      const ctr = (...args: string[]) => daemon.ctr(...args);
      await ctr('images', 'import', '--snapshotter', 'native', bundle);
      expect(await daemon.images()).toEqual([
        [REDIS, redis.digest],
        [SHELL, shell.digest],
      ]);
      expect(
        await ctr('run', '--rm', '--snapshotter', 'native', SHELL, `airgap-shell-${process.pid}`),
      ).toContain('hello from the far side');
      // The state of containerd's runtime is machine-wide, so the container needs a unique name.
      const container = `airgap-${process.pid}`;
      await ctr('run', '--detach', '--snapshotter', 'native', REDIS, container);
      expect(
        await retried(() =>
          ctr('task', 'exec', '--exec-id', `ping-${Date.now()}`, container, '/bin/redis-cli', 'ping'),
        ),
      ).toContain('PONG');
      await ctr('task', 'rm', '--force', container);
    },
  );

  it.skipIf(withoutPodman)('loads into podman with unchanged names, and redis runs', async () => {
    const podman = podmanIn(work.path);
    await podman('load', '--input', bundle);
    const names = await podman('images', '--format', '{{.Repository}}:{{.Tag}}');
    expect(names.trim().split('\n').sort()).toEqual([REDIS, SHELL]);
    expect(await podman('run', '--rm', ...LIMITS, '--network', 'none', SHELL)).toContain(
      'hello from the far side',
    );
    await podman('run', '--detach', ...LIMITS, '--name', 'redis', '--network', 'none', REDIS);
    expect(await retried(() => podman('exec', 'redis', '/bin/redis-cli', 'ping'))).toContain('PONG');
    await podman('rm', '--force', '--time', '0', 'redis');
  });
});

/** Retries a command while a server starts. */
async function retried(run: () => Promise<string>): Promise<string> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await run();
    } catch (error) {
      if (tries === 25) throw error;
      await sleep(200);
    }
  }
}
