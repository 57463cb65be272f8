import {
  closeSync,
  copyFileSync,
  openSync,
  readFileSync,
  renameSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type AirgapEvent, build, type Serving, serve } from '@airgap/core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Reply, type RequestOptions, sendRequest } from '../registry/client.ts';
import { TestRegistry } from '../registry/registry.ts';
import { TempDir } from '../support/airgap.ts';
import { layoutOf } from '../support/bundle.ts';
import { artifactOf, imageOf, indexOf, noiseOf, type TestImage, tarOf } from '../support/images/image.ts';
import { makeCertificates } from '../support/programs/certificates.ts';
import { lacks } from '../support/programs/program.ts';

const ANY_PORT = { host: '127.0.0.1', port: 0 };
const UNKNOWN_DIGEST = `sha256:${'0'.repeat(64)}`;
const SIZE = 1_000_000;

const layer = noiseOf(1, SIZE);
const small = noiseOf(2, 3000);
const app = imageOf({ layers: [layer], compression: 'none' });
const many = indexOf([app, imageOf({ layers: [small], platform: { os: 'linux', architecture: 'arm64' } })]);
const schema2 = imageOf({ layers: [small], types: 'docker' });
const unrelated = imageOf({ layers: [noiseOf(3, 500)] });
const signature = artifactOf({
  subject: app,
  artifactType: 'application/vnd.test.signature',
  annotations: { 'org.example.key': 'value' },
});
const untyped = artifactOf({ subject: app });

/** The images of the bundle by name. */
const IMAGES: Record<string, TestImage> = {
  'docker.io/library/redis:7.0': schema2,
  'quay.io/team/app:1': app,
  'quay.io/team/app:many': many,
  'quay.io/team/app:signature': signature,
  'quay.io/team/app:untyped': untyped,
  'ghcr.io/team/app:1': unrelated,
  'ghcr.io/team/app:only-here': unrelated,
  'docker.io/team/tool:1': app,
  'alpha.example/team/tool:1': unrelated,
  'registry.test:5000/ported/app:1': app,
};
for (const tag of ['a', 'b', 'c', 'd', 'e']) IMAGES[`quay.io/team/tags:${tag}`] = schema2;

/** Builds a bundle of these images from a test registry. */
async function bundleOf(path: string, images: Record<string, TestImage>): Promise<void> {
  await using registry = await TestRegistry.start();
  for (const [name, image] of Object.entries(images)) registry.push(name.replace(':5000/', '/'), image);
  await buildFrom(`http://${registry.host}`, path, Object.keys(images));
}

/** @param origin URL of a registry that has each image under its full name without the port */
async function buildFrom(origin: string, path: string, names: readonly string[]): Promise<void> {
  const hosts = new Set(names.map(name => name.slice(0, name.indexOf('/'))));
  await build({
    specs: [{ file: 'list.txt', text: names.join('\n') }],
    output: path,
    platforms: 'all',
    mirrors: Object.fromEntries([...hosts].map(host => [host, `${origin}/${host.replace(':5000', '')}`])),
  });
}

function errorsOf({ body }: Reply): string[] {
  return JSON.parse(body.toString()).errors.map(({ code }: { code: string }) => code);
}

const work = new TempDir();
const bundle = work.file('bundle.tar');
const events: AirgapEvent[] = [];
let registry: Serving;

const get = (target: string, options?: RequestOptions) => sendRequest(registry.url, target, options);

beforeAll(async () => {
  await bundleOf(bundle, IMAGES);
  registry = await serve({ bundles: [bundle], listen: ANY_PORT, onEvent: event => events.push(event) });
});
afterAll(async () => {
  await registry?.[Symbol.asyncDispose]();
  work[Symbol.dispose]();
});

describe('manifests', () => {
  it.each([
    ['a tag', 'quay.io/team/app', '1', app],
    ['a digest', 'quay.io/team/app', app.digest, app],
    ['an index', 'quay.io/team/app', 'many', many],
    [
      'a child of an index',
      'quay.io/team/app',
      many.children[1]?.digest ?? '',
      many.children[1] as TestImage,
    ],
    ['schema 2', 'library/redis', '7.0', schema2],
    ['an artifact', 'quay.io/team/app', 'signature', signature],
  ])('are served by %s, byte for byte', async (_what, name, reference, image) => {
    for (const method of ['GET', 'HEAD']) {
      const { status, headers, body } = await get(`/v2/${name}/manifests/${reference}`, { method });
      expect(status).toBe(200);
      expect(headers).toMatchObject({
        'content-type': image.mediaType,
        'content-length': String(image.bytes.length),
        'docker-content-digest': image.digest,
        etag: `"${image.digest}"`,
      });
      expect(body.equals(method === 'GET' ? image.bytes : Buffer.alloc(0))).toBe(true);
    }
  });

  it.each([
    [`"${app.digest}"`, 304],
    [`"x", W/"${app.digest}"`, 304],
    ['*', 304],
    [`"${many.digest}"`, 200],
  ])('respond to If-None-Match: %s with %i', async (etags, status) => {
    const reply = await get('/v2/quay.io/team/app/manifests/1', { headers: { 'If-None-Match': etags } });
    expect([reply.status, reply.body.length]).toEqual([status, status === 304 ? 0 : app.bytes.length]);
  });
});

