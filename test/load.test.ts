import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { load } from '@airgap/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { airgap, TempDir } from './airgap.ts';
import { busyboxLayer } from './images/debian.ts';
import { imageOf, indexOf, noiseOf, type TestImage } from './images/image.ts';
import { makeCertificates } from './programs/certificates.ts';
import { CraneRegistry } from './programs/crane-registry.ts';
import { Distribution } from './programs/distribution.ts';
import { Docker } from './programs/docker.ts';
import { Nginx } from './programs/nginx.ts';
import { findProgram, missingPrograms, output } from './programs/program.ts';
import { Zot } from './programs/zot.ts';
import { PushRegistry } from './registry/push-registry.ts';
import { TestRegistry } from './registry/registry.ts';

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
  for (const [name, one] of Object.entries(images)) registry.push(place(name), one);
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

/** `REPOSITORY:TAG` of a name, or with its digest. */
function place(name: string): string {
  return name.replace(/^[^/]+\//, '').replace('@', ':');
}

const missing = missingPrograms(
  'docker-registry',
  'skopeo',
  'nginx',
  'openssl',
  'htpasswd',
  'docker',
  'dockerd',
);
if (missing.length > 0)
  process.stderr.write(`\nSKIPPED: loads into real registries, for want of ${missing.join(', ')}\n`);

/** A registry program of its own code base, or of an older one. */
interface Kind {
  readonly kind: string;
  readonly program: string;
  /** Whether it takes a blob over from another repository; else that is uploaded once more. */
  readonly mounts: boolean;
  start(folder: string): Promise<AsyncDisposable & { host: string }>;
  /** As `localhost`, behind TLS and a password; without it the registry has neither. */
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
    process.stderr.write(`\nSKIPPED: loads into ${kind}, for want of ${program}\n`);

describe.skipIf(missing.length > 0).each(kinds)('$kind', ({ program, mounts, start, startClosed }) => {
  const absent = findProgram(program) === undefined;

  it.skipIf(absent)('takes a whole bundle, every digest as it was, and a second time nothing', async () => {
    using there = new TempDir();
    await using registry = await start(there.path);
    const first = await load({ bundle, target: `${registry.host}/vendor` });
    expect(first.images.map(({ state, found, digest }) => [state, found === digest])).toEqual(
      first.images.map(() => ['pushed', true]),
    );
    // The base is in four repositories, and crosses the wire once.
    if (mounts) expect(first.uploaded.bytes).toBeLessThan(2 * 3_000_000);
    for (const [name, { bytes, children }] of Object.entries(images)) {
      const at = `docker://${registry.host}/vendor/${name.replace(/^[^/]+\//, '')}`;
      const raw = await output('skopeo', 'inspect', '--raw', '--tls-verify=false', at);
      expect(raw).toBe(bytes.toString());
      // skopeo does not follow an index in an index.
      if (children.some(child => child.children.length > 0)) continue;
      const flags = children.length > 0 ? ['--all'] : [];
      const to = `dir:${there.file('pulled')}`;
      await output(
        'skopeo',
        'copy',
        '--quiet',
        '--preserve-digests',
        '--src-tls-verify=false',
        ...flags,
        at,
        to,
      );
    }
    const second = await load({ bundle, target: `${registry.host}/vendor` });
    expect(second.uploaded.blobs + second.mounted.blobs).toBe(0);
    expect(second.images.every(({ state }) => state === 'present')).toBe(true);
  });

  if (startClosed === undefined) return;
  it.skipIf(absent)('asks for a password, behind TLS with an authority of its own', async () => {
    using there = new TempDir();
    const { ca, server } = await makeCertificates(there.path);
    writeFileSync(there.file('htpasswd'), await output('htpasswd', '-Bbn', 'me', 'a-secret-password'));
    await using registry = await startClosed(there.path, { ...server, htpasswd: there.file('htpasswd') });
    const auth = Buffer.from('me:a-secret-password').toString('base64');
    writeFileSync(there.file('config.json'), JSON.stringify({ auths: { [registry.host]: { auth } } }));
    const into = (env: Record<string, string>) =>
      airgap(['load', bundle, registry.host, '--ca', ca], { cwd: there.path, env });
    const refused = await into({});
    expect(refused.stderr).toContain(`Log in to ${registry.host}`);
    expect(refused.status).toBe(3);
    const loaded = await into({ DOCKER_CONFIG: there.path });
    expect(loaded.status).toBe(0);
    expect(String(loaded.stdout) + loaded.stderr).not.toContain('a-secret-password');
  });
});

describe.skipIf(missing.length > 0)('a real registry', () => {
  it('behind a proxy that takes a megabyte at once gets everything in chunks', async () => {
    using there = new TempDir();
    await using registry = await Distribution.start(there.path);
    await using proxy = await Nginx.start(there.path, registry.host, {
      location: 'client_max_body_size 1m;',
    });
    const { images: loaded } = await load({ bundle, target: proxy.host });
    expect(loaded.every(({ found, digest }) => found === digest)).toBe(true);
    expect(proxy.responses().some(({ status }) => status === 413)).toBe(true);
  });

  it('behind a proxy that wants to be left alone is left alone', async () => {
    using there = new TempDir();
    await using registry = await Distribution.start(there.path);
    await using proxy = await Nginx.start(there.path, registry.host, {
      http: 'limit_req_zone $binary_remote_addr zone=all:1m rate=20r/s; limit_req_status 429;',
      location: 'limit_req zone=all burst=5 nodelay; client_max_body_size 0;',
    });
    const { images: loaded } = await load({ bundle, target: proxy.host });
    expect(loaded.every(({ found, digest }) => found === digest)).toBe(true);
    expect(proxy.responses().some(({ status }) => status === 429)).toBe(true);
  });

  it('that is restarted in the middle has everything in the end', async () => {
    using there = new TempDir();
    const first = await Distribution.start(there.path);
    const port = Number(first.host.split(':')[1]);
    let restarted: Promise<Distribution> | undefined;
    const restart = async () => {
      await first[Symbol.asyncDispose]();
      await sleep(500);
      return Distribution.start(there.path, { port });
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

  it('has images from which containers run', async () => {
    using there = new TempDir();
    const shell = imageOf({ layers: [await busyboxLayer()], cmd: ['/bin/echo', 'hello from the far side'] });
    await using source = await TestRegistry.start();
    source.push('team/shell:1', shell);
    const own = there.file('shell.tar');
    const flags = ['--mirror', `quay.io=http://${source.host}`, '-o', own];
    expect((await airgap(['build', '-', ...flags], { stdin: 'quay.io/team/shell:1\n' })).status).toBe(0);
    await using registry = await Distribution.start(there.path);
    await load({ bundle: own, target: registry.host });
    await using docker = await Docker.start(there.path);
    const name = `${registry.host}/team/shell:1`;
    await docker.run('pull', name);
    expect(await docker.run('run', '--rm', '--network', 'none', name)).toContain('hello from the far side');
  });
});

describe('airgap load', () => {
  async function loaded(flags: string[], prepare?: (registry: PushRegistry) => void) {
    await using registry = await PushRegistry.start();
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
  ])('names images by %s', async (_name, flags, expected) => {
    const { status, images } = await loaded(flags);
    expect(status).toBe(0);
    expect(images.map(short)).toEqual(expect.arrayContaining(expected));
  });

  it.each<[string, string[], string[]]>([
    ['a name as a pod has it', ['--images', 'redis:7.0'], ['library/redis:7.0']],
    ['a pattern', ['--images', 'quay.io/*:1'], ['team/app:1', 'team/many:1']],
    ['several', ['--images', 'redis:7.0', '--images', '*/nested*'], ['library/redis:7.0', 'other/nested:1']],
  ])('takes %s', async (_name, flags, expected) => {
    const { images } = await loaded(flags);
    expect(images.map(short).sort()).toEqual(expected);
  });

  it('pushes nothing in a rehearsal, and says how much it would be', async () => {
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
    ['skip', 0, 'kept', 0],
    ['fail', 2, undefined, 0],
  ])('a tag that stands for something else, with --on-existing %s', async (how, expected, state, puts) => {
    await using registry = await PushRegistry.start();
    const into = (...flags: string[]) => airgap(['load', bundle, registry.host, '--json', ...flags]);
    await into('--images', 'quay.io/team/many:1');
    registry.retag('team/many:1', 'team/app:1');
    registry.seen.length = 0;
    const { status, stdout } = await into('--images', 'quay.io/team/app:1', '--on-existing', how);
    expect(status).toBe(expected);
    const { images = [] } = JSON.parse(String(stdout));
    expect(images[0]?.state).toBe(state);
    expect(registry.seen.filter(({ step }) => step === 'manifest')).toHaveLength(puts);
  });

  it.each<[string, string[], string, number]>([
    ['no registry', ['load', bundle, 'team'], 'a dot or a port', 2],
    ['a URL', ['load', bundle, 'https://registry.test'], 'Omit the scheme', 2],
    [
      'a login in the name',
      ['load', bundle, 'me:secret@127.0.0.1:1'],
      'the registry name contains credentials',
      2,
    ],
    ['a prefix that is none', ['load', bundle, '127.0.0.1:1/../x'], 'invalid target registry', 2],
    ['an output over the bundle', ['load', bundle, '127.0.0.1:1', '--mapping', bundle], 'in the way', 2],
    [
      'a name that nobody has',
      ['load', bundle, '127.0.0.1:1', '--images', 'nobody/*'],
      'no image of the bundle',
      2,
    ],
    ['no bundle', ['load', 'nowhere.tar', '127.0.0.1:1'], 'there is no such file', 2],
  ])('refuses %s', async (_name, args, words, expected) => {
    const { status, stderr } = await airgap(args);
    expect(stderr).toContain(words);
    expect(status).toBe(expected);
  });

  it('tells of names that collide before anything is pushed', async () => {
    using there = new TempDir();
    await using source = await TestRegistry.start();
    const one = (seed: number) => imageOf({ layers: [noiseOf(seed, 100)], compression: 'none' });
    source.push('a/worker:1', one(1));
    source.push('b/worker:1', one(2));
    const own = there.file('own.tar');
    const stdin = `${source.host}/a/worker:1\n${source.host}/b/worker:1\n`;
    await airgap(['build', '-', '-o', own], { stdin });
    await using registry = await PushRegistry.start();
    const { status, stderr } = await airgap(['load', own, registry.host, '--naming', 'kots']);
    expect(stderr).toContain('would both be');
    expect(status).toBe(2);
    expect(registry.seen).toEqual([]);
  });

  it('ends at once on Ctrl-C', async () => {
    await using registry = await PushRegistry.start();
    registry.fault = ({ step }) => step === 'monolithic';
    const { status } = await airgap(['load', bundle, registry.host, '--progress', 'json'], {
      interruptAt: /blob-started/,
    });
    expect(status).toBe(130);
    expect(readFileSync(bundle).length).toBeGreaterThan(0);
  });
});
