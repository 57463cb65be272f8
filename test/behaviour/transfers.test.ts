import { createServer } from 'node:net';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { type AirgapError, type BuildOptions, build, load } from '@airgap/core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { VERSION } from '../../packages/core/src/model/version.ts';
import { type Fault, TestRegistry } from '../registry/registry.ts';
import { sendBlob } from '../registry/response.ts';
import { airgap, TempDir } from '../support/airgap.ts';
import { buildBundle } from '../support/bundle.ts';
import { imageOf, noiseOf } from '../support/images/image.ts';

/** Large enough to be downloaded in several ranges. */
const layer = noiseOf(1, 34_000_000);
const image = imageOf({ layers: [layer], compression: 'none' });
const smallLayer = noiseOf(2, 20_000);
const small = imageOf({ layers: [smallLayer], compression: 'none' });
const work = new TempDir();
afterAll(() => work[Symbol.dispose]());

let registry: TestRegistry;
let storage: TestRegistry;
beforeEach(async () => {
  [registry, storage] = await Promise.all([TestRegistry.start(), TestRegistry.start()]);
  for (const host of [registry, storage]) {
    host.push('team/app:1', image);
    host.push('team/small:1', small);
  }
  return () => Promise.all([registry[Symbol.asyncDispose](), storage[Symbol.asyncDispose]()]);
});

interface Built {
  readonly error: AirgapError | undefined;
  readonly retries: readonly string[];
}

let bundles = 0;

/** Builds a bundle of one image; its bytes are verified by the build. */
async function built(repository = 'team/app', options: Partial<BuildOptions> = {}): Promise<Built> {
  const retries: string[] = [];
  bundles += 1;
  const building = build({
    specs: [{ file: 'list', text: `${registry.host}/${repository}:1\n` }],
    output: work.file(`bundle-${bundles}.tar`),
    plainHttp: [registry.host],
    onEvent: event => event.type === 'retry' && retries.push(event.reason),
    ...options,
  });
  const error = await building.then(
    () => undefined,
    thrown => thrown,
  );
  return { error, retries };
}

const isBlob = (path: string) => path.includes('/blobs/');
const isLayer = (path: string) => path.endsWith(layer.diffId);
const isSmallLayer = (path: string) => path.endsWith(smallLayer.diffId);
const toStorage: Fault = ({ path }, response) => {
  if (!isBlob(path)) return false;
  response.writeHead(307, { location: `http://${storage.host}${path}` }).end();
  return true;
};
/** Acts on the first `times` requests that match. */
function times(count: number, matches: (path: string, method: string) => boolean, act: Fault): Fault {
  let left = count;
  return (request, response, content) => {
    if (left === 0 || !matches(request.path, request.method)) return false;
    left -= 1;
    return act(request, response, content);
  };
}
const answer =
  (status: number, headers: Record<string, string> = {}): Fault =>
  ({ incoming }, response) => {
    incoming.resume();
    response.writeHead(status, headers).end();
    return true;
  };

describe('row 19: every request has a User-Agent', () => {
  const expected = `airgap/${VERSION} (node/${process.versions.node}; ${process.platform})`;
  const agents = new Map<string, unknown>();
  const record: Fault = (request, response) => {
    agents.set(`${request.method} ${request.step}`, response.req.headers['user-agent']);
    return false;
  };
  beforeEach(() => agents.clear());

  it('of a push: checks, mounts, uploads in chunks, manifests, the referrers', async () => {
    const bundle = work.file('two.tar');
    await buildBundle({ 'team/a:1': small, 'team/b:1': small }, bundle);
    await using target = await TestRegistry.start({ mount: 404, maxBody: 10_000_000 });
    target.fault = record;
    await load({ bundle, target: target.host });
    expect([...agents.keys()]).toEqual(
      expect.arrayContaining(['HEAD head', 'POST mount', 'POST start', 'PUT monolithic', 'PUT manifest']),
    );
    expect(new Set(agents.values())).toEqual(new Set([expected]));
  });

  it('of a listing of tags, and of a login', async () => {
    registry.fault = record;
    expect((await built('team/absent')).error?.code).toBe('NOT_FOUND');
    const { status } = await airgap(['login', registry.host, '-u', 'me', '--password-stdin'], {
      stdin: 'pw\n',
      env: { DOCKER_CONFIG: work.path },
    });
    expect(status).toBe(0);
    expect(new Set(agents.values())).toEqual(new Set([expected]));
  });

  it('to a proxy', async () => {
    const heads: string[] = [];
    const proxy = createServer(socket =>
      socket
        .on('error', () => {})
        .once('data', head => {
          heads.push(String(head));
          socket.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n');
        }),
    );
    await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve));
    const address = `http://127.0.0.1:${(proxy.address() as { port: number }).port}`;
    await built('x', {
      specs: [{ file: 'list', text: 'quay.test/a:1\n' }],
      plainHttp: [],
      proxy: { https: address },
    });
    await built('x', {
      specs: [{ file: 'list', text: 'open.test/a:1\n' }],
      plainHttp: ['open.test'],
      proxy: { http: address },
    });
    proxy.close();
    expect(heads.map(head => head.split(' ')[0])).toEqual(expect.arrayContaining(['CONNECT', 'GET']));
    for (const head of heads) expect(head.toLowerCase()).toContain(`user-agent: ${expected.toLowerCase()}`);
  });
});