describe('blobs', () => {
  const path = `/v2/quay.io/team/app/blobs/${layer.diffId}`;

  it('are served completely, and by HEAD', async () => {
    const complete = await get(path);
    expect(complete.body.equals(layer.bytes)).toBe(true);
    const head = await get(path, { method: 'HEAD' });
    for (const { status, headers } of [complete, head]) {
      expect(status).toBe(200);
      expect(headers).toMatchObject({
        'content-type': 'application/octet-stream',
        'content-length': String(SIZE),
        'docker-content-digest': layer.diffId,
        'accept-ranges': 'bytes',
      });
    }
    expect(head.body.length).toBe(0);
  });

  it.each([
    ['bytes=0-0', 206, 0, 1],
    ['bytes=10-19', 206, 10, 20],
    ['bytes=999990-', 206, 999_990, SIZE],
    ['bytes=-10', 206, 999_990, SIZE],
    ['bytes=0-', 206, 0, SIZE],
    ['bytes=5-99999999999999999999', 206, 5, SIZE],
    ['bytes=-99999999', 206, 0, SIZE],
    ['Bytes=1-2', 206, 1, 3],
    ['bytes = 1-2', 200, 0, SIZE],
    ['bytes=1000000-', 416, 0, 0],
    ['bytes=99999999999999999999-', 416, 0, 0],
    ['bytes=-0', 416, 0, 0],
    ['bytes=9-3', 200, 0, SIZE],
    ['bytes=-', 200, 0, SIZE],
    ['bytes=0-1,5-6', 200, 0, SIZE],
    ['bytes=a-b', 200, 0, SIZE],
    ['lines=0-1', 200, 0, SIZE],
    ['', 200, 0, SIZE],
  ])('respond to Range: %s with %i', async (range, status, start, end) => {
    const reply = await get(path, { headers: { Range: range } });
    expect(reply.status).toBe(status);
    if (status === 416) {
      expect(reply.headers['content-range']).toBe(`bytes */${SIZE}`);
      return;
    }
    expect(reply.body.equals(layer.bytes.subarray(start, end))).toBe(true);
    const contentRange = status === 206 ? `bytes ${start}-${end - 1}/${SIZE}` : undefined;
    expect(reply.headers['content-range']).toBe(contentRange);
  });

  it('ignore Range for HEAD', async () => {
    const { status, headers } = await get(path, { method: 'HEAD', headers: { Range: 'bytes=0-9' } });
    expect([status, headers['content-length']]).toEqual([200, String(SIZE)]);
  });
});

describe('names', () => {
  it.each([
    ['the full name', 'quay.io/team/app', '1', app],
    ['the path of two hosts: the first host in alphabetical order', 'team/app', '1', unrelated],
    ['the path, when only the second host has the tag', 'team/app', 'many', many],
    ['the path, with docker.io before the alphabetical order', 'team/tool', '1', app],
    ["docker's short name", 'redis', '7.0', schema2],
    ["docker's short name with the host", 'docker.io/redis', '7.0', schema2],
    ['index.docker.io', 'index.docker.io/library/redis', '7.0', schema2],
    ["a mirror's ns", 'library/redis', '7.0?ns=docker.io', schema2],
    ["a mirror's ns and the full name", 'docker.io/library/redis', '7.0?ns=docker.io', schema2],
    ['an ns when two hosts have the path', 'team/app', '1?ns=quay.io', app],
    ['an ns with a port', 'ported/app', '1?ns=registry.test:5000', app],
    ['an empty ns', 'team/app', '1?ns=', unrelated],
    ['the path of a host with a port', 'ported/app', '1', app],
  ])('are found by %s', async (_what, name, reference, image) => {
    const { headers } = await get(`/v2/${name}/manifests/${reference}`);
    expect(headers['docker-content-digest']).toBe(image.digest);
  });

  it.each([
    ['another host', 'library/redis', '7.0?ns=quay.io'],
    ['an invalid host', 'library/redis', '7.0?ns=..%2f..'],
    ['only a part of the path', 'app', '1'],
  ])('are not found by %s', async (_what, name, reference) => {
    const reply = await get(`/v2/${name}/manifests/${reference}`);
    expect([reply.status, errorsOf(reply)]).toEqual([404, ['NAME_UNKNOWN']]);
  });

  it('serve only the blobs of their repository', async () => {
    expect((await get(`/v2/library/redis/blobs/${small.diffId}`)).status).toBe(200);
    expect((await get(`/v2/library/redis/blobs/${layer.diffId}`)).status).toBe(404);
  });
});

