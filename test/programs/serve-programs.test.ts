import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { build } from '@airgap/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sendRequest } from '../registry/client.ts';
import { TestRegistry } from '../registry/registry.ts';
import { TempDir } from '../support/airgap.ts';
import { busyboxLayer } from '../support/images/debian.ts';
import {
  artifactOf,
  imageOf,
  indexOf,
  noiseLayer,
  noiseOf,
  sha256,
  type TestImage,
} from '../support/images/image.ts';
import { makeCertificates } from '../support/programs/certificates.ts';
import { Containerd } from '../support/programs/containerd.ts';
import { Docker } from '../support/programs/docker.ts';
import { LIMITS, podmanIn } from '../support/programs/podman.ts';
import { findProgram, lacks, output } from '../support/programs/program.ts';
import { ServingProcess } from '../support/programs/serving.ts';

const MB = 1_000_000;
const withoutContainers = lacks('containers of served images', 'busybox', 'runc');
const withoutCrane = findProgram('crane') === undefined;
if (withoutCrane)
  process.stderr.write('\nSKIPPED: crane pulling from airgap serve, missing program: crane\n');

const CONFORMANCE = 'oci-conformance';
const withoutConformance = findProgram(CONFORMANCE) === undefined;
if (withoutConformance)
  process.stderr.write(
    `\nSKIPPED: the distribution-spec's conformance tests, missing program: ${CONFORMANCE}\n`,
  );

const HELLO = 'hello from the bundle';
const REDIS = 'docker.io/library/redis:7.0';
const SHELL = 'quay.io/team/shell:1.35';
const CONNECTIONS = 64;
const ROUNDS = 3;
const SIZE = 16 * MB;

const work = new TempDir();
const bundle = work.file('bundle.tar');
const large = noiseOf(1, SIZE);
let redis: TestImage;
let shell: TestImage;
let signature: TestImage;

beforeAll(async () => {
  const base = await busyboxLayer();
  const cmd = ['/bin/echo', HELLO];
  redis = imageOf({ layers: [base], types: 'docker', cmd });
  const arm = imageOf({
    layers: [await noiseLayer('arm', 1000)],
    platform: { os: 'linux', architecture: 'arm64' },
  });
  shell = indexOf([imageOf({ layers: [base], types: 'oci', cmd }), arm]);
  signature = artifactOf({ subject: shell, artifactType: 'application/vnd.test.signature' });
  await using registry = await TestRegistry.start();
  registry.push('library/redis:7.0', redis);
  registry.push('team/shell:1.35', shell);
  registry.push('team/shell:signature', signature);
  registry.push('team/large:1', imageOf({ layers: [large], compression: 'none' }));
  const mirror = [`http://${registry.host}`];
  await build({
    specs: [
      {
        file: 'list.txt',
        text: [REDIS, SHELL, 'quay.io/team/shell:signature', 'quay.io/team/large:1'].join('\n'),
      },
    ],
    output: bundle,
    platforms: 'all',
    mirrors: { 'docker.io': mirror, 'quay.io': mirror },
  });
});
afterAll(() => work[Symbol.dispose]());