describe('row 20: a range that is answered with', () => {
  const atRange =
    (act: Fault): Fault =>
    (request, response, content) =>
      request.range !== undefined && isLayer(request.path) && act(request, response, content);
  const partial = (
    headers: (first: number, last: number, size: number) => Record<string, string>,
    length = Number.POSITIVE_INFINITY,
  ) =>
    atRange(({ range = '' }, response, content = Buffer.alloc(0)) => {
      const [first = 0, last = 0] = range.replace('bytes=', '').split('-').map(Number);
      const end = Math.min(last, first + length - 1);
      response.writeHead(206, headers(first, end, content.length)).end(content.subarray(first, end + 1));
      return true;
    });
  const refused = (status: number) => atRange(answer(status));
  const whole = 'the complete blob once, and no more ranges';
  const ranges = 'ranges';

  it.each<[string, 'registry' | 'storage', Fault, typeof whole | typeof ranges]>([
    ...[400, 405, 406, 501].map((status): [string, 'registry' | 'storage', Fault, typeof whole] => [
      `${status}`,
      'registry',
      refused(status),
      whole,
    ]),
    ...[400, 403, 404, 405, 406, 501].map((status): [string, 'registry' | 'storage', Fault, typeof whole] => [
      `${status} of the storage`,
      'storage',
      refused(status),
      whole,
    ]),
    ['206 without Content-Range', 'storage', partial(() => ({})), whole],
    ['206 with an empty Content-Range', 'registry', partial(() => ({ 'content-range': '' })), whole],
    [
      '206 in several parts',
      'registry',
      partial(() => ({ 'content-type': 'multipart/byteranges; boundary=x' })),
      whole,
    ],
    [
      '206 with another unit',
      'registry',
      partial((first, last, size) => ({ 'content-range': `items ${first}-${last}/${size}` })),
      whole,
    ],
    [
      '206 with a total of zero',
      'storage',
      partial((first, last) => ({ 'content-range': `bytes ${first}-${last}/0` })),
      whole,
    ],
    [
      '206 with an unknown total',
      'registry',
      partial((first, last) => ({ 'content-range': `bytes ${first}-${last}/*` })),
      ranges,
    ],
    [
      '206 in another case',
      'storage',
      partial((first, last, size) => ({ 'content-range': `BYTES ${first}-${last}/${size}` })),
      ranges,
    ],
    [
      '206 with more blanks',
      'registry',
      partial((first, last, size) => ({ 'content-range': `bytes  ${first}-${last}/${size} ` })),
      whole,
    ],
    [
      '206 and fewer bytes than requested',
      'registry',
      partial((first, last, size) => ({ 'content-range': `bytes ${first}-${last}/${size}` }), 12_000_000),
      ranges,
    ],
  ])('%s', async (_name, where, fault, outcome) => {
    if (where === 'storage') registry.fault = toStorage;
    const faulty = where === 'storage' ? storage : registry;
    faulty.fault = fault;
    expect((await built()).error).toBeUndefined();
    const seen = faulty.seen.filter(({ path }) => isLayer(path)).map(({ range }) => range);
    if (outcome === whole) expect(seen).toEqual(['bytes=0-16777215', undefined]);
    else expect(seen).not.toContain(undefined);
  });
});