describe('lists', () => {
  const REPOSITORIES = [
    'alpha.example/team/tool',
    'docker.io/library/redis',
    'docker.io/team/tool',
    'ghcr.io/team/app',
    'ported/app',
    'quay.io/team/app',
    'quay.io/team/tags',
  ];

  it.each([
    ['', ['a', 'b', 'c', 'd', 'e'], undefined],
    ['?n=2', ['a', 'b'], '?n=2&last=b'],
    ['?n=2&last=b', ['c', 'd'], '?n=2&last=d'],
    ['?n=2&last=d', ['e'], undefined],
    ['?n=5', ['a', 'b', 'c', 'd', 'e'], undefined],
    ['?n=0', [], undefined],
    ['?n=99999999999999999999', ['a', 'b', 'c', 'd', 'e'], undefined],
    ['?last=bb', ['c', 'd', 'e'], undefined],
    ['?last=z', [], undefined],
    ['?n=1&ns=quay.io', ['a'], '?n=1&ns=quay.io&last=a'],
  ])('of tags have pages: %s', async (query, tags, next) => {
    const { body, headers } = await get(`/v2/team/tags/tags/list${query}`);
    expect(JSON.parse(body.toString())).toEqual({ name: 'team/tags', tags });
    expect(headers.link).toBe(next && `</v2/team/tags/tags/list${next}>; rel="next"`);
  });

  it('of tags include all hosts that have the path', async () => {
    const { body } = await get('/v2/team/app/tags/list');
    expect(JSON.parse(body.toString()).tags).toEqual(['1', 'many', 'only-here', 'signature', 'untyped']);
  });

  it.each(['n=-1', 'n=x', 'n=1.5', 'n='])('reject %s', async query => {
    const reply = await get(`/v2/_catalog?${query}`);
    expect([reply.status, errorsOf(reply)]).toEqual([400, ['PAGINATION_NUMBER_INVALID']]);
  });

  it('of repositories can be read page by page, and each name is served', async () => {
    const names: string[] = [];
    for (let next: string | undefined = '/v2/_catalog?n=3'; next !== undefined; ) {
      const { body, headers }: Reply = await get(next);
      names.push(...JSON.parse(body.toString()).repositories);
      next = /<(.+)>; rel="next"/.exec(String(headers.link))?.[1];
    }
    expect(names).toEqual(REPOSITORIES);
    expect(registry.repositories).toEqual(REPOSITORIES);
    for (const name of names) expect((await get(`/v2/${name}/tags/list`)).status).toBe(200);
  });
});

describe('referrers', () => {
  const descriptor = (image: TestImage, rest: object) => ({
    mediaType: image.mediaType,
    digest: image.digest,
    size: image.bytes.length,
    ...rest,
  });
  const signed = descriptor(signature, {
    artifactType: 'application/vnd.test.signature',
    annotations: { 'org.example.key': 'value' },
  });
  const byConfig = descriptor(untyped, { artifactType: 'application/vnd.test.config.v1+json' });
  const all = [signed, byConfig].sort((a, b) => (a.digest < b.digest ? -1 : 1));

  it.each([
    ['all', app.digest, '', all, undefined],
    ['one type', app.digest, '?artifactType=application/vnd.test.signature', [signed], 'artifactType'],
    [
      'the type of a config',
      app.digest,
      '?artifactType=application/vnd.test.config.v1%2Bjson',
      [byConfig],
      'artifactType',
    ],
    ['an unknown type', app.digest, '?artifactType=a/b', [], 'artifactType'],
    ['a manifest without referrers', many.digest, '', [], undefined],
    ['an unknown digest', UNKNOWN_DIGEST, '', [], undefined],
  ])('are listed: %s', async (_what, digest, query, manifests, applied) => {
    const { status, headers, body } = await get(`/v2/quay.io/team/app/referrers/${digest}${query}`);
    expect(status).toBe(200);
    expect(headers['content-type']).toBe(many.mediaType);
    expect(headers['oci-filters-applied']).toBe(applied);
    expect(JSON.parse(body.toString())).toEqual({ schemaVersion: 2, mediaType: many.mediaType, manifests });
  });
});

