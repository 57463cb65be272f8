import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import type { TLSSocket } from 'node:tls';
import { build as buildBundle } from '@airgap/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serve } from '../registry/handlers.ts';
import { type Handler, TestRegistry } from '../registry/registry.ts';
import { airgap, TempDir } from '../support/airgap.ts';
import { imageOf, noiseOf } from '../support/images/image.ts';
import { type Certificates, makeCertificates } from '../support/programs/certificates.ts';
import { Distribution } from '../support/programs/distribution.ts';
import { lacks, outsideAddress } from '../support/programs/program.ts';
import { Tinyproxy } from '../support/programs/tinyproxy.ts';

const withoutTls = lacks('registries with TLS', 'docker-registry', 'openssl');
const withoutProxy = lacks('proxies', 'tinyproxy');

const outside = outsideAddress();
if (outside === undefined)
  process.stderr.write('\nSKIPPED: proxies, missing an address that is not loopback\n');

const layer = noiseOf(1, 3_000_000);
const image = imageOf({ layers: [layer], compression: 'none' });

describe.concurrent('a registry', () => {
  const work = new TempDir();
  let certificates: Certificates;
  let built = 0;

  beforeAll(async () => {
    if (withoutTls) return;
    certificates = await makeCertificates(work.path, ...(outside ? [`IP:${outside}`] : []));
    await using open = await Distribution.start(work.path);
    await open.push('team/app:1', image);
  });
  afterAll(() => work[Symbol.dispose]());

  /** Builds a bundle of one image. @param host the host of the registry */
  async function build(host: string, flags: string[], env: Record<string, string> = {}) {
    built += 1;
    const output = work.file(`bundle-${built}.tar`);
    const { status, stderr } = await airgap(['build', '-', '-o', output, ...flags], {
      stdin: `${host}/team/app:1\n`,
      env: {
        http_proxy: '',
        https_proxy: '',
        no_proxy: '',
        HTTP_PROXY: '',
        HTTPS_PROXY: '',
        NO_PROXY: '',
        ...env,
      },
    });
    return { status, stderr };
  }

  /** The same storage, served with TLS. */
  function secure(tls: object = {}, address?: string): Promise<Distribution> {
    const { cert, key } = certificates.server;
    const names = address ? { host: address, listen: address } : { host: 'localhost' };
    return Distribution.start(work.path, { ...names, http: { tls: { certificate: cert, key, ...tls } } });
  }

  it.skipIf(withoutTls).each<[string, (host: string) => string[], number, string]>([
    ['a certificate authority for this host', host => ['--ca', `${host}=${certificates.ca}`], 0, ''],
    ['a certificate authority for all hosts', () => ['--ca', certificates.ca], 0, ''],
    ['no verification', host => ['--insecure', host], 0, ''],
    [
      'a certificate authority for another host',
      () => ['--ca', `other.test=${certificates.ca}`],
      3,
      '--ca localhost',
    ],
    ['no certificate authority', () => [], 3, 'is not trusted'],
    [
      'a CA file without a certificate',
      () => ['--ca', work.file('ca.key')],
      2,
      'invalid TLS certificate or key',
    ],
  ])('with TLS, and %s', async (_name, flags, status, words) => {
    await using registry = await secure();
    const outcome = await build(registry.host, flags(registry.host));
    expect(outcome.stderr).toContain(words);
    expect(outcome.status).toBe(status);
  });

  it.skipIf(withoutTls)('with TLS uses the certificate authority in SSL_CERT_FILE', async () => {
    await using registry = await secure();
    expect(await build(registry.host, [], { SSL_CERT_FILE: certificates.ca })).toMatchObject({ status: 0 });
  });

  it.skipIf(withoutTls)(
    'with TLS uses the certificate authorities in the folders of SSL_CERT_DIR',
    async () => {
      await using registry = await secure();
      using folder = new TempDir({ README: 'no certificate', 'broken.pem': '-----BEGIN CERTIFICATE-----' });
      copyFileSync(certificates.ca, folder.file('authority.pem'));
      symlinkSync('authority.pem', folder.file('0a1b2c3d.0'));
      execFileSync('mkfifo', [folder.file('pipe')]);
      const env = { SSL_CERT_DIR: `/nonexistent:${folder.path}` };
      expect(await build(registry.host, [], env)).toMatchObject({ status: 0 });
    },
  );

  it.skipIf(withoutTls).each<[string, () => string[], number]>([
    [
      'accepts a build with one',
      () => ['--cert', certificates.client.cert, '--key', certificates.client.key],
      0,
    ],
    ['rejects a build without one', () => [], 3],
  ])('that requires a client certificate %s', async (_name, flags, status) => {
    await using registry = await secure({ clientcas: [certificates.ca] });
    const outcome = await build(registry.host, ['--ca', certificates.ca, '--timeout', '5', ...flags()]);
    expect(outcome.status).toBe(status);
  });

  it.skipIf(withoutTls)(
    'that is named for a client certificate gets it, and no other registry does',
    async () => {
      const hosts = ['one.test', 'two.test'];
      const folder = work.file('two-registries');
      mkdirSync(folder);
      const { ca, server, client } = await makeCertificates(folder, ...hosts.map(host => `DNS:${host}`));
      await using proxy = await TestRegistry.start({ tls: { certificate: server, clientAuthority: ca } });
      const seen = new Set<string>();
      const record: Handler = (request, response) => {
        const { subject } = (request.incoming.socket as TLSSocket).getPeerCertificate();
        seen.add(`${request.url.hostname} got ${subject?.CN ?? 'none'}`);
        serve(request, response);
      };
      proxy.hosts = Object.fromEntries(hosts.map(host => [`https://${host}`, record]));
      const read = (path: string) => readFileSync(path, 'utf8');
      await buildBundle({
        specs: [{ file: 'list.txt', text: hosts.map(host => `${host}/team/app:1`).join('\n') }],
        output: work.file('two-registries.tar'),
        proxy: { https: `http://${proxy.host}` },
        ca: [{ pem: read(ca) }],
        clientCertificates: [{ host: 'one.test', cert: read(client.cert), key: read(client.key) }],
      });
      expect(seen).toEqual(new Set(['one.test got client', 'two.test got none']));
    },
  );

  describe.skipIf(withoutTls || withoutProxy || outside === undefined)('behind a proxy', () => {
    const env = (proxy: Tinyproxy, user = '', no = '') => {
      const url = `http://${user}${proxy.host}`;
      return { HTTP_PROXY: url, HTTPS_PROXY: url, NO_PROXY: no };
    };
    const address = String(outside);

    it('is reached through it without TLS', async () => {
      await using registry = await Distribution.start(work.path, { host: address, listen: address });
      await using proxy = await Tinyproxy.start(work.path);
      const outcome = await build(registry.host, ['--plain-http', registry.host], env(proxy));
      expect(outcome.stderr).not.toContain('error');
      expect(proxy.log).toContain(`GET http://${registry.host}/v2/team/app/manifests/1`);
    });

    it('is reached through a tunnel with TLS, with its own certificate authority', async () => {
      await using registry = await secure({}, address);
      await using proxy = await Tinyproxy.start(work.path);
      const outcome = await build(registry.host, ['--ca', `${registry.host}=${certificates.ca}`], env(proxy));
      expect(outcome.stderr).not.toContain('error');
      expect(outcome.status).toBe(0);
      expect(proxy.log).toContain(`CONNECT ${registry.host}`);
    });

    it('is reached directly when NO_PROXY has its network', async () => {
      await using registry = await secure({}, address);
      await using proxy = await Tinyproxy.start(work.path);
      const outcome = await build(registry.host, ['--ca', certificates.ca], env(proxy, '', `${address}/24`));
      expect(outcome.status).toBe(0);
      expect(proxy.log).not.toContain(`CONNECT ${registry.host}`);
    });

    it.each<[string, string, number, string]>([
      ['accepts the right password', 'me:geheim@', 0, ''],
      ['rejects a wrong password', 'me:falsch@', 3, 'the proxy refused to connect to'],
      ['requires credentials', '', 3, 'answered 407'],
    ])('that %s', async (_name, user, status, words) => {
      await using registry = await secure({}, address);
      await using proxy = await Tinyproxy.start(work.path, 'BasicAuth me geheim');
      const outcome = await build(registry.host, ['--ca', certificates.ca], env(proxy, user));
      expect(outcome.stderr).toContain(words);
      expect(outcome.stderr).not.toMatch(/geheim|falsch/);
      expect(outcome.status).toBe(status);
    });

    it('that forbids the port fails with a clear error', async () => {
      await using registry = await secure({}, address);
      await using proxy = await Tinyproxy.start(work.path, 'ConnectPort 443');
      const outcome = await build(registry.host, ['--ca', certificates.ca], env(proxy));
      expect(outcome.stderr).toContain('answered 403');
      expect(outcome.stderr).toContain('NO_PROXY');
      expect(outcome.status).toBe(3);
    });
  });

  describe('with mirrors', () => {
    let open: TestRegistry;
    beforeAll(async () => {
      open = await TestRegistry.start();
      open.push('team/app:1', image);
    });
    afterAll(() => open[Symbol.asyncDispose]());

    it.each<[string, (open: string, empty: string) => string[], number]>([
      ['is not contacted when the mirror has the image', host => [host], 0],
      ['falls back to the next mirror when the first lacks the image', (host, empty) => [empty, host], 0],
      ['falls back to the next mirror when the first is down', host => ['127.0.0.1:1', host], 0],
      ['is contacted last', (_host, empty) => [empty], 3],
    ])('%s', async (_name, mirrors, status) => {
      await using empty = await TestRegistry.start();
      const flags = mirrors(open.host, empty.host).flatMap(host => [
        '--mirror',
        `registry.invalid=http://${host}`,
      ]);
      const outcome = await build('registry.invalid', flags);
      expect(outcome.status).toBe(status);
      if (status !== 0) expect(outcome.stderr).toContain('host not found: registry.invalid');
    });

    it('resumes a blob from another mirror', async () => {
      await using broken = await TestRegistry.start();
      broken.push('team/app:1', image);
      broken.fault = ({ path }, response, content) => {
        if (!path.endsWith(layer.diffId)) return false;
        response.writeHead(200, { 'content-length': content?.length ?? 0 });
        response.write(content?.subarray(0, 1_000_000), () => response.destroy());
        broken.fault = (_request, next) => Boolean(next.writeHead(403).end());
        return true;
      };
      const flags = [broken.host, open.host].flatMap(host => ['--mirror', `registry.invalid=http://${host}`]);
      const outcome = await build('registry.invalid', flags);
      expect(outcome.stderr).toContain('trying the next source');
      expect(outcome.status).toBe(0);
    });
  });
});
