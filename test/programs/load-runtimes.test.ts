import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestRegistry } from '../registry/registry.ts';
import { airgap, type Outcome, TempDir } from '../support/airgap.ts';
import { busyboxLayer } from '../support/images/debian.ts';
import {
  artifactOf,
  imageOf,
  indexOf,
  noiseLayer,
  signatureOf,
  type TestImage,
} from '../support/images/image.ts';
import { Containerd } from '../support/programs/containerd.ts';
import { Docker } from '../support/programs/docker.ts';
import { LIMITS, podmanEnvironment, podmanIn } from '../support/programs/podman.ts';
import { lacks } from '../support/programs/program.ts';

const SHELL = 'quay.io/team/shell:1.35';
const MULTI = 'quay.io/team/multi:2';
const CHART = 'quay.io/team/chart:3';

const withoutContainers = lacks('containers of loaded images', 'busybox');

const work = new TempDir();
const bundle = work.file('bundle.tar');
const damaged = work.file('damaged.tar');
let images: { shell: TestImage; multi: TestImage; chart: TestImage };
let pinned: string;
/** A cosign signature, which has the config of an image. */
let signed: string;

beforeAll(async () => {
  const base = await busyboxLayer();
  const shell = imageOf({ layers: [base], types: 'docker', cmd: ['/bin/echo', 'hello from the far side'] });
  const platforms = ['amd64', 'arm64'].map(architecture => ({ os: 'linux', architecture }));
  const noise = await noiseLayer('big', 3_000_000);
  const multi = indexOf(
    platforms.map(platform =>
      imageOf({ layers: [base, noise], platform, cmd: ['/bin/echo', platform.architecture] }),
    ),
  );
  const chart = artifactOf({ subject: shell });
  images = { shell, multi, chart };
  signed = `quay.io/team/shell:${shell.digest.replace(':', '-')}.sig`;
  pinned = `quay.io/team/multi@${multi.digest}`;
  await using registry = await TestRegistry.start();
  registry.push('team/shell:1.35', shell);
  registry.push('team/multi:2', multi);
  registry.push('team/chart:3', chart);
  registry.push(signed.slice('quay.io/'.length), signatureOf(shell));
  writeFileSync(work.file('images.txt'), `${[SHELL, MULTI, CHART, pinned, signed].join('\n')}\n`);
  const args = ['build', 'images.txt', '--platform', 'all', '--mirror', `quay.io=http://${registry.host}`];
  const { stderr, status } = await airgap([...args, '-o', bundle], { cwd: work.path });
  expect(stderr).not.toContain('error');
  expect(status).toBe(0);
  const bytes = readFileSync(bundle);
  const layer = [...(multi.children[0]?.blobs.values() ?? [])].at(-1) as Buffer;
  const offset = bytes.indexOf(layer.subarray(0, 4096)) + 1_000_000;
  bytes[offset] = (bytes[offset] ?? 0) ^ 1;
  writeFileSync(damaged, bytes);
});
afterAll(() => work[Symbol.dispose]());

/** Loads the bundle. @returns the JSON result */
async function load(target: string, env: Record<string, string>, ...flags: string[]) {
  const outcome = await airgap(['load', bundle, target, '--json', ...flags], { env });
  expect(outcome.stderr).not.toContain('error');
  return JSON.parse(outcome.stdout.toString());
}

function states(result: {
  images: { name: string; state: string; found?: string }[];
}): Record<string, string> {
  return Object.fromEntries(result.images.map(({ name, state }) => [name, state]));
}

function configOf(image: TestImage): string {
  return JSON.parse(image.bytes.toString()).config.digest;
}