describe('an invalid request', () => {
  it.each([
    ['GET', '/v2/quay.io/team/app/manifests/2', 404, 'MANIFEST_UNKNOWN'],
    ['HEAD', '/v2/quay.io/team/app/manifests/2', 404, undefined],
    ['GET', `/v2/quay.io/team/app/manifests/${UNKNOWN_DIGEST}`, 404, 'MANIFEST_UNKNOWN'],
    ['GET', `/v2/quay.io/team/app/manifests/${layer.diffId}`, 404, 'MANIFEST_UNKNOWN'],
    ['GET', '/v2/quay.io/team/app/manifests/.not-a-tag', 404, 'MANIFEST_UNKNOWN'],
    ['GET', '/v2/quay.io/team/app/manifests/__proto__', 404, 'MANIFEST_UNKNOWN'],
    ['GET', '/v2/quay.io/team/app/manifests/sha256:12', 400, 'DIGEST_INVALID'],
    ['GET', `/v2/quay.io/team/app/blobs/${UNKNOWN_DIGEST}`, 404, 'BLOB_UNKNOWN'],
    ['HEAD', `/v2/quay.io/team/app/blobs/${UNKNOWN_DIGEST}`, 404, undefined],
    ['GET', `/v2/quay.io/team/app/blobs/sha512:${'0'.repeat(128)}`, 404, 'BLOB_UNKNOWN'],
    ['GET', '/v2/quay.io/team/app/blobs/layer', 400, 'DIGEST_INVALID'],
    ['GET', `/v2/quay.io/team/app/blobs/${app.digest.toUpperCase()}`, 400, 'DIGEST_INVALID'],
    ['GET', '/v2/quay.io/team/app/referrers/1', 400, 'DIGEST_INVALID'],
    ['GET', '/v2/no/such/name/tags/list', 404, 'NAME_UNKNOWN'],
    ['GET', `/v2/no/such/name/referrers/${UNKNOWN_DIGEST}`, 404, 'NAME_UNKNOWN'],
    ['GET', '/v2/UPPER/manifests/1', 400, 'NAME_INVALID'],
    ['GET', '/v2/a//b/manifests/1', 400, 'NAME_INVALID'],
    ['GET', '/v2/../../etc/passwd', 404, 'UNSUPPORTED'],
    ['GET', '/v2/../../etc/manifests/passwd', 400, 'NAME_INVALID'],
    ['GET', '/v2/%2e%2e/%2e%2e/manifests/..%2f..%2fetc', 404, 'UNSUPPORTED'],
    ['GET', '/v2/quay.io/team/app/manifests/%00', 404, 'MANIFEST_UNKNOWN'],
    ['GET', '/v2/quay.io%00/team/app/manifests/1', 400, 'NAME_INVALID'],
    ['GET', '/v2/%zz/manifests/1', 400, 'NAME_INVALID'],
    ['GET', '/v2/%ff/manifests/1', 400, 'NAME_INVALID'],
    ['GET', '/', 404, 'UNSUPPORTED'],
    ['GET', '/v1/search', 404, 'UNSUPPORTED'],
    ['GET', '/v2/quay.io/team/app', 404, 'UNSUPPORTED'],
    ['GET', '//v2/', 404, 'UNSUPPORTED'],
    ['GET', 'http://registry.test', 404, 'UNSUPPORTED'],
    ['GET', 'http:///v2/', 404, 'UNSUPPORTED'],
    ['GET', 'ftp://registry.test/v2/', 404, 'UNSUPPORTED'],
    ['GET', 'http://registry.test/v2/quay.io/team/app/manifests/2', 404, 'MANIFEST_UNKNOWN'],
    ['POST', '/v2/quay.io/team/app/blobs/uploads/', 405, 'UNSUPPORTED'],
    ['PUT', '/v2/quay.io/team/app/manifests/1', 405, 'UNSUPPORTED'],
    ['PATCH', '/v2/quay.io/team/app/blobs/uploads/1', 405, 'UNSUPPORTED'],
    ['DELETE', '/v2/quay.io/team/app/manifests/1', 405, 'UNSUPPORTED'],
    ['OPTIONS', '/v2/', 405, 'UNSUPPORTED'],
  ])('%s %s: %i', async (method, target, status, code) => {
    const reply = await get(target, { method });
    expect(reply.status).toBe(status);
    expect(reply.headers['content-type']).toBe('application/json');
    if (code === undefined) expect(reply.body.length).toBe(0);
    else expect(errorsOf(reply)).toEqual([code]);
  });

  it.each([
    ['long', 'a'.repeat(300)],
    ['as long as possible', 'a-'.repeat(7000)],
    ['deep', 'manifests/'.repeat(1400)],
  ])('has a name that is %s', async (_what, name) => {
    const reply = await get(`/v2/${name}/manifests/1`);
    expect([reply.status, errorsOf(reply)]).toEqual([400, ['NAME_INVALID']]);
  });

  it.each([
    '/v2/',
    '/v2',
    'http://registry.test:5000/v2/',
    'HTTPS://[::1]/v2/',
    'http://registry.test/v2/_catalog?n=1',
    'http://registry.test/v2/quay.io/team/app/manifests/1',
  ])('does not include %s', async target => {
    const { status, headers } = await get(target);
    expect([status, headers['docker-distribution-api-version']]).toEqual([200, 'registry/2.0']);
  });

  it.each(['', 'Expect: 100-continue\r\n'])('is rejected before the body is read: %j', async expectation => {
    const socket = connect(Number(new URL(registry.url).port), '127.0.0.1');
    socket.write(
      `POST /v2/a/blobs/uploads/ HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n${expectation}\r\n`,
    );
    let reply = '';
    for await (const chunk of socket) reply += chunk;
    expect(reply).toMatch(/^HTTP\/1\.1 405 /);
    expect(reply).toMatch(/\r\nAllow: GET, HEAD\r\n/);
  });

  it('that is not HTTP does not stop the registry', async () => {
    for (const text of [
      '\u0016\u0003\u0001\u0000\u0000',
      `GET /v2/${'x'.repeat(100_000)}`,
      'GET\r\n\r\n\r\n',
    ]) {
      const socket = connect(Number(new URL(registry.url).port), '127.0.0.1');
      await new Promise(resolve =>
        socket
          .on('close', resolve)
          .on('error', () => {})
          .resume()
          .end(text),
      );
    }
    expect((await get('/v2/')).status).toBe(200);
  });
});