describe('row 21: a gateway that answers', () => {
  const CODES = [520, 521, 522, 523, 524, 527];
  it.concurrent.each([502, 504, ...CODES])(
    '%i once to a manifest, a blob and a token is asked again',
    async status => {
      await using closed = await TestRegistry.start({ auth: { scheme: 'bearer' } });
      closed.push('team/small:1', small);
      const faults = [/\/token/, /\/manifests\//, /\/blobs\//].map(pattern =>
        times(1, path => pattern.test(path), answer(status)),
      );
      closed.fault = async (...request) => {
        for (const fault of faults) if (await fault(...request)) return true;
        return false;
      };
      const { error, retries } = await built('', {
        specs: [{ file: 'list', text: `${closed.host}/team/small:1\n` }],
        plainHttp: [closed.host],
      });
      expect(error).toBeUndefined();
      expect(retries).toHaveLength(3);
    },
  );

  describe('in a push', () => {
    const bundle = work.file('pushed.tar');
    beforeAll(() => buildBundle({ 'team/small:1': small }, bundle));
    it.each<[string, number, string]>([
      ['at the start of an upload', 522, 'POST'],
      ['at a manifest', 524, 'PUT'],
      ['at a check', 520, 'HEAD'],
    ])('%s, %i is asked again', async (_name, status, method) => {
      await using target = await TestRegistry.start();
      target.fault = times(
        1,
        (path, used) => used === method && (method !== 'PUT' || path.includes('/manifests/')),
        answer(status),
      );
      await load({ bundle, target: target.host });
      expect(target.manifest('team/small', '1')?.equals(small.bytes)).toBe(true);
    });
  });
});

describe('row 22: a response head', () => {
  const withHead =
    (bytes: number): Fault =>
    ({ path }, response) => {
      if (!path.includes('/manifests/')) return false;
      for (let at = 0; at < bytes / 1000; at += 1) response.setHeader(`set-cookie-${at}`, 'x'.repeat(980));
      return false;
    };
  it.each([17_000, 32_000, 60_000])('of %i bytes is accepted', async bytes => {
    registry.fault = withHead(bytes);
    expect((await built('team/small')).error).toBeUndefined();
  });
  it.each([70_000, 1_000_000])('of %i bytes is an error that names it, without retries', async bytes => {
    registry.fault = withHead(bytes);
    const { error, retries } = await built('team/small');
    expect(error).toMatchObject({ code: 'NETWORK', hint: expect.stringContaining('Shorten the headers') });
    expect(retries).toEqual([]);
  });
});

