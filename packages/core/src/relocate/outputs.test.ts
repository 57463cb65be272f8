import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { aliasesOf } from '../reference/aliases.ts';
import { Reference } from '../reference/reference.ts';
import { type Naming, parseTargetLocation, relocate } from '../reference/relocation.ts';
import { containerdAuth } from './containerd-auth.ts';
import { checkHostsNaming, type HostsOptions, hostsFiles, registriesFiles } from './hosts-files.ts';
import { kustomizeImages } from './kustomize-images.ts';
import { mappingJson } from './mapping.ts';
import { checkSecretName, pullSecretManifest } from './pull-secret.ts';
import { renamedImages } from './renamed-image.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const OTHER = `sha256:${'b'.repeat(64)}`;

function renamed(names: readonly string[], target = 'reg.local/v', naming: Naming = 'path') {
  return names.map(text => {
    const name = Reference.parse(text).canonical();
    return { name, newName: relocate(name, parseTargetLocation(target), naming), digest: DIGEST };
  });
}

describe('the aliases of a name', () => {
  it.each([
    [
      'redis:7',
      [
        'redis',
        'library/redis',
        'docker.io/redis',
        'docker.io/library/redis',
        'index.docker.io/redis',
        'index.docker.io/library/redis',
      ],
    ],
    ['team/app', ['team/app', 'docker.io/team/app', 'index.docker.io/team/app']],
    ['docker.io/localhost/app', ['docker.io/localhost/app', 'index.docker.io/localhost/app']],
    [`quay.io/team/app@${DIGEST}`, ['quay.io/team/app']],
  ])('%s', (name, aliases) => {
    const reference = Reference.parse(name);
    expect(aliasesOf(reference)).toEqual(aliases);
    for (const alias of aliases) expect(Reference.parse(alias).name).toBe(reference.name);
  });
});

describe('the mapping', () => {
  const loaded = { name: 'docker.io/library/redis:7', destination: 'reg.local/redis:7', digest: DIGEST };

  it('has old names, new names and digests', () => {
    const images = renamedImages([{ ...loaded, found: undefined, state: 'pushed' }]);
    expect(JSON.parse(mappingJson(parseTargetLocation('reg.local/v'), images))).toEqual({
      registry: 'reg.local',
      prefix: 'v',
      images: [{ name: loaded.name, newName: loaded.destination, digest: DIGEST }],
    });
  });

  it('has the digest in the registry for a skipped tag', () => {
    const [image] = renamedImages([{ ...loaded, found: OTHER, state: 'skipped' }]);
    expect(image?.digest).toBe(OTHER);
  });
});

describe('the list for kustomize', () => {
  const entriesOf = (names: readonly string[], target?: string) =>
    parse(kustomizeImages(renamed(names, target))).images.map(
      ({ name, newName }: { name: string; newName: string }) => `${name} ${newName}`,
    );

  it.each([
    ['one entry for all tags of a name', ['quay.io/a:1', 'quay.io/a:2'], ['quay.io/a reg.local/v/a']],
    [
      'every alias',
      ['me/a'],
      ['me/a reg.local/v/me/a', 'docker.io/me/a reg.local/v/me/a', 'index.docker.io/me/a reg.local/v/me/a'],
    ],
    [
      'an escaped dot if it would match another name',
      ['a.b/app', 'a-b/app'],
      [
        'a\\.b/app reg.local/v/app',
        'a-b/app reg.local/v/a-b/app',
        'docker.io/a-b/app reg.local/v/a-b/app',
        'index.docker.io/a-b/app reg.local/v/a-b/app',
      ],
    ],
    ['an escaped IPv6 host', ['[::1]:5000/a'], ['\\[::1\\]:5000/a reg.local/v/a']],
    [
      'the result of another entry before that entry',
      ['quay.io/a', 'reg.local/v/a', 'reg.local/a'],
      ['reg.local/v/a reg.local/v/v/a', 'reg.local/a reg.local/v/a', 'quay.io/a reg.local/v/a'],
    ],
  ])('has %s', (_what, names, entries) => {
    expect(entriesOf(names).sort()).toEqual([...entries].sort());
    const chained = entries.filter(entry => entry.startsWith('reg.local'));
    expect(entriesOf(names).slice(0, chained.length)).toEqual(chained);
  });
});