describe('airgap serve', () => {
  let registry: ServingProcess;
  beforeAll(async () => {
    registry = await ServingProcess.start([bundle]);
  });
  afterAll(() => registry?.[Symbol.asyncDispose]());

  it.skipIf(lacks('skopeo', 'skopeo'))('serves skopeo unchanged manifests and complete indexes', async () => {
    for (const [name, image] of Object.entries({ [REDIS]: redis, [SHELL]: shell })) {
      const folder = work.file(`skopeo-${image.digest.slice(7, 15)}`);
      await output(
        'skopeo',
        'copy',
        '--all',
        '--src-tls-verify=false',
        `docker://${registry.host}/${name}`,
        `dir:${folder}`,
      );
      expect(readFileSync(`${folder}/manifest.json`).equals(image.bytes)).toBe(true);
    }
    const tags = await output(
      'skopeo',
      'list-tags',
      '--tls-verify=false',
      `docker://${registry.host}/team/shell`,
    );
    expect(JSON.parse(tags).Tags).toEqual(['1.35', 'signature']);
  });

  it.skipIf(lacks('skopeo over TLS', 'skopeo', 'openssl'))(
    'serves skopeo over TLS, with the right credentials only',
    async () => {
      const { ca, server } = await makeCertificates(work.path, 'IP:127.0.0.1');
      const flags = ['--tls-cert', server.cert, '--tls-key', server.key, '--user', 'team'];
      await using secure = await ServingProcess.start([bundle, ...flags], { AIRGAP_PASSWORD: 'a secret' });
      mkdirSync(work.file('certs'));
      writeFileSync(work.file('certs/ca.crt'), readFileSync(ca));
      const inspect = (...login: string[]) =>
        output(
          'skopeo',
          'inspect',
          '--raw',
          '--cert-dir',
          work.file('certs'),
          ...login,
          `docker://${secure.host}/${SHELL}`,
        );
      expect(sha256(Buffer.from(await inspect('--creds', 'team:a secret')))).toBe(shell.digest);
      await expect(inspect('--creds', 'team:wrong')).rejects.toThrow(/unauthorized|authentication required/);
      expect(secure.log).not.toContain('a secret');
    },
  );

  describe.skipIf(lacks('pulls by docker', 'docker', 'dockerd'))('serves docker', () => {
    let docker: Docker;
    beforeAll(async () => {
      docker = await Docker.start(work.path);
    });
    afterAll(() => docker?.[Symbol.asyncDispose]());

    it('images with unchanged digests', async () => {
      for (const [name, image] of Object.entries({ [REDIS]: redis, [SHELL]: shell })) {
        await docker.run('pull', `${registry.host}/${name}`);
        const digests = await docker.run(
          'image',
          'inspect',
          '--format',
          '{{.RepoDigests}}',
          `${registry.host}/${name}`,
        );
        expect(digests).toContain(image.digest);
      }
    });

    it.skipIf(withoutContainers).each([REDIS, SHELL])('%s, and the container runs', async name => {
      const ran = await docker.run('run', '--rm', '--network', 'none', `${registry.host}/${name}`);
      expect(ran).toContain(HELLO);
    });
  });

  describe.skipIf(lacks('pulls by containerd', 'containerd', 'ctr'))('serves containerd', () => {
    let containerd: Containerd;
    beforeAll(async () => {
      containerd = await Containerd.start(work.path);
    });
    afterAll(() => containerd?.[Symbol.asyncDispose]());

    it('as a mirror of the original hosts', async () => {
      for (const host of ['docker.io', 'quay.io']) {
        mkdirSync(work.file(`hosts/${host}`), { recursive: true });
        const text = `[host."http://${registry.host}"]\n  capabilities = ["pull", "resolve"]\n`;
        writeFileSync(work.file(`hosts/${host}/hosts.toml`), text);
      }
      for (const name of [REDIS, SHELL])
        await containerd.ctr(
          'images',
          'pull',
          '--hosts-dir',
          work.file('hosts'),
          '--snapshotter',
          'native',
          name,
        );
      expect(await containerd.images()).toEqual([
        [REDIS, redis.digest],
        [SHELL, shell.digest],
      ]);
      expect(registry.log).toMatch(/GET \/v2\/library\/redis\/\S+ns=docker\.io 200/);
    });

    it.skipIf(withoutContainers)('and the container runs', async () => {
      const container = `airgap-serve-${process.pid}`;
      const ran = await containerd.ctr('run', '--rm', '--snapshotter', 'native', SHELL, container);
      expect(ran).toContain(HELLO);
    });
  });

  describe.skipIf(lacks('pulls by podman', 'podman'))('serves podman', () => {
    const podman = podmanIn(work.path);

    it('images with unchanged digests', async () => {
      for (const [name, image] of Object.entries({ [REDIS]: redis, [SHELL]: shell })) {
        await podman('pull', '--tls-verify=false', `${registry.host}/${name}`);
        const digests = await podman(
          'image',
          'inspect',
          '--format',
          '{{.RepoDigests}}',
          `${registry.host}/${name}`,
        );
        expect(digests).toContain(image.digest);
      }
    });

    it.skipIf(withoutContainers).each([REDIS, SHELL])('%s, and the container runs', async name => {
      const flags = ['--rm', ...LIMITS, '--network', 'none'];
      expect(await podman('run', ...flags, `${registry.host}/${name}`)).toContain(HELLO);
    });
  });

  it.skipIf(withoutCrane)('serves crane, which validates the image', async () => {
    const crane = (...args: string[]) => output('crane', ...args, '--insecure');
    expect((await crane('digest', `${registry.host}/${SHELL}`)).trim()).toBe(shell.digest);
    expect(await crane('validate', '--remote', `${registry.host}/${SHELL}`)).toContain('PASS');
    expect(await crane('catalog', registry.host)).toContain('docker.io/library/redis\n');
    await crane('pull', '--format', 'oci', `${registry.host}/${REDIS}`, work.file('crane'));
    expect(readFileSync(work.file('crane/index.json'), 'utf8')).toContain(redis.digest);
  });
});

