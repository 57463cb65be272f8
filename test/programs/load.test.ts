import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { load } from '@airgap/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestRegistry } from '../registry/registry.ts';
import { airgap, TempDir } from '../support/airgap.ts';
import { busyboxLayer } from '../support/images/debian.ts';
import { imageOf, indexOf, noiseOf, type TestImage } from '../support/images/image.ts';
import { makeCertificates } from '../support/programs/certificates.ts';
import { CraneRegistry } from '../support/programs/crane-registry.ts';
import { Distribution } from '../support/programs/distribution.ts';
import { Docker } from '../support/programs/docker.ts';
import { Nginx } from '../support/programs/nginx.ts';
import { findProgram, lacks, output } from '../support/programs/program.ts';
import { Zot } from '../support/programs/zot.ts';

const ARM64 = { os: 'linux', architecture: 'arm64' };
const images: Record<string, TestImage> = {};
const work = new TempDir();
const bundle = work.file('bundle.tar');

beforeAll(async () => {
  const base = noiseOf(1, 3_000_000);
  const image = (seed: number, more = {}) =>
    imageOf({ layers: [base, noiseOf(seed, 200_000)], compression: 'none', ...more });
  const both = [image(4), image(5, { platform: ARM64 })];
  images['docker.io/library/redis:7.0'] = image(2, { types: 'docker' });
  images['quay.io/team/app:1'] = image(3);
  images['quay.io/team/many:1'] = indexOf(both);
  images['ghcr.io/other/nested:1'] = indexOf([indexOf(both), image(6, { platform: ARM64 })]);
  const pinned = indexOf([image(7), image(8, { platform: ARM64 })], 'docker');
  images[`quay.io/team/pinned@${pinned.digest}`] = pinned;
  await using registry = await TestRegistry.start();
  for (const [name, image] of Object.entries(images)) registry.push(pathOf(name), image);
  writeFileSync(work.file('list.txt'), Object.keys(images).join('\n'));
  const hosts = ['docker.io', 'quay.io', 'ghcr.io'].flatMap(host => [
    '--mirror',
    `${host}=http://${registry.host}`,
  ]);
  const { stderr, status } = await airgap(
    ['build', work.file('list.txt'), '-o', bundle, '--platform', 'all', ...hosts],
    { cwd: work.path },
  );
  expect(stderr).not.toContain('error');
  expect(status).toBe(0);
});
afterAll(() => work[Symbol.dispose]());