describe.skipIf(lacks('load into docker', 'docker', 'dockerd'))('docker:', () => {
  let daemon: Docker;
  beforeAll(async () => {
    mkdirSync(work.file('docker-test'));
    daemon = await Docker.start(work.file('docker-test'));
  });
  afterAll(() => daemon?.[Symbol.asyncDispose]());

  it('forecasts, loads a subset, then the rest, then nothing', async () => {
    const env = daemon.environment;
    const forecast = await load('docker:', env, '--dry-run');
    expect(states(forecast)).toMatchObject({ [SHELL]: 'loaded', [pinned]: 'loaded', [CHART]: 'artifact' });
    expect(await daemon.run('image', 'ls', '--quiet')).toBe('');
    expect(states(await load('docker:', env, '--images', SHELL))).toEqual({
      [SHELL]: 'loaded',
      [signed]: 'artifact',
    });
    expect((await daemon.run('image', 'ls', '--format', '{{.Repository}}:{{.Tag}}')).trim()).toBe(SHELL);
    const rest = await load('docker:', env);
    expect(states(rest)).toEqual({
      [SHELL]: 'present',
      [MULTI]: 'loaded',
      [CHART]: 'artifact',
      [signed]: 'artifact',
      [pinned]: 'unnamed',
    });
    expect(rest.images.find((image: { name: string }) => image.name === SHELL).found).toBe(
      configOf(images.shell),
    );
    const again = await load('docker:', env);
    expect(states(again)).toMatchObject({ [MULTI]: 'present', [pinned]: 'present' });
    expect(again.loaded).toEqual({ blobs: 0, bytes: 0 });
  });

  it.skipIf(withoutContainers)('runs a loaded image', async () => {
    expect(await daemon.run('run', '--rm', '--network', 'none', SHELL)).toContain('hello from the far side');
  });

  it('receives no damaged layer', async () => {
    await daemon.run('image', 'rm', MULTI);
    const { stderr, status } = await airgap(['load', damaged, 'docker:'], { env: daemon.environment });
    expect(stderr).toContain('digest');
    expect(status).toBe(4);
    expect(await daemon.run('image', 'ls', '--format', '{{.Repository}}')).not.toContain('multi');
  });
});

describe.skipIf(lacks('load into containerd', 'containerd', 'ctr'))('containerd:', () => {
  let daemon: Containerd;
  beforeAll(async () => {
    mkdirSync(work.file('containerd-test'));
    daemon = await Containerd.start(work.file('containerd-test'));
  });
  afterAll(() => daemon?.[Symbol.asyncDispose]());

  it('receives no damaged layer', async () => {
    const { stderr, status } = await airgap(['load', damaged, 'containerd:'], { env: daemon.environment });
    expect(stderr).toContain('digest');
    expect(status).toBe(4);
    expect(await daemon.ctr('images', 'ls', '--quiet')).toBe('');
  });

  it('imports everything into the given namespace, with unchanged digests and complete indexes', async () => {
    const result = await load('containerd:k8s.io', daemon.environment);
    expect(new Set(Object.values(states(result)))).toEqual(new Set(['loaded']));
    // The CRI plugin adds names to this namespace.
    const names = (await daemon.images('k8s.io')).filter(([name]) => name?.startsWith('quay.io/'));
    expect(names).toEqual(
      [
        [SHELL, images.shell.digest],
        [MULTI, images.multi.digest],
        [CHART, images.chart.digest],
        [pinned, images.multi.digest],
        [signed, signatureOf(images.shell).digest],
      ].sort(),
    );
    expect(await daemon.ctr('images', 'ls', '--quiet')).toBe('');
    const content = await daemon.ctr('--namespace', 'k8s.io', 'content', 'ls', '--quiet');
    for (const child of images.multi.children) expect(content).toContain(configOf(child));
  });

  it("imports an index again when it lacks a child's blob", async () => {
    const [, arm64] = images.multi.children;
    const lost = configOf(arm64 as TestImage);
    await daemon.ctr('--namespace', 'k8s.io', 'content', 'rm', lost);
    const again = await load('containerd:k8s.io', daemon.environment);
    expect(again.loaded.blobs).toBeGreaterThan(0);
    expect(await daemon.ctr('--namespace', 'k8s.io', 'content', 'ls', '--quiet')).toContain(lost);
  });

  it.skipIf(withoutContainers)('runs an imported image', async () => {
    const run = ['run', '--rm', '--snapshotter', 'native', MULTI, `airgap-multi-${process.pid}`];
    expect(await daemon.ctr('--namespace', 'k8s.io', ...run)).toContain('amd64');
  });
});

describe.skipIf(lacks('load into podman', 'podman'))('podman:', () => {
  beforeAll(() => {
    mkdirSync(work.file('podman-test'));
  });

  it('stores names, and reports what it does not support', async () => {
    const env = podmanEnvironment(work.file('podman-test'));
    expect(states(await load('podman:', env, '--images', SHELL))).toEqual({
      [SHELL]: 'loaded',
      [signed]: 'artifact',
    });
    expect(states(await load('podman:', env))).toEqual({
      [SHELL]: 'present',
      [MULTI]: 'loaded',
      [CHART]: 'artifact',
      [signed]: 'artifact',
      [pinned]: 'unnamed',
    });
  });

  it.skipIf(withoutContainers)('runs a loaded image', async () => {
    const podman = podmanIn(work.file('podman-test'));
    expect(await podman('run', '--rm', ...LIMITS, '--network', 'none', SHELL)).toContain(
      'hello from the far side',
    );
  });
});