describe('a bundle', () => {
  it('that is built from a served bundle has the same bytes', async () => {
    const names = Object.keys(IMAGES).filter(name => !name.includes(':5000/'));
    const [first, second] = [work.file('first.tar'), work.file('again.tar')];
    await buildFrom(registry.url, first, names);
    await using served = await serve({ bundles: [first], listen: ANY_PORT });
    await buildFrom(served.url, second, names);
    expect(readFileSync(second).equals(readFileSync(first))).toBe(true);
  });
});

describe('several bundles', () => {
  it('are one registry, and the first bundle wins if names collide', async () => {
    const second = work.file('second.tar');
    await bundleOf(second, { 'quay.io/team/app:1': unrelated, 'quay.io/team/app:2': unrelated });
    const reported: AirgapEvent[] = [];
    await using both = await serve({
      bundles: [bundle, second],
      listen: ANY_PORT,
      onEvent: event => reported.push(event),
    });
    const digestOf = async (reference: string) => {
      const { headers } = await sendRequest(both.url, `/v2/quay.io/team/app/manifests/${reference}`);
      return headers['docker-content-digest'];
    };
    expect(await digestOf('1')).toBe(app.digest);
    expect(await digestOf('2')).toBe(unrelated.digest);
    const notices = reported.filter(({ type }) => type === 'notice');
    const message = expect.stringContaining('quay.io/team/app:1 is not served');
    expect(notices).toEqual([{ time: expect.any(Number), type: 'notice', message }]);
  });
});

describe('a login', () => {
  const login = { username: 'team', password: 'pass:wörd' };
  const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

  it.each([
    ['username and password', basic('team:pass:wörd'), 200],
    ['lower case', basic('team:pass:wörd').replace('Basic', 'basic'), 200],
    ['nothing', undefined, 401],
    ['another password', basic('team:pass'), 401],
    ['another username', basic('other:pass:wörd'), 401],
    ['no password', basic('team:'), 401],
    ['a token', 'Bearer x', 401],
    ['invalid base64', 'Basic ????', 401],
  ])('with %s returns the right status', async (_what, authorization, status) => {
    await using closed = await serve({ bundles: [bundle], listen: ANY_PORT, login });
    const headers = authorization === undefined ? {} : { Authorization: authorization };
    const targets = [
      '/v2/',
      `/v2/quay.io/team/app/blobs/${layer.diffId}`,
      '/v2/quay.io/team/app/manifests/1',
    ];
    for (const [target, method] of targets.flatMap(
      target =>
        [
          [target, 'GET'],
          [target, 'HEAD'],
        ] as const,
    )) {
      const reply = await sendRequest(closed.url, target, { method, headers });
      expect(reply.status).toBe(status);
      if (status === 200) continue;
      if (method === 'GET') expect(errorsOf(reply)).toEqual(['UNAUTHORIZED']);
      expect(reply.headers['www-authenticate']).toMatch(/^Basic realm=/);
    }
  });
});