/** `REPOSITORY:TAG` or `REPOSITORY:DIGEST` of a name. */
function pathOf(name: string): string {
  return name.replace(/^[^/]+\//, '').replace('@', ':');
}

const withoutSkopeo = lacks('images loaded into registries, read by skopeo', 'skopeo');
const withoutLogin = lacks('loads with TLS and a password', 'openssl', 'htpasswd');
const withoutRegistry = lacks('loads into docker-registry', 'docker-registry');
const withoutNginx = lacks('loads through nginx', 'nginx');
const withoutContainers = lacks('containers of loaded images', 'docker', 'dockerd', 'busybox');

/** A registry implementation. */
interface Kind {
  readonly kind: string;
  readonly program: string;
  /** Whether it supports cross-repository mounts; otherwise blobs are uploaded again. */
  readonly mounts: boolean;
  start(folder: string): Promise<AsyncDisposable & { host: string }>;
  /** Starts the registry as `localhost` with TLS and a password, if it supports them. */
  startClosed?(folder: string, closed: Closed): Promise<AsyncDisposable & { host: string }>;
}
interface Closed {
  readonly cert: string;
  readonly key: string;
  readonly htpasswd: string;
}

const distribution = (kind: string, program: string): Kind => ({
  kind,
  program,
  mounts: true,
  start: folder => Distribution.start(folder, { program }),
  startClosed: (folder, { cert, key, htpasswd }) =>
    Distribution.start(folder, {
      program,
      host: 'localhost',
      http: { tls: { certificate: cert, key } },
      auth: { htpasswd: { realm: 'test', path: htpasswd } },
    }),
});
const kinds: Kind[] = [
  distribution('distribution 2.8', 'docker-registry'),
  distribution('distribution 3', 'registry'),
  {
    kind: 'zot',
    program: 'zot',
    mounts: true,
    start: folder => Zot.start(folder),
    startClosed: (folder, { cert, key, htpasswd }) =>
      Zot.start(folder, { host: 'localhost', tls: { cert, key }, htpasswd }),
  },
  { kind: 'the registry of crane', program: 'crane', mounts: false, start: () => CraneRegistry.start() },
];
for (const { kind, program } of kinds)
  if (findProgram(program) === undefined)
    process.stderr.write(`\nSKIPPED: loads into ${kind}, missing program: ${program}\n`);

describe.each(kinds)('$kind', ({ program, mounts, start, startClosed }) => {
  const absent = findProgram(program) === undefined;

  it.skipIf(absent || withoutSkopeo)(
    'receives the complete bundle with unchanged digests, and nothing the second time',
    async () => {
      using folder = new TempDir();
      await using registry = await start(folder.path);
      const first = await load({ bundle, target: `${registry.host}/vendor` });
      expect(first.images.map(({ state, found, digest }) => [state, found === digest])).toEqual(
        first.images.map(() => ['pushed', true]),
      );
      // The base layer is in four repositories and is uploaded once.
      if (mounts) expect(first.uploaded.bytes).toBeLessThan(2 * 3_000_000);
      for (const [name, { bytes, children }] of Object.entries(images)) {
        const source = `docker://${registry.host}/vendor/${name.replace(/^[^/]+\//, '')}`;
        const raw = await output('skopeo', 'inspect', '--raw', '--tls-verify=false', source);
        expect(raw).toBe(bytes.toString());
        // skopeo does not follow an index in an index.
        if (children.some(child => child.children.length > 0)) continue;
        const flags = children.length > 0 ? ['--all'] : [];
        const destination = `dir:${folder.file('pulled')}`;
        await output(
          'skopeo',
          'copy',
          '--quiet',
          '--preserve-digests',
          '--src-tls-verify=false',
          ...flags,
          source,
          destination,
        );
      }
      const second = await load({ bundle, target: `${registry.host}/vendor` });
      expect(second.uploaded.blobs + second.mounted.blobs).toBe(0);
      expect(second.images.every(({ state }) => state === 'present')).toBe(true);
    },
  );

  if (startClosed === undefined) return;
  it.skipIf(absent || withoutLogin)(
    'requires a password, with TLS and a private certificate authority',
    async () => {
      using folder = new TempDir();
      const { ca, server } = await makeCertificates(folder.path);
      writeFileSync(folder.file('htpasswd'), await output('htpasswd', '-Bbn', 'me', 'a-secret-password'));
      await using registry = await startClosed(folder.path, { ...server, htpasswd: folder.file('htpasswd') });
      const auth = Buffer.from('me:a-secret-password').toString('base64');
      writeFileSync(folder.file('config.json'), JSON.stringify({ auths: { [registry.host]: { auth } } }));
      const loadWith = (env: Record<string, string>) =>
        airgap(['load', bundle, registry.host, '--ca', ca], { cwd: folder.path, env });
      const refused = await loadWith({});
      expect(refused.stderr).toContain(`Log in to ${registry.host}`);
      expect(refused.status).toBe(2);
      const loaded = await loadWith({ DOCKER_CONFIG: folder.path });
      expect(loaded.status).toBe(0);
      expect(String(loaded.stdout) + loaded.stderr).not.toContain('a-secret-password');
    },
  );
});

describe.skipIf(withoutRegistry)('a real registry', () => {
  it.skipIf(withoutNginx)('behind a proxy with a body limit of 1 MB receives chunked uploads', async () => {
    using folder = new TempDir();
    await using registry = await Distribution.start(folder.path);
    await using proxy = await Nginx.start(folder.path, registry.host, {
      location: 'client_max_body_size 1m;',
    });
    const { images: loaded } = await load({ bundle, target: proxy.host });
    expect(loaded.every(({ found, digest }) => found === digest)).toBe(true);
    expect(proxy.responses().some(({ status }) => status === 413)).toBe(true);
  });

  it.skipIf(withoutNginx)('behind a proxy with a rate limit receives the bundle at that rate', async () => {
    using folder = new TempDir();
    await using registry = await Distribution.start(folder.path);
    await using proxy = await Nginx.start(folder.path, registry.host, {
      http: 'limit_req_zone $binary_remote_addr zone=all:1m rate=20r/s; limit_req_status 429;',
      location: 'limit_req zone=all burst=5 nodelay; client_max_body_size 0;',
    });
    const { images: loaded } = await load({ bundle, target: proxy.host });
    expect(loaded.every(({ found, digest }) => found === digest)).toBe(true);
    expect(proxy.responses().some(({ status }) => status === 429)).toBe(true);
  });

  it('that restarts during the load receives the complete bundle', async () => {
    using folder = new TempDir();
    const first = await Distribution.start(folder.path);
    const port = Number(first.host.split(':')[1]);
    let restarted: Promise<Distribution> | undefined;
    const restart = async () => {
      await first[Symbol.asyncDispose]();
      await sleep(500);
      return Distribution.start(folder.path, { port });
    };
    const { images: loaded } = await load({
      bundle,
      target: first.host,
      onEvent: ({ type }) => {
        if (type === 'blob-started') restarted ??= restart();
      },
    });
    await using _registry = await restarted;
    expect(restarted).toBeDefined();
    expect(loaded.every(({ found, digest }) => found === digest)).toBe(true);
  });

  it.skipIf(withoutContainers)('serves images that run as containers', async () => {
    using folder = new TempDir();
    const shell = imageOf({ layers: [await busyboxLayer()], cmd: ['/bin/echo', 'hello from the far side'] });
    await using source = await TestRegistry.start();
    source.push('team/shell:1', shell);
    const shellBundle = folder.file('shell.tar');
    const flags = ['--mirror', `quay.io=http://${source.host}`, '-o', shellBundle];
    expect((await airgap(['build', '-', ...flags], { stdin: 'quay.io/team/shell:1\n' })).status).toBe(0);
    await using registry = await Distribution.start(folder.path);
    await load({ bundle: shellBundle, target: registry.host });
    await using docker = await Docker.start(folder.path);
    const name = `${registry.host}/team/shell:1`;
    await docker.run('pull', name);
    expect(await docker.run('run', '--rm', '--network', 'none', name)).toContain('hello from the far side');
  });
});

describe('airgap load', () => {
  async function loaded(flags: string[], prepare?: (registry: TestRegistry) => void) {
    await using registry = await TestRegistry.start();
    prepare?.(registry);
    const [target = ''] = flags.filter(flag => flag.startsWith('/'));
    const rest = flags.filter(flag => !flag.startsWith('/'));
    const { status, stdout, stderr } = await airgap([
      'load',
      bundle,
      `${registry.host}${target}`,
      '--json',
      ...rest,
    ]);
    return { status, stderr, registry, ...JSON.parse(String(stdout)) };
  }
  const short = ({ destination }: { destination: string }) =>
    destination.replace(/^[^/]+\//, '').replace(/@.*/, '');

  it.each<[string, string[], string[]]>([
    ['the path', [], ['other/nested:1', 'library/redis:7.0', 'team/app:1', 'team/many:1', 'team/pinned']],
    ['a prefix', ['/a/b'], ['a/b/library/redis:7.0', 'a/b/team/app:1']],
    ['the host', ['--naming', 'host'], ['docker.io/library/redis:7.0', 'quay.io/team/app:1']],
    ['the last segment', ['--naming', 'kots', '/p'], ['p/nested:1', 'p/redis:7.0', 'p/app:1', 'p/pinned']],
  ])('maps names by %s', async (_name, flags, expected) => {
    const { status, images } = await loaded(flags);
    expect(status).toBe(0);
    expect(images.map(short)).toEqual(expect.arrayContaining(expected));
  });

  it.each<[string, string[], string[]]>([
    ['a short name', ['--images', 'redis:7.0'], ['library/redis:7.0']],
    ['a pattern', ['--images', 'quay.io/*:1'], ['team/app:1', 'team/many:1']],
    ['several', ['--images', 'redis:7.0', '--images', '*/nested*'], ['library/redis:7.0', 'other/nested:1']],
  ])('loads %s', async (_name, flags, expected) => {
    const { images } = await loaded(flags);
    expect(images.map(short).sort()).toEqual(expected);
  });

  it('pushes nothing in a dry run, and reports the upload size', async () => {
    const { status, dryRun, uploaded, registry, images } = await loaded(['--dry-run']);
    expect([status, dryRun]).toEqual([0, true]);
    expect(uploaded.bytes).toBeGreaterThan(3_000_000);
    expect(images.every(({ found }: { found?: string }) => found === undefined)).toBe(true);
    expect(registry.seen.every(({ step }: { step: string }) => step === 'head' || step === 'other')).toBe(
      true,
    );
  });

  it.each([
    ['overwrite', 0, 'pushed', 2],
    ['skip', 0, 'skipped', 0],
    ['fail', 2, undefined, 0],
  ])(
    'a tag that exists with another digest, with --on-existing %s',
    async (onExisting, expected, state, puts) => {
      await using registry = await TestRegistry.start();
      const loadWith = (...flags: string[]) => airgap(['load', bundle, registry.host, '--json', ...flags]);
      await loadWith('--images', 'quay.io/team/many:1');
      registry.retag('team/many:1', 'team/app:1');
      registry.seen.length = 0;
      const { status, stdout } = await loadWith(
        '--images',
        'quay.io/team/app:1',
        '--on-existing',
        onExisting,
      );
      expect(status).toBe(expected);
      const { images = [] } = JSON.parse(String(stdout));
      expect(images[0]?.state).toBe(state);
      expect(registry.seen.filter(({ step }) => step === 'manifest')).toHaveLength(puts);
    },
  );

  it.each<[string, string[], string, number]>([
    ['a target without a registry', ['load', bundle, 'team'], 'a dot or a port', 2],
    ['a URL', ['load', bundle, 'https://registry.test'], 'Omit the scheme', 2],
    [
      'credentials in the target',
      ['load', bundle, 'me:secret@127.0.0.1:1'],
      'the registry name contains credentials',
      2,
    ],
    ['an invalid prefix', ['load', bundle, '127.0.0.1:1/../x'], 'invalid target registry', 2],
    ['an output over the bundle', ['load', bundle, '127.0.0.1:1', '--mapping', bundle], 'conflicts with', 2],
    [
      'a pattern that matches no name',
      ['load', bundle, '127.0.0.1:1', '--images', 'nothing/*'],
      'no image in the bundle',
      2,
    ],
    ['a missing bundle', ['load', 'nowhere.tar', '127.0.0.1:1'], 'no such file or directory', 2],
  ])('refuses %s', async (_name, args, words, expected) => {
    const { status, stderr } = await airgap(args);
    expect(stderr).toContain(words);
    expect(status).toBe(expected);
  });

  it('reports colliding names before anything is pushed', async () => {
    using folder = new TempDir();
    await using source = await TestRegistry.start();
    const image = (seed: number) => imageOf({ layers: [noiseOf(seed, 100)], compression: 'none' });
    source.push('a/worker:1', image(1));
    source.push('b/worker:1', image(2));
    const colliding = folder.file('colliding.tar');
    const stdin = `${source.host}/a/worker:1\n${source.host}/b/worker:1\n`;
    await airgap(['build', '-', '-o', colliding], { stdin });
    await using registry = await TestRegistry.start();
    const { status, stderr } = await airgap(['load', colliding, registry.host, '--naming', 'kots']);
    expect(stderr).toContain('would both be');
    expect(status).toBe(2);
    expect(registry.seen).toEqual([]);
  });

  it('stops immediately on Ctrl-C', async () => {
    await using registry = await TestRegistry.start();
    registry.fault = ({ step }) => step === 'monolithic';
    const { status } = await airgap(['load', bundle, registry.host, '--progress', 'json'], {
      interruptAt: /blob-started/,
    });
    expect(status).toBe(130);
    expect(readFileSync(bundle).length).toBeGreaterThan(0);
  });
});
