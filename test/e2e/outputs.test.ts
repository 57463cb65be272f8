import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { openOutputs } from '@airgap/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { TestRegistry } from '../registry/registry.ts';
import { airgap, TempDir } from '../support/airgap.ts';
import { imageOf, indexOf, noiseLayer, type TestImage } from '../support/images/image.ts';
import { makeCertificates } from '../support/programs/certificates.ts';
import { Containerd } from '../support/programs/containerd.ts';
import { Distribution } from '../support/programs/distribution.ts';
import { findProgram, missingPrograms, output } from '../support/programs/program.ts';

const missing = missingPrograms('docker-registry', 'containerd', 'ctr', 'openssl', 'htpasswd');
if (missing.length > 0)
  process.stderr.write(`\nSKIPPED: outputs in real programs, missing programs: ${missing.join(', ')}\n`);
const withoutKustomize = findProgram('kustomize') === undefined;
if (withoutKustomize) process.stderr.write('\nSKIPPED: the list for kustomize, missing program: kustomize\n');

const REDIS = 'docker.io/library/redis:7.0';
const APP = 'quay.io/team/app:1';
const LIST = 'images:\n- name: redis\n  tag: "7.0"\n- name: quay.io/team/app\n  tag: 1\n';
const POD = `apiVersion: v1
kind: Pod
metadata:
  name: web # keep
spec:
  containers:
  - { name: a, image: "redis:7.0" }
  - name: b
    image:   index.docker.io/library/redis:7.0
  - name: c
    image: quay.io/team/app:1   # and this
`;
const TEMPLATED = `${POD}  - name: d\n    image: "{{repl LocalRegistryHost}}/d:1"\n`;

const work = new TempDir({ 'images.yaml': LIST, 'pod.yaml': POD });
const bundle = work.file('bundle.tar');
let redis: TestImage;
let app: TestImage;

beforeAll(async () => {
  await using registry = await TestRegistry.start();
  redis = imageOf({ layers: [await noiseLayer('redis', 1000)], types: 'docker' });
  app = indexOf([imageOf({ layers: [await noiseLayer('app', 1000)] })]);
  registry.push('library/redis:7.0', redis);
  registry.push('team/app:1', app);
  const mirrors = ['docker.io', 'quay.io'].flatMap(host => ['--mirror', `${host}=http://${registry.host}`]);
  const built = await airgap(['build', work.file('images.yaml'), ...mirrors, '-o', bundle]);
  expect(built.status, built.stderr).toBe(0);
});
afterAll(() => work[Symbol.dispose]());

/** Writes outputs with a dry run against an empty registry. */
async function dryRun(flags: readonly string[], env: Record<string, string> = {}) {
  await using registry = await TestRegistry.start();
  const outcome = await airgap(['load', bundle, `${registry.host}/v`, '--dry-run', ...flags], {
    cwd: work.path,
    env,
  });
  return { ...outcome, host: registry.host };
}