describe.skipIf(lacks('airgap serve with TLS', 'openssl'))('TLS', () => {
  it('uses the given certificate', async () => {
    const { ca, server } = await makeCertificates(work.path, 'IP:127.0.0.1');
    const tls = { cert: readFileSync(server.cert, 'utf8'), key: readFileSync(server.key, 'utf8') };
    await using secure = await serve({ bundles: [bundle], listen: ANY_PORT, tls });
    expect(secure.url).toMatch(/^https:/);
    const { body } = await sendRequest(secure.url, `/v2/quay.io/team/app/blobs/${layer.diffId}`, {
      ca: readFileSync(ca, 'utf8'),
    });
    expect(body.equals(layer.bytes)).toBe(true);
  });

  it.each([
    ['an invalid certificate', 'none', 'none'],
    ['empty files', '', ''],
    ['an empty key', undefined, ''],
    ['an empty certificate', '', undefined],
  ])('does not start with %s', async (_what, cert, key) => {
    const { server } = await makeCertificates(work.path, 'IP:127.0.0.1');
    const tls = {
      cert: cert ?? readFileSync(server.cert, 'utf8'),
      key: key ?? readFileSync(server.key, 'utf8'),
    };
    await expect(serve({ bundles: [bundle], listen: ANY_PORT, tls })).rejects.toMatchObject({
      code: 'INPUT',
    });
  });
});

describe('a damaged or modified bundle', () => {
  const path = (digest: string) => `/v2/quay.io/team/app/blobs/${digest}`;
  /** The offset of the layer in the bundle. */
  const offsetOf = (bytes: Buffer) => readFileSync(bundle).indexOf(bytes.subarray(0, 64));

  async function damagedBy(name: string, damage: (file: string) => void): Promise<Serving> {
    const file = work.file(name);
    copyFileSync(bundle, file);
    damage(file);
    return serve({ bundles: [file], listen: ANY_PORT });
  }

  it.each([
    ['cut short', (file: string) => truncateSync(file, 100_000), 'BUNDLE', 'truncated tar'],
    ['no tar', (file: string) => writeFileSync(file, 'x'.repeat(2000)), 'BUNDLE', 'not a tar file'],
    [
      'with a damaged manifest',
      (file: string) => overwrite(file, offsetOf(app.bytes), '{ "x"'),
      'CONTENT',
      'digest',
    ],
    [
      'with a damaged header',
      (file: string) => overwrite(file, offsetOf(layer.bytes) - 512, 'other'),
      'BUNDLE',
      'checksum',
    ],
  ])('is rejected when it is %s', async (_what, damage, code, message) => {
    await expect(damagedBy('rejected.tar', damage)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
    });
  });

  it('never sends a complete layer with a flipped byte', async () => {
    await using damaged = await damagedBy('flipped.tar', file =>
      overwrite(file, offsetOf(layer.bytes) + 5000, '?'),
    );
    const first = await sendRequest(damaged.url, path(layer.diffId)).catch(error => ({
      broken: String(error),
      body: [],
    }));
    expect(first.broken).toBeDefined();
    expect(first.body.length).toBeLessThan(SIZE);
    const second = await sendRequest(damaged.url, path(layer.diffId));
    expect([second.status, second.body.toString()]).toEqual([500, expect.stringContaining('digest')]);
    expect((await sendRequest(damaged.url, path(small.diffId))).status).toBe(200);
  });

  it('is reported when it is overwritten, and the registry stays up', async () => {
    let file = '';
    await using damaged = await damagedBy('overwritten.tar', name => {
      file = name;
    });
    expect((await sendRequest(damaged.url, path(layer.diffId))).status).toBe(200);
    truncateSync(file, 5000);
    const reply = await sendRequest(damaged.url, path(layer.diffId));
    expect([reply.status, errorsOf(reply)]).toEqual([500, ['UNKNOWN']]);
    expect(reply.body.toString()).not.toContain(work.path);
    expect((await sendRequest(damaged.url, '/v2/')).status).toBe(200);
  });

  it('is reported when it is overwritten with the same size after a complete read', async () => {
    let file = '';
    await using damaged = await damagedBy('edited.tar', name => {
      file = name;
    });
    expect((await sendRequest(damaged.url, path(layer.diffId))).status).toBe(200);
    overwrite(file, offsetOf(layer.bytes) + 5000, '?');
    const reply = await sendRequest(damaged.url, path(layer.diffId));
    expect([reply.status, reply.body.toString()]).toEqual([500, expect.stringContaining('was modified')]);
  });

  it('is served after another file is renamed over it', async () => {
    let file = '';
    await using renamed = await damagedBy('renamed.tar', name => {
      file = name;
    });
    writeFileSync(`${file}.new`, 'another');
    renameSync(`${file}.new`, file);
    expect((await sendRequest(renamed.url, path(layer.diffId))).body.equals(layer.bytes)).toBe(true);
  });

  function overwrite(file: string, offset: number, text: string): void {
    const handle = openSync(file, 'r+');
    writeSync(handle, text, offset);
    closeSync(handle);
  }
});