describe('the credentials of nodes', () => {
  const login = { username: 'me "x"', password: 'p\\w\u007f' };

  it.each([
    [1, 2, 'io.containerd.grpc.v1.cri'],
    [2, 3, 'io.containerd.cri.v1.images'],
  ] as const)('are written for containerd %i', (version, format, plugin) =>
    expect(containerdAuth(version, 'reg.local:5000', login)).toBe(
      `version = ${format}\n\n[plugins."${plugin}".registry.configs."reg.local:5000".auth]\n  username = "me \\"x\\""\n  password = "p\\\\w\\u007f"\n`,
    ),
  );

  it('are in hosts.toml, which only its owner can read', () => {
    const target = parseTargetLocation('reg.local');
    const images = renamed(['quay.io/a:1'], 'reg.local', 'path');
    const [file] = hostsFiles('certs.d', images, { target, naming: 'path', login });
    const header = Buffer.from(`${login.username}:${login.password}`).toString('base64');
    expect(file?.content).toContain(
      `  [host."https://reg.local/v2".header]\n    Authorization = "Basic ${header}"\n`,
    );
    expect(file?.mode).toBe(0o600);
  });

  it('are absent for a registry without a login', () => {
    const target = parseTargetLocation('reg.local');
    const images = renamed(['quay.io/a:1', 'redis'], 'reg.local', 'path');
    const files = registriesFiles('registries.yaml', images, {
      target,
      naming: 'host',
      insecure: ['reg.local'],
    });
    expect(files.map(({ path, content, mode }) => [path, parse(`${content}`), mode])).toEqual([
      [
        'registries.yaml',
        {
          mirrors: {
            'docker.io': { endpoint: ['https://reg.local'], rewrite: { '^(.*)$': 'docker.io/$1' } },
            'quay.io': { endpoint: ['https://reg.local'], rewrite: { '^(.*)$': 'quay.io/$1' } },
          },
          configs: { 'reg.local': { tls: { insecure_skip_verify: true } } },
        },
        0o600,
      ],
    ]);
  });
});

describe("containerd's hosts.toml", () => {
  const filesOf = (
    names: readonly string[],
    options: Partial<HostsOptions>,
    target: string,
    naming: Naming,
  ) =>
    Object.fromEntries(
      hostsFiles('certs.d', renamed(names, target, naming), {
        ...options,
        target: parseTargetLocation(target),
        naming,
      }).map(({ path, content }) => [path, content]),
    );
  const head = (server: string, api: string) =>
    `server = "${server}"\n\n[host."${api}"]\n  capabilities = ["pull", "resolve"]\n  override_path = true\n`;

  it.each<[string, readonly string[], Partial<HostsOptions>, string, Naming, Record<string, string>]>([
    [
      'for every host, Docker Hub by its API',
      ['redis', 'quay.io/a:1', 'quay.io/b:1'],
      {},
      'reg.local',
      'path',
      {
        'certs.d/docker.io/hosts.toml': head('https://registry-1.docker.io', 'https://reg.local/v2'),
        'certs.d/quay.io/hosts.toml': head('https://quay.io', 'https://reg.local/v2'),
      },
    ],
    [
      'under a prefix and the host',
      ['quay.io:8443/a'],
      { plainHttp: ['reg.local:5000'] },
      'reg.local:5000/x/y',
      'host',
      {
        'certs.d/quay.io:8443/hosts.toml': head(
          'https://quay.io:8443',
          'http://reg.local:5000/v2/x/y/quay.io-8443',
        ),
      },
    ],
    [
      'on loopback without TLS',
      ['quay.io/a'],
      {},
      '127.0.0.1:5000',
      'path',
      { 'certs.d/quay.io/hosts.toml': head('https://quay.io', 'http://127.0.0.1:5000/v2') },
    ],
    [
      'without certificate verification',
      ['quay.io/a'],
      { insecure: ['localhost:5000'] },
      'localhost:5000',
      'path',
      {
        'certs.d/quay.io/hosts.toml': `${head('https://quay.io', 'https://localhost:5000/v2')}  skip_verify = true\n`,
      },
    ],
    [
      'with the certificate authorities of this registry',
      ['quay.io/a'],
      { ca: [{ pem: 'ALL' }, { host: 'reg.local', pem: 'OWN\n' }, { host: 'quay.io', pem: 'OTHER' }] },
      'reg.local',
      'path',
      {
        'certs.d/quay.io/hosts.toml': `${head('https://quay.io', 'https://reg.local/v2')}  ca = "ca.crt"\n`,
        'certs.d/quay.io/ca.crt': 'ALL\nOWN\n',
      },
    ],
  ])('is written %s', (_what, names, options, target, naming, files) => {
    expect(filesOf(names, options, target, naming)).toEqual(files);
  });

  it('is rejected when --naming keeps only the last segment', () => {
    expect(() => checkHostsNaming('kots')).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });
});

describe('the pull secret', () => {
  it.each([
    ['reg.local:5000', 'reg.local:5000'],
    ['docker.io', 'https://index.docker.io/v1/'],
  ])('of %s has the format that a kubelet reads', (host, key) => {
    const secret = parse(pullSecretManifest('key', host, { username: 'u', password: 'p:ä' }));
    expect(secret).toMatchObject({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'key' },
      type: 'kubernetes.io/dockerconfigjson',
    });
    const config = JSON.parse(Buffer.from(secret.data['.dockerconfigjson'], 'base64').toString());
    const auth = Buffer.from('u:p:ä').toString('base64');
    expect(config).toEqual({ auths: { [key]: { username: 'u', password: 'p:ä', auth } } });
  });

  it('cannot be made of an identity token, which is not printed', () => {
    const credentials = { username: '', password: '', identityToken: 'hunter2' };
    const error = expect.objectContaining({ code: 'INPUT', message: expect.not.stringContaining('hunter2') });
    expect(() => pullSecretManifest('key', 'reg.local', credentials)).toThrow(error);
  });

  it.each(['key', 'a.b-c', '0'])('can be named %s', name => {
    expect(() => checkSecretName(name)).not.toThrow();
  });

  it.each(['', 'Key', 'a_b', '-a', 'a..b', 'a'.repeat(254), 'a\nb'])('cannot be named %j', name => {
    expect(() => checkSecretName(name)).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });
});