describe('a dry run of a load', () => {
  it('writes the mapping, and reports it on stderr', async () => {
    const { host, status, stdout, stderr } = await dryRun(['--mapping', 'new/mapping.json', '--json']);
    expect(status, stderr).toBe(0);
    expect(stderr).toContain('wrote new/mapping.json: image mapping\n');
    const images = [
      { name: REDIS, newName: `${host}/v/library/redis:7.0`, digest: redis.digest },
      { name: APP, newName: `${host}/v/team/app:1`, digest: app.digest },
    ];
    expect(JSON.parse(readFileSync(work.file('new/mapping.json'), 'utf8'))).toEqual({
      registry: host,
      prefix: 'v',
      images,
    });
    expect(JSON.parse(stdout.toString()).outputs).toEqual({
      files: [{ kind: 'mapping', path: 'new/mapping.json' }],
      replaced: 0,
      skipped: [],
    });
  });

  it('names images as the proxy serves them, also where specs name them in this way', async () => {
    const proxied = 'proxy.vendor.test/proxy/shop';
    writeFileSync(
      work.file('proxied.yaml'),
      POD.replace('quay.io/team/app:1', `${proxied}/quay.io/team/app:1`),
    );
    const outputs = await openOutputs({
      target: 'ghcr.io/vendor',
      mapping: work.file('moved.json'),
      rewrite: { specs: [work.file('proxied.yaml')], directory: work.file('moved') },
      domains: { proxyDomain: 'proxy.vendor.test' },
      proxyNames: { app: 'shop', proxy: 'proxy.vendor.test' },
    });
    const image = (name: string, destination: string) => ({ name, destination, digest: app.digest });
    const images = [
      image(REDIS, 'ghcr.io/vendor/library/redis:7.0'),
      image(APP, 'ghcr.io/vendor/team/app:1'),
    ].map(loaded => ({ ...loaded, found: undefined, state: 'pushed' as const }));
    await outputs.write({ images });
    const moved = readFileSync(work.file('moved/proxied.yaml'), 'utf8');
    expect(moved).toContain(`image: ${proxied}/ghcr.io/vendor/team/app:1 `);
    expect(moved).toContain(`"${proxied}/ghcr.io/vendor/library/redis:7.0"`);
    const mapping = JSON.parse(readFileSync(work.file('moved.json'), 'utf8'));
    expect(mapping.images[1]).toMatchObject({ name: APP, newName: `${proxied}/ghcr.io/vendor/team/app:1` });
  });

  it.each<[string, string[], string]>([
    ['without an application', [], 'no application slug is set'],
    [
      'with mirrors of nodes',
      ['--app', 'shop', '--hosts-toml', 'certs.d'],
      'mirrors lead nodes to the target',
    ],
    ['for a registry with a port', ['--app', 'shop'], 'cannot contain the port'],
    ['with a pull secret', ['--app', 'shop', '--pull-secret', 's.yaml'], 'a pull secret is for the target'],
  ])('does not name images as the proxy does %s', async (_what, flags, words) => {
    const { status, stderr } = await dryRun(['--proxy-names', '--mapping', 'none.json', ...flags]);
    expect(stderr).toContain(words);
    expect([status, existsSync(work.file('none.json'))]).toEqual([2, false]);
  });

  it.each<[string, string[], string]>([
    ['over the bundle', ['--mapping', 'bundle.tar'], 'conflicts with'],
    ['over the bundle through a symbolic link', ['--mapping', 'link-to-bundle'], 'conflicts with'],
    [
      'over a spec through a linked folder',
      ['--mapping', 'link-to-specs/pod.yaml', '--specs', 'specs', '--rewrite', 'out'],
      'conflicts with specs',
    ],
    [
      'among the rewritten specs',
      ['--kustomize', 'out/specs/pod.yaml', '--specs', 'specs', '--rewrite', 'out'],
      'conflicts with out',
    ],
    ['over another output', ['--mapping', 'specs/../one', '--kustomize', 'one'], 'two outputs'],
    [
      'over another output through a symbolic link',
      ['--mapping', 'specs/new', '--kustomize', 'link-to-specs/new'],
      'two outputs',
    ],
  ])('writes nothing %s', async (_where, flags, words) => {
    mkdirSync(work.file('specs'), { recursive: true });
    writeFileSync(work.file('specs/pod.yaml'), POD);
    if (!existsSync(work.file('link-to-specs'))) {
      symlinkSync('specs', work.file('link-to-specs'));
      symlinkSync('bundle.tar', work.file('link-to-bundle'));
    }
    const before = readFileSync(bundle);
    const { status, stderr } = await dryRun(flags);
    expect(stderr).toContain(words);
    expect(status).toBe(2);
    expect(readFileSync(bundle).equals(before)).toBe(true);
    expect(readFileSync(work.file('specs/pod.yaml'), 'utf8')).toBe(POD);
  });

  it('writes specs with the references of the mapping, and otherwise unchanged', async () => {
    mkdirSync(work.file('vendor/.hidden'), { recursive: true });
    const files = {
      'pod.yaml': Buffer.from(`\uFEFF${TEMPLATED.replaceAll('\n', '\r\n')}`),
      'list.yaml': Buffer.from(LIST),
      '.hidden/notes.bin': Buffer.from([0xff, 0, 0xfe]),
    };
    for (const [name, bytes] of Object.entries(files)) writeFileSync(work.file(`vendor/${name}`), bytes);
    writeFileSync(work.file('vendor/run.sh'), '#!/bin/sh\n', { mode: 0o755 });
    const flags = ['--specs', 'vendor', '--specs', 'pod.yaml', '--rewrite', 'out', '--json'];
    const { host, status, stdout, stderr } = await dryRun(flags);
    expect(status, stderr).toBe(0);
    const renamed = files['pod.yaml']
      .toString()
      .replace(/(index\.docker\.io\/library\/)?redis:7\.0/g, `${host}/v/library/redis:7.0`)
      .replace('quay.io/team/app:1', `${host}/v/team/app:1`);
    expect(readFileSync(work.file('out/vendor/pod.yaml'), 'utf8')).toBe(renamed);
    for (const name of ['list.yaml', '.hidden/notes.bin'] as const)
      expect(readFileSync(work.file(`out/vendor/${name}`)).equals(files[name])).toBe(true);
    expect(statSync(work.file('out/vendor/run.sh')).mode & 0o777).toBe(0o755);
    expect(JSON.parse(stdout.toString()).outputs).toMatchObject({
      replaced: 6,
      skipped: [{ position: { file: 'vendor/pod.yaml', line: 13, column: 12 } }],
    });
    expect(stderr).toContain('vendor/pod.yaml:13:12: skipped: {{repl LocalRegistryHost}}/d:1 is known only');
    const found = await airgap(['images', work.file('out/vendor/pod.yaml')]);
    expect(found.stdout.toString().trim().split('\n').sort()).toEqual([
      `${host}/v/library/redis:7.0`,
      `${host}/v/team/app:1`,
    ]);
  });

  it('writes a pull secret with mode 0600, and pods that use it', async () => {
    const auth = Buffer.from('me:hunter2').toString('base64');
    writeFileSync(work.file('secret.yaml'), 'old', { mode: 0o644 });
    await using registry = await TestRegistry.start();
    writeFileSync(work.file('config.json'), JSON.stringify({ auths: { [registry.host]: { auth } } }));
    const flags = ['--pull-secret', 'key=secret.yaml', '--specs', 'pod.yaml', '--rewrite', 'secret'];
    const { status, stdout, stderr } = await airgap(['load', bundle, registry.host, '--dry-run', ...flags], {
      cwd: work.path,
      env: { DOCKER_CONFIG: work.path },
    });
    expect(status, stderr).toBe(0);
    expect(statSync(work.file('secret.yaml')).mode & 0o777).toBe(0o600);
    const data = secretDataOf(work.file('secret.yaml'));
    expect(JSON.parse(Buffer.from(data, 'base64').toString()).auths[registry.host].password).toBe('hunter2');
    expect(stdout + stderr).not.toMatch(new RegExp(`hunter2|${auth}|${data}`));
    expect(readFileSync(work.file('secret/pod.yaml'), 'utf8')).toContain(
      'spec:\n  imagePullSecrets:\n  - name: key\n  containers:\n',
    );
  });

  it('rewrites literal references in a chart, and reports what is skipped', async () => {
    mkdirSync(work.file('charts/web/templates'), { recursive: true });
    mkdirSync(work.file('charts/kustomized'));
    const template = POD.replace('redis:7.0"', '{{ .Values.image }}"');
    writeFileSync(work.file('charts/web/Chart.yaml'), 'name: web\nversion: 1.0.0\napiVersion: v2\n');
    writeFileSync(work.file('charts/web/templates/pod.yaml'), template);
    writeFileSync(work.file('charts/web/.helmignore'), '*.bak\n');
    writeFileSync(work.file('charts/old.tgz'), 'packed');
    writeFileSync(work.file('charts/kustomized/kustomization.yaml'), 'resources: [pod.yaml]\n');
    writeFileSync(work.file('charts/kustomized/pod.yaml'), POD);
    const { status, stderr } = await dryRun(['--specs', 'charts', '--rewrite', 'local']);
    expect(status, stderr).toBe(0);
    for (const line of [
      'charts/old.tgz:1:1: skipped: a packaged chart',
      'charts/kustomized/kustomization.yaml:1:1: skipped: a kustomization',
      'charts/web/templates/pod.yaml:7:23: skipped: {{ .Values.image }} is known only',
      'wrote local: 6 files, 2 images replaced, 3 skipped',
    ])
      expect(stderr).toContain(line);
    expect(readFileSync(work.file('local/charts/kustomized/pod.yaml'), 'utf8')).toBe(POD);
    expect(existsSync(work.file('local/charts/web/.helmignore'))).toBe(true);
  });
});