describe('an invalid layout', () => {
  const BLOB = `blobs/sha256/${layer.diffId.slice(7)}`;
  const complete = () => layoutOf({ 'quay.io/team/app:1': app });
  const without = (name: string) => complete().filter(entry => entry.name !== name);

  it.each([
    ['lacks a layer', () => without(BLOB), 'is missing'],
    ['lacks a manifest', () => without(`blobs/sha256/${app.digest.slice(7)}`), 'is missing'],
    [
      'has a layer of another size',
      () => [...without(BLOB), { name: BLOB, content: small.bytes }],
      '3000 bytes',
    ],
    [
      'has a link for a layer',
      () => [...without(BLOB), { name: BLOB, linkname: '/etc/passwd' }],
      'only regular files',
    ],
    ['has a layer twice', () => [...complete(), { name: BLOB, content: layer.bytes }], 'duplicate entry'],
    ['has no index', () => without('index.json'), 'index.json'],
    ['has an invalid name', () => layoutOf({ 'UPPER//x': app }), 'UPPER//x'],
  ])('is rejected when it %s', async (_what, entries, reason) => {
    const file = work.file('layout.tar');
    writeFileSync(file, await tarOf(entries()));
    const serving = serve({ bundles: [file], listen: ANY_PORT });
    const message = expect.stringContaining(reason);
    await expect(serving).rejects.toMatchObject({ code: 'BUNDLE', message, where: { path: file } });
  });

  it('is served without its unnamed images, which a notice reports', async () => {
    const file = work.file('nameless.tar');
    writeFileSync(file, await tarOf(layoutOf({ 'quay.io/team/app:1': app, '': unrelated, '1.0': many })));
    const reported: AirgapEvent[] = [];
    await using served = await serve({
      bundles: [file],
      listen: ANY_PORT,
      onEvent: event => reported.push(event),
    });
    expect(served.repositories).toEqual(['quay.io/team/app']);
    expect(reported).toEqual([
      {
        time: expect.any(Number),
        type: 'notice',
        message: expect.stringContaining('images without a name are not served: 2'),
      },
    ]);
  });
});

it('a layout of another tool is served with referrers that have no name', async () => {
  const file = work.file('referrers.tar');
  writeFileSync(file, await tarOf(layoutOf({ 'quay.io/team/app:1': app, '': signature })));
  const reported: AirgapEvent[] = [];
  await using served = await serve({
    bundles: [file],
    listen: ANY_PORT,
    onEvent: event => reported.push(event),
  });
  const response = await fetch(`${served.url}/v2/quay.io/team/app/referrers/${app.digest}`);
  expect(await response.json()).toMatchObject({ manifests: [{ digest: signature.digest }] });
  expect(reported.filter(({ type }) => type === 'notice')).toEqual([]);
});