describe('a faulty runtime', () => {
  /** An environment in which a shell script replaces a program. */
  function fakeProgram(program: string, script: string): Record<string, string> {
    const folder = work.file(`fake-${Math.random()}`);
    mkdirSync(folder);
    writeFileSync(`${folder}/${program}`, `#!/bin/sh\n${script}\n`);
    chmodSync(`${folder}/${program}`, 0o755);
    return { PATH: `${folder}:/usr/bin:/bin` };
  }
  const load = (target: string, env: Record<string, string>) => airgap(['load', bundle, target], { env });
  const expectError = ({ status, stderr }: Outcome, ...words: string[]) => {
    for (const word of words) expect(stderr).toContain(word);
    expect(stderr).not.toContain('\u001b');
    expect(status).toBe(3);
  };

  it.each(['docker', 'podman', 'containerd'])('is not installed: %s', async runtime => {
    const program = runtime === 'containerd' ? 'ctr' : runtime;
    expectError(
      await load(`${runtime}:`, { PATH: '/nonexistent' }),
      `${program} is not installed on this machine`,
    );
  });

  it('fails to list images', async () => {
    const env = fakeProgram(
      'docker',
      'printf "\\033[31mCannot connect to the daemon\\033[0m\\r\\n\\a" >&2; exit 1',
    );
    expectError(await load('docker:', env), 'docker failed to list images: Cannot connect to the daemon');
  });

  it.skipIf(lacks('docker without a daemon', 'docker'))('has no daemon: docker', async () => {
    expectError(
      await load('docker:', { DOCKER_HOST: 'unix:///nonexistent.sock' }),
      'failed to list images',
      'nonexistent',
    );
  });

  it.skipIf(lacks('containerd without a daemon', 'ctr'))('has no daemon: containerd', async () => {
    expectError(
      await load('containerd:', { CONTAINERD_ADDRESS: '/nonexistent' }),
      'failed to list images',
      'nonexistent',
    );
  });

  it('is another program', async () => {
    expectError(await load('podman:', fakeProgram('podman', 'echo usage')), 'unexpected output from podman');
  });

  it.each([
    ['with an error message', 'echo "no space left on device" >&2; exit 1', 'no space left on device'],
    ['without an error message', 'kill -KILL $$', 'SIGKILL'],
  ])('fails during the import, %s', async (_how, end, message) => {
    const env = fakeProgram('docker', `[ $1 = image ] && exit 0; head -c 100000 >/dev/null; ${end}`);
    expectError(await load('docker:', env), 'docker failed to load the bundle:', message);
  });

  it('exits with 0 and does not have the images', async () => {
    expectError(
      await load('docker:', fakeProgram('docker', '[ $1 = image ] || cat >/dev/null')),
      'Docker loaded the bundle but quay.io',
      'is missing',
    );
  });

  it('is stopped by Ctrl-C', async () => {
    const pid = work.file('pid');
    const env = fakeProgram(
      'docker',
      `[ $1 = image ] && exit 0; echo $$ >${pid}; head -c 1500000 >/dev/null; exec sleep 60`,
    );
    const args = ['load', bundle, 'docker:', '--progress', 'json'];
    // At this point the program has read input, so it has written its PID.
    const { status } = await airgap(args, { env, interruptAt: /"received":\d{7}/ });
    expect(status).toBe(130);
    await sleep(100);
    const child = Number(readFileSync(pid, 'utf8'));
    expect(() => process.kill(child, 0)).toThrow();
  });
});

describe('a runtime target', () => {
  it.each([
    [['docker:', '--naming', 'host'], '--naming'],
    [['containerd:', '--plain-http', 'localhost', '--on-existing', 'fail'], '--on-existing, --plain-http'],
    [['podman:x'], 'invalid runtime target'],
    [['containerd:a b'], 'invalid runtime target'],
    [['docker:', '--images', 'nothing:1'], 'no image in the bundle'],
  ])('refuses %j', async (args, words) => {
    const { stderr, status } = await airgap(['load', bundle, ...args]);
    expect(stderr).toContain(words);
    expect(status).toBe(2);
  });

  it('is not a registry host with the same name', async () => {
    const { stderr } = await airgap(['load', bundle, 'docker:1/team', '--plain-http', 'docker:1']);
    expect(stderr).toContain('docker:1');
    expect(stderr).not.toContain('runtime');
  });
});