describe.skipIf(withoutConformance)('airgap serve and the distribution-spec', () => {
  it('conforms in pull and content discovery', async () => {
    await using registry = await ServingProcess.start([bundle]);
    const [amd64] = shell.children;
    const settings: Record<string, string> = {
      OCI_REGISTRY: registry.host,
      OCI_TLS: 'disabled',
      OCI_REPO1: 'team/shell',
      OCI_RESULTS_DIR: work.file('conformance'),
      OCI_API_PUSH: 'false',
      OCI_API_BLOBS_DELETE: 'false',
      OCI_API_MANIFESTS_DELETE: 'false',
      OCI_API_TAGS_DELETE: 'false',
      OCI_RO_DATA_TAGS: '1.35 signature',
      OCI_RO_DATA_MANIFESTS: [shell, amd64, signature].map(image => image?.digest).join(' '),
      OCI_RO_DATA_BLOBS: [...(amd64?.blobs.keys() ?? [])].join(' '),
      OCI_RO_DATA_REFERRERS: shell.digest,
    };
    const assignments = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
    // For a read-only registry, the program prints the result and then crashes while it writes its report.
    const report = await output('env', ...assignments, 'sh', '-c', `${CONFORMANCE}; true`);
    expect(report).toMatch(/^OCI Conformance Result: Pass$/m);
    for (const api of [
      'Tag listing',
      'Blob get',
      'Blob head',
      'Manifest get by digest',
      'Manifest get by tag',
      'Referrers',
    ])
      expect(report).toMatch(new RegExp(`^ +${api}\\.+: +Pass$`, 'm'));
  });
});

describe(`airgap serve with ${CONNECTIONS} connections`, () => {
  const path = `/v2/team/large/blobs/${large.diffId}`;

  it('has constant memory use, and serves all of them', async () => {
    await using registry = await ServingProcess.start([bundle, '--quiet']);
    await sendRequest(registry.url, path);
    const before = registry.memory().now;
    const sizes = await Promise.all(
      Array.from({ length: CONNECTIONS }, async () => {
        let bytes = 0;
        for (let round = 0; round < ROUNDS; round += 1) bytes += await drain(registry.url + path);
        return bytes;
      }),
    );
    expect(sizes).toEqual(sizes.map(() => ROUNDS * SIZE));
    // One buffer for each connection, and the socket buffers.
    expect(registry.memory().peak - before).toBeLessThan(100 * MB);
    expect(registry.log).toBe('');
  });

  it('releases closed connections', async () => {
    await using registry = await ServingProcess.start([bundle]);
    await sendRequest(registry.url, '/v2/');
    const before = registry.handles();
    const disconnect = () =>
      new Promise(resolve => {
        const request = get(registry.url + path, { agent: false }, response => {
          response.once('data', () => request.destroy());
          response.on('error', () => {}).on('close', resolve);
        });
        request.on('error', () => {});
      });
    await Promise.all(Array.from({ length: CONNECTIONS }, disconnect));
    await expect.poll(() => registry.handles(), { timeout: 5000 }).toBeLessThanOrEqual(before);
    await expect.poll(() => registry.log.match(/, aborted/g)?.length).toBe(CONNECTIONS);
  });

  it('stops on the first Ctrl-C, during a response', async () => {
    await using registry = await ServingProcess.start([bundle]);
    const request = get(registry.url + path, { agent: false });
    const [response] = await once(request, 'response');
    response.pause().on('error', () => {});
    const { status, elapsed } = await registry.end('SIGINT');
    request.destroy();
    expect(status).toBe(0);
    expect(elapsed).toBeLessThan(2000);
  });
});

/** Reads a response and discards its body. @returns the length of the body in bytes */
function drain(url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent: false }, response => {
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
      });
      response.on('end', () => resolve(bytes)).on('error', reject);
    });
    request.on('error', reject);
  });
}