describe('before any request, a load refuses', () => {
  it.each([
    ['--hosts-toml with a naming that drops paths', ['--hosts-toml', 'd', '--naming', 'kots'], 'USAGE'],
    ['--rewrite without --specs', ['--rewrite', 'd'], 'USAGE'],
    ['--specs without --rewrite', ['--specs', 'pod.yaml'], 'USAGE'],
    ['specs on standard input', ['--specs', '-', '--rewrite', 'd'], 'USAGE'],
    ['missing specs', ['--specs', 'nowhere', '--rewrite', 'd'], 'INPUT'],
    ['copies inside the specs', ['--specs', '.', '--rewrite', 'd'], 'USAGE'],
    ['copies over the specs', ['--specs', 'pod.yaml', '--rewrite', '.'], 'USAGE'],
    ['copies that are links to the specs', ['--specs', 'pod.yaml', '--rewrite', 'link'], 'USAGE'],
    ['a copy that is a link to its spec', ['--specs', 'pod.yaml', '--rewrite', 'linked'], 'USAGE'],
    ['two specs of one name', ['--specs', 'pod.yaml', '--specs', './pod.yaml', '--rewrite', 'd'], 'USAGE'],
    ['two outputs in one file', ['--mapping', 'm', '--kustomize', './m'], 'USAGE'],
    ['a folder as a file', ['--mapping', '.'], 'DISK'],
    ['a device', ['--mapping', '/dev/null'], 'DISK'],
    ['a file on standard output', ['--mapping', '-'], 'USAGE'],
    ['a secret on standard output', ['--pull-secret', 'name=-'], 'USAGE'],
    ['a folder on standard output', ['--hosts-toml', '-'], 'USAGE'],
    ['an invalid Secret name', ['--pull-secret', 'Key=s.yaml'], 'USAGE'],
    ['a pull secret without credentials', ['--pull-secret', 's.yaml'], 'INPUT'],
  ])('%s', async (_what, flags, code) => {
    if (!existsSync(work.file('link'))) symlinkSync('.', work.file('link'));
    if (!existsSync(work.file('linked'))) {
      mkdirSync(work.file('linked'));
      symlinkSync('../pod.yaml', work.file('linked/pod.yaml'));
    }
    const before = work.files();
    const target = ['load', bundle, '127.0.0.1:1', '--json'];
    const { stdout } = await airgap([...target, ...flags], { cwd: work.path });
    expect(JSON.parse(stdout.toString()).error).toMatchObject({ code });
    expect(work.files()).toEqual(before);
  });
});