describe('row 23: a proxy that compresses JSON', () => {
  const encoded =
    (encoding: string, compress: (bytes: Buffer) => Buffer): Fault =>
    ({ path }, response, content = Buffer.alloc(0)) => {
      if (!path.includes('/manifests/')) return false;
      response.writeHead(200, { 'content-encoding': encoding }).end(compress(content));
      return true;
    };
  it.each<[string, (bytes: Buffer) => Buffer]>([
    ['gzip', gzipSync],
    ['GZIP', gzipSync],
    ['x-gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
    ['identity', bytes => bytes],
    ['', bytes => bytes],
  ])('with %j is read', async (encoding, compress) => {
    registry.fault = encoded(encoding, compress);
    expect((await built('team/small')).error).toBeUndefined();
  });
  it.each<[string, (bytes: Buffer) => Buffer]>([
    ['zstd', bytes => bytes],
    ['gzip, br', bytes => brotliCompressSync(gzipSync(bytes))],
    ['gzip', bytes => bytes],
    ['gzip', bytes => gzipSync(bytes).subarray(0, -9)],
    ['deflate', deflateRawSync],
    ['br', () => Buffer.from('no brotli')],
  ])('with %j that cannot be read is an error that names it', async (encoding, compress) => {
    registry.fault = encoded(encoding, compress);
    const { error } = await built('team/small');
    expect(error).toMatchObject({
      code: 'REGISTRY',
      message: expect.stringContaining(`Content-Encoding "${encoding}"`),
    });
  });
  it.each<[string, (path: string) => boolean, (bytes: Buffer) => Buffer]>([
    ['config', path => isBlob(path) && !isSmallLayer(path), gzipSync],
    ['layer', isSmallLayer, gzipSync],
    ['layer, which gets shorter', isSmallLayer, bytes => bytes.subarray(0, 10)],
  ])('and a %s is an error that names it, without retries', async (_name, isIt, compress) => {
    registry.fault = ({ path }, response, content = Buffer.alloc(0)) => {
      if (!isIt(path)) return false;
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(compress(content));
      return true;
    };
    const { error, retries } = await built('team/small');
    expect(error).toMatchObject({
      code: 'REGISTRY',
      message: expect.stringContaining('Content-Encoding "gzip"'),
      hint: expect.stringContaining('Turn off compression'),
    });
    expect(retries).toEqual([]);
  });
  it('and labels a layer that it leaves as it is does no harm', async () => {
    registry.fault = ({ path }, response, content) => {
      if (!isSmallLayer(path)) return false;
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(content);
      return true;
    };
    expect((await built('team/small')).error).toBeUndefined();
  });
  it('is asked not to compress blobs', async () => {
    await built('team/small');
    const blobs = registry.seen.filter(({ path }) => isBlob(path));
    const asked = blobs.map(({ incoming }) => incoming.headers['accept-encoding']);
    expect(asked).toEqual(['identity', 'identity']);
  });
  it('compresses a token', async () => {
    await using closed = await TestRegistry.start({ auth: { scheme: 'bearer' } });
    closed.push('team/small:1', small);
    closed.fault = ({ path }, response) => {
      if (path !== '/token') return false;
      response
        .writeHead(200, { 'content-encoding': 'gzip' })
        .end(gzipSync(JSON.stringify({ token: closed.token })));
      return true;
    };
    const specs = [{ file: 'list', text: `${closed.host}/team/small:1\n` }];
    expect((await built('', { specs, plainHttp: [closed.host] })).error).toBeUndefined();
  });
  it('marks a layer as compressed that it sends as it is', async () => {
    registry.fault = ({ path, range }, response, content) => {
      if (!isBlob(path)) return false;
      response.setHeader('content-encoding', 'gzip');
      sendBlob(response, content ?? Buffer.alloc(0), range);
      return true;
    };
    expect((await built('team/small')).error).toBeUndefined();
  });
});

describe('row 24: redirects', () => {
  const redirecting = (count: number, matches: (path: string) => boolean, status = 307): Fault =>
    times(
      count,
      path => matches(path),
      ({ path }, response) =>
        answer(status, { location: path })({ incoming: response.req } as never, response, undefined),
    );
  it.each<[string, number, (path: string) => boolean, number, boolean]>([
    ['of a manifest', 10, path => path.includes('/manifests/'), 301, true],
    ['of a manifest', 11, path => path.includes('/manifests/'), 302, false],
    ['of a blob', 10, isBlob, 308, true],
    ['of a blob', 11, isBlob, 303, false],
  ])('%s, %i of them', async (_name, count, matches, status, works) => {
    registry.fault = redirecting(count, matches, status);
    const { error } = await built('team/small');
    if (works) expect(error).toBeUndefined();
    else
      expect(error).toMatchObject({
        code: 'REGISTRY',
        message: expect.stringContaining('more than 10 redirects'),
      });
  });
  it('back and forth between two hosts, 10 of them', async () => {
    let left = 10;
    const bounce =
      (to: () => string): Fault =>
      ({ path }, response) => {
        if (!isBlob(path) || left === 0) return false;
        left -= 1;
        response.writeHead(307, { location: `http://${to()}${path}` }).end();
        return true;
      };
    registry.fault = bounce(() => storage.host);
    storage.fault = bounce(() => registry.host);
    expect((await built('team/small', { concurrency: 1 })).error).toBeUndefined();
  });
});

describe('row 26: a port that is closed', () => {
  it.each(['127.0.0.1', 'localhost', '[::1]'])('on %s is tried twice at most', async address => {
    const server = createServer();
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    await new Promise(resolve => server.close(resolve));
    const { error, retries } = await built('', {
      specs: [{ file: 'list', text: `${address}:${port}/a:1\n` }],
      plainHttp: [`${address}:${port}`],
    });
    expect(error?.code).toBe('NETWORK');
    expect(retries.length).toBeLessThanOrEqual(1);
  });
});

describe('row 27: ranges that break', () => {
  it.each<[string, number, boolean]>([
    ['each after half of it', 0.5, false],
    ['each after its first byte', 0, false],
    ['each at its last byte, in the storage', 1, true],
  ])('%s are fetched once', async (_name, where, isStored) => {
    const broken = new Set<string>();
    let sent = 0;
    const fault: Fault = async ({ path, range = '' }, response, content = Buffer.alloc(0)) => {
      if (!isLayer(path)) return false;
      const [first = 0, last = content.length - 1] = range
        .replace('bytes=', '')
        .split('-')
        .filter(Boolean)
        .map(Number);
      const isBroken = !broken.has(String(last));
      broken.add(String(last));
      const length = last + 1 - first;
      const kept = isBroken ? Math.max(1, Math.floor(length * where) - 1) : length;
      sent += kept;
      response.writeHead(206, {
        'content-range': `bytes ${first}-${last}/${content.length}`,
        'content-length': length,
      });
      response.write(content.subarray(first, first + kept), () => {
        if (isBroken) setTimeout(() => response.destroy(), 50);
        else response.end();
      });
      return true;
    };
    if (isStored) registry.fault = toStorage;
    (isStored ? storage : registry).fault = fault;
    const { error } = await built();
    expect(error).toBeUndefined();
    expect(sent).toBe(layer.bytes.length);
  });
});