describe('the registry', () => {
  it('stops immediately, with connected clients', async () => {
    const stopper = new AbortController();
    const ending = await serve({ bundles: [bundle], listen: ANY_PORT, signal: stopper.signal });
    const port = Number(new URL(ending.url).port);
    const idle = connect(port, '127.0.0.1');
    const stalled = connect(port, '127.0.0.1');
    stalled.pause().write(`GET /v2/quay.io/team/app/blobs/${layer.diffId} HTTP/1.1\r\nHost: x\r\n\r\n`);
    const closed = [idle, stalled].map(
      socket =>
        new Promise(resolve =>
          socket
            .on('close', resolve)
            .on('error', () => {})
            .resume(),
        ),
    );
    await sendRequest(ending.url, '/v2/');
    stopper.abort();
    await Promise.all([ending[Symbol.asyncDispose](), ...closed]);
    await expect(sendRequest(ending.url, '/v2/')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('reports an address that is in use or not available', async () => {
    const port = Number(new URL(registry.url).port);
    const listen = (address: object) => serve({ bundles: [bundle], listen: { ...ANY_PORT, ...address } });
    await expect(listen({ port })).rejects.toMatchObject({ code: 'NETWORK' });
    await expect(listen({ host: '192.0.2.1' })).rejects.toMatchObject({ code: 'NETWORK' });
  });

  it('does not start after the signal is aborted', async () => {
    const serving = serve({ bundles: [bundle], listen: ANY_PORT, signal: AbortSignal.abort() });
    await expect(serving).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });
});

describe('a client', () => {
  it('that stops reading is disconnected, and a slow one is not', async () => {
    const reported: AirgapEvent[] = [];
    const onEvent = (event: AirgapEvent) => reported.push(event);
    const big = work.file('big.tar');
    const content = noiseOf(9, 40_000_000);
    await bundleOf(big, { 'quay.io/team/big:1': imageOf({ layers: [content], compression: 'none' }) });
    await using server = await serve({ bundles: [big], listen: ANY_PORT, timeout: 500, onEvent });
    const open = () => {
      const socket = connect(Number(new URL(server.url).port), '127.0.0.1').on('error', () => {});
      socket.write(
        `GET /v2/team/big/blobs/${content.diffId} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
      );
      return socket;
    };
    const stalled = open().pause();
    let received = 0;
    for await (const chunk of open()) {
      received += chunk.length;
      // The download takes longer than the timeout, each chunk does not.
      await sleep(3);
    }
    expect(received).toBeGreaterThan(content.bytes.length);
    await expect
      .poll(() => reported.map(event => event.type === 'served' && event.complete))
      .toEqual([false, true]);
    stalled.destroy();
  });
});

describe('every request', () => {
  it('is reported when it is finished, with its original target', async () => {
    events.length = 0;
    await get('/v2/library/redis/manifests/7.0?ns=docker.io', {
      headers: { Authorization: 'Basic c2VjcmV0' },
    });
    await expect
      .poll(() => events)
      .toEqual([
        {
          time: expect.any(Number),
          type: 'served',
          client: '127.0.0.1',
          method: 'GET',
          target: '/v2/library/redis/manifests/7.0?ns=docker.io',
          status: 200,
          bytes: schema2.bytes.length,
          complete: true,
          elapsed: expect.any(Number),
        },
      ]);
  });
});

describe('pipelined requests', () => {
  const BLOB = `/v2/quay.io/team/app/blobs/${layer.diffId}`;
  const line = (method: string, target: string, more = '') =>
    `${method} ${target} HTTP/1.1\r\nHost: x\r\n${more}\r\n`;
  const open = () => connect(Number(new URL(registry.url).port), '127.0.0.1').on('error', () => {});

  it('are served in order', async () => {
    const socket = open();
    const requests: readonly (readonly [method: string, target: string, status: number, body: Buffer])[] = [
      ['GET', BLOB, 200, layer.bytes],
      ['GET', '/v2/', 200, Buffer.from('{}')],
      ['HEAD', BLOB, 200, Buffer.alloc(0)],
      ['GET', '/v2/quay.io/team/app/manifests/1', 200, app.bytes],
      ['GET', `/v2/library/redis/blobs/${small.diffId}`, 200, small.bytes],
      ['GET', BLOB, 200, layer.bytes],
    ];
    const last = line('GET', '/v2/', 'Connection: close\r\n');
    socket.write(requests.map(([method, target]) => line(method, target)).join('') + last);
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk);
    let rest = Buffer.concat(chunks);
    for (const [method, , status, body] of requests) {
      const end = rest.indexOf('\r\n\r\n') + 4;
      const head = rest.toString('latin1', 0, end);
      expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
      const length = method === 'HEAD' ? 0 : Number(/\r\nContent-Length: (\d+)\r\n/.exec(head)?.[1]);
      expect(rest.subarray(end, end + length).equals(body)).toBe(true);
      rest = rest.subarray(end + length);
    }
    expect(rest.toString('latin1')).toMatch(/^HTTP\/1.1 200 .*\r\n\r\n\{\}$/s);
  });

  it('are not started while an earlier response is not received', async () => {
    const buffers = vi.spyOn(Buffer, 'allocUnsafeSlow');
    const started = () => buffers.mock.calls.length;
    const stalled = open().pause();
    try {
      stalled.write(line('GET', BLOB).repeat(400));
      await expect.poll(started).toBeGreaterThan(0);
      // The kernel buffers the first bodies; later requests have to wait.
      await sleep(500);
      expect(started()).toBeLessThan(40);
    } finally {
      stalled.destroy();
      buffers.mockRestore();
    }
  });
});