describe.skipIf(withoutKustomize)('kustomize', () => {
  it('replaces all spellings of the references in pods', async () => {
    mkdirSync(work.file('overlay'));
    const { host, status, stderr } = await dryRun(['--kustomize', 'overlay/images.yaml']);
    expect(status, stderr).toBe(0);
    const images = readFileSync(work.file('overlay/images.yaml'), 'utf8');
    const aliases = ['redis', 'library/redis', 'docker.io/redis', 'docker.io/library/redis'].flatMap(name => [
      `${name}:7.0`,
      `${name}@${redis.digest}`,
      `${name}:7.0@${redis.digest}`,
    ]);
    const containers = aliases.map((image, index) => `  - { name: c${index}, image: "${image}" }\n`);
    writeFileSync(work.file('overlay/pod.yaml'), POD + containers.join(''));
    writeFileSync(work.file('overlay/kustomization.yaml'), `resources: [pod.yaml]\n${images}`);
    const kustomized = await output('kustomize', 'build', work.file('overlay'));
    const names = [...kustomized.matchAll(/image: (\S+)/g)].map(match =>
      match[1]?.replace(/[:@](?=7|sha).*/, ''),
    );
    const expected = [...aliases, 'a', 'b'].map(() => `${host}/v/library/redis`);
    expect(names.sort()).toEqual([...expected, `${host}/v/team/app:1`].sort());
  });
});

describe.skipIf(missing.length > 0)('containerd pulls by the old names through hosts.toml', () => {
  const FORMS = [
    ['names', [], ''],
    ['names under a prefix', [], '/some/prefix'],
    ['names with their hosts', ['--naming', 'host'], '/prefix'],
  ] as const;

  it.each(FORMS)('%s', async (_what, naming, prefix) => {
    using folder = new TempDir();
    await using registry = await Distribution.start(folder.path);
    await loadAndPull(folder, `${registry.host}${prefix}`, naming);
  });

  it.each(['--ca', '--insecure'] as const)('from a registry with TLS, loaded with %s', async flag => {
    using folder = new TempDir();
    const { ca, server } = await makeCertificates(folder.path);
    const http = { tls: { certificate: server.cert, key: server.key } };
    await using registry = await Distribution.start(folder.path, { http, host: 'localhost' });
    await loadAndPull(folder, registry.host, [flag, flag === '--ca' ? ca : registry.host]);
  });

  it('from a registry with the credentials of the pull secret', async () => {
    using folder = new TempDir();
    writeFileSync(folder.file('htpasswd'), await output('htpasswd', '-nbB', 'me', 'hunter2'));
    const auth = { htpasswd: { realm: 'test', path: folder.file('htpasswd') } };
    await using registry = await Distribution.start(folder.path, { auth });
    const login = Buffer.from('me:hunter2').toString('base64');
    writeFileSync(
      folder.file('config.json'),
      JSON.stringify({ auths: { [registry.host]: { auth: login } } }),
    );
    const flags = ['--pull-secret', folder.file('secret.yaml')];
    await loadAndPull(folder, `${registry.host}/v`, flags, { DOCKER_CONFIG: folder.path });
  });

  it('from a registry with TLS and a login, with the written files alone', async () => {
    using folder = new TempDir();
    const { ca, server } = await makeCertificates(folder.path);
    writeFileSync(folder.file('htpasswd'), await output('htpasswd', '-nbB', 'me', 'hunter2'));
    await using registry = await Distribution.start(folder.path, {
      http: { tls: { certificate: server.cert, key: server.key } },
      auth: { htpasswd: { realm: 'test', path: folder.file('htpasswd') } },
      host: 'localhost',
    });
    const login = Buffer.from('me:hunter2').toString('base64');
    writeFileSync(
      folder.file('config.json'),
      JSON.stringify({ auths: { [registry.host]: { auth: login } } }),
    );
    const yaml = folder.file('registries.yaml');
    const flags = ['--ca', ca, '--registries-yaml', yaml];
    await loadAndPull(folder, `${registry.host}/v`, flags, { DOCKER_CONFIG: folder.path });
    const secrets = [
      'certs.d/quay.io/hosts.toml',
      'certs.d/auth-containerd-1.toml',
      'certs.d/auth-containerd-2.toml',
    ];
    for (const path of [...secrets, 'registries.yaml'])
      expect([path, statSync(folder.file(path)).mode & 0o777]).toEqual([path, 0o600]);
    expect(parse(readFileSync(yaml, 'utf8'))).toEqual({
      mirrors: {
        'docker.io': { endpoint: [`https://${registry.host}`], rewrite: { '^(.*)$': 'v/$1' } },
        'quay.io': { endpoint: [`https://${registry.host}`], rewrite: { '^(.*)$': 'v/$1' } },
      },
      configs: {
        [registry.host]: {
          auth: { username: 'me', password: 'hunter2' },
          tls: { ca_file: '/etc/rancher/airgap-registry-ca.crt' },
        },
      },
    });
    expect(readFileSync(folder.file('airgap-registry-ca.crt'), 'utf8')).toContain('BEGIN CERTIFICATE');
    // containerd reads its part of the configuration.
    const config = folder.file('config.toml');
    writeFileSync(config, `version = 2\nimports = ["${folder.file('certs.d/auth-containerd-1.toml')}"]\n`);
    const dump = await output('containerd', '--config', config, 'config', 'dump');
    expect(dump).toMatch(
      new RegExp(
        `registry\\.configs\\."${registry.host}"\\.auth\\][^[]*password = "hunter2"[^[]*username = "me"`,
      ),
    );
  });
});

/** Loads the bundle and pulls it with containerd, with the credentials of the pull secret if there is one. */
async function loadAndPull(
  folder: TempDir,
  target: string,
  flags: readonly string[],
  env: Record<string, string> = {},
): Promise<void> {
  const hosts = folder.file('certs.d');
  const loaded = await airgap(['load', bundle, target, '--hosts-toml', hosts, ...flags], { env });
  expect(loaded.status, loaded.stderr).toBe(0);
  expect(readdirSync(hosts).filter(name => !name.startsWith('auth-'))).toEqual(['docker.io', 'quay.io']);
  await using containerd = await Containerd.start(folder.path);
  for (const name of [REDIS, APP])
    await containerd.ctr('content', 'fetch', '--hosts-dir', hosts, ...userOf(folder), name);
  expect(await containerd.images()).toEqual([
    [REDIS, redis.digest],
    [APP, app.digest],
  ]);
}

function userOf(folder: TempDir): string[] {
  const secret = join(folder.path, 'secret.yaml');
  if (!existsSync(secret)) return [];
  const { auths } = JSON.parse(Buffer.from(secretDataOf(secret), 'base64').toString());
  const [credentials] = Object.values(auths) as {
    username: string;
    password: string;
  }[];
  return ['--user', `${credentials?.username}:${credentials?.password}`];
}

/** The base64 data of a pull secret. */
function secretDataOf(path: string): string {
  return /dockerconfigjson: (\S+)\n$/.exec(readFileSync(path, 'utf8'))?.[1] ?? '';
}
