import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { noiseOf } from '../../../../../test/support/images/image.ts';
import type { AirgapEvent } from '../../store/events.ts';
import { readInOrder } from '../../store/read-ranges.ts';
import { openObject } from './open-object.ts';

const MIB = 1024 * 1024;
/** More than a start and a piece. */
const content = noiseOf(1, 4 * MIB).bytes;
const MODIFIED = 'Thu, 26 Nov 2026 00:00:00 GMT';

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Counted from 1. */
  readonly count: number;
  /** What was requested. */
  readonly start: number;
  readonly end: number;
  /** Answers as a server should. */
  readonly serve: (headers?: Record<string, string | undefined>, bytes?: Buffer) => void;
}
type Handler = (exchange: Exchange) => void;

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** Starts a server. @returns its host, and the headers that it received */
async function listen(handle: Handler) {
  const requests: IncomingMessage['headers'][] = [];
  const server = createServer((request, response) => {
    requests.push(request.headers);
    const [, first = 0, last = 0] = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? '') ?? [];
    const start = Number(first);
    const end = Math.min(Number(last) + 1, content.length);
    const serve = (headers = {}, bytes = content.subarray(start, end)) => {
      const range = `bytes ${start}-${end - 1}/${content.length}`;
      const all = { etag: '"1"', 'last-modified': MODIFIED, 'content-range': range, ...headers };
      const defined = Object.entries(all).filter(([, value]) => value !== undefined);
      response.writeHead(206, Object.fromEntries(defined)).end(bytes);
    };
    handle({ request, response, count: requests.length, start, end, serve });
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as { port: number };
  return { host: `127.0.0.1:${port}`, requests };
}

/** Reads all bytes of a server. @param path of the URL, with its query */
async function read(handle: Handler, path = '/b.tar', user = '') {
  const { host, requests } = await listen(handle);
  const events: AirgapEvent[] = [];
  const options = { timeout: 300, onEvent: (event: AirgapEvent) => void events.push(event) };
  const chunks: Uint8Array[] = [];
  const error = await (async () => {
    await using object = await openObject(`http://${user}${host}${path}`, options);
    for await (const chunk of readInOrder(object)) chunks.push(chunk);
  })().catch((thrown: unknown) => thrown as { code?: string; message: string });
  const notices = events.flatMap(event => (event.type === 'notice' ? event.message : []));
  const retries = events.flatMap(event => (event.type === 'retry' ? event.reason : []));
  const isComplete = Buffer.concat(chunks).equals(content);
  return { host, requests, error, notices, retries, isComplete };
}

const fail = (response: ServerResponse, status: number, body: string | Buffer = '', headers = {}) =>
  void response.writeHead(status, headers).end(body);
const xml = (code: string, message: string) =>
  `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${message}</Message><RequestId>1</RequestId></Error>`;
/** Does so for one of the requests only. */
const at =
  (number: number, handle: Handler): Handler =>
  exchange =>
    exchange.count === number ? handle(exchange) : exchange.serve();

describe('a file on a web server', () => {
  it('is read by ranges of one version', async () => {
    const { requests, error, notices, isComplete } = await read(({ serve }) => serve());
    expect({ error, notices, isComplete }).toEqual({ error: undefined, notices: [], isComplete: true });
    expect(requests[0]).toMatchObject({ range: `bytes=0-${MIB - 1}`, 'accept-encoding': 'identity' });
    expect(requests.map(headers => headers['if-match'])).toEqual([undefined, '"1"', '"1"']);
    expect(requests.every(({ authorization }) => authorization === undefined)).toBe(true);
  });

  it.each([
    ['a weak ETag', 'W/"1"'],
    ['no ETag', undefined],
  ])('is read with %s, and a notice', async (_name, etag) => {
    const { requests, notices, isComplete } = await read(({ serve }) => serve({ etag }));
    expect(isComplete).toBe(true);
    expect(requests.some(headers => 'if-match' in headers)).toBe(false);
    expect(notices).toEqual([expect.stringContaining('no strong ETag')]);
  });

  it.each<[string, Handler, string | RegExp]>([
    [
      'a response that breaks off',
      at(2, ({ response, serve, start, end }) => {
        serve({ 'content-length': String(end - start) }, content.subarray(start, start + 100_000));
        response.socket?.destroySoon();
      }),
      /failed|ended at byte/,
    ],
    [
      'a shorter range',
      at(2, ({ serve, start }) =>
        serve(
          { 'content-range': `bytes ${start}-${start + 999}/${content.length}` },
          content.subarray(start, start + 1000),
        ),
      ),
      'the response ended at byte 1049576 of 3145728',
    ],
    [
      'a server that limits requests',
      at(2, ({ response }) =>
        fail(response, 503, xml('SlowDown', 'Please reduce your request rate.'), { 'retry-after': '0' }),
      ),
      /answered 503: SlowDown: Please reduce your request rate\./,
    ],
    ['an internal error', at(2, ({ response }) => fail(response, 500)), /answered 500/],
    [
      'a response without an end',
      at(
        2,
        ({ response, start }) =>
          void response
            .writeHead(206, {
              etag: '"1"',
              'content-range': `bytes ${start}-${start + 2 * MIB - 1}/${content.length}`,
            })
            .write(content.subarray(start, start + 1)),
      ),
      /bytes arrived|TIMEOUT|timeout/i,
    ],
  ])('is read after %s', async (_name, handle, reason) => {
    const { error, retries, isComplete } = await read(handle);
    expect({ error, retries }).toEqual({ error: undefined, retries: [expect.stringMatching(reason)] });
    expect(isComplete).toBe(true);
  });

  it.each<[string, Handler, string, string | RegExp]>([
    [
      'another ETag',
      at(2, ({ serve }) => serve({ etag: '"2"' })),
      'REGISTRY',
      /replaced while it was read: its ETag/,
    ],
    ['412', at(2, ({ response }) => fail(response, 412)), 'REGISTRY', /replaced while it was read/],
    [
      'another size',
      ({ serve, start, end, count }) =>
        serve({ etag: undefined, 'content-range': `bytes ${start}-${end - 1}/${content.length + count}` }),
      'REGISTRY',
      /had 4194305 bytes, and has 4194306/,
    ],
    [
      'another date',
      ({ serve, count }) => serve({ etag: undefined, 'last-modified': `${MODIFIED} ${count}` }),
      'REGISTRY',
      /replaced/,
    ],
    [
      '416',
      at(2, ({ response }) => fail(response, 416)),
      'REGISTRY',
      /replaced while it was read: it is shorter/,
    ],
    ['416 at once', ({ response }) => fail(response, 416), 'BUNDLE', 'the file is empty'],
    [
      '200 at once',
      ({ response }) => fail(response, 200, content),
      'UNSUPPORTED',
      /does not serve ranges: .* answered 200/,
    ],
    ['200 later', at(2, ({ response }) => fail(response, 200, content)), 'REGISTRY', /answered 200/],
    ['404 at once', ({ response }) => fail(response, 404), 'NOT_FOUND', /no such file: .* answered 404/],
    ['404 later', at(2, ({ response }) => fail(response, 404)), 'REGISTRY', /removed while it was read/],
    [
      '403 at once',
      ({ response }) => fail(response, 403, xml('AccessDenied', 'Request has expired')),
      'DENIED',
      /access denied: .* answered 403: AccessDenied: Request has expired/,
    ],
    [
      '403 later',
      at(2, ({ response }) => fail(response, 403, xml('ExpiredToken', 'x'))),
      'DENIED',
      /access ended while the file was read: .* answered 403: ExpiredToken: x/,
    ],
    [
      '503 for ever',
      ({ response }) => fail(response, 503, xml('SlowDown', 'Slow'), { 'retry-after': '0' }),
      'REGISTRY',
      /answered 503: SlowDown: Slow/,
    ],
    ['400 at once', ({ response }) => fail(response, 400), 'UNSUPPORTED', /cannot read .* answered 400/],
    ['409 at once', ({ response }) => fail(response, 409), 'REGISTRY', /cannot read .* answered 409/],
    [
      'an error without an end',
      ({ response }) => {
        response.writeHead(400);
        const timer = setInterval(() => response.write(Buffer.alloc(60_000)), 1);
        response.on('close', () => clearInterval(timer));
      },
      'UNSUPPORTED',
      /cannot read the file: .* answered 400/,
    ],
    [
      'another start',
      at(2, ({ serve }) => serve({ 'content-range': `bytes 0-99/${content.length}` })),
      'REGISTRY',
      /unexpected Content-Range "bytes 0-99\/4194304", requested bytes 1048576-3145727/,
    ],
    [
      'a longer range',
      at(2, ({ serve, start }) =>
        serve({ 'content-range': `bytes ${start}-${content.length - 1}/${content.length}` }),
      ),
      'REGISTRY',
      /unexpected Content-Range/,
    ],
    [
      'a range beyond its size',
      at(2, ({ serve, start }) => serve({ 'content-range': `bytes ${start}-${start + 9}/${start}` })),
      'REGISTRY',
      /unexpected Content-Range/,
    ],
    [
      'no range',
      ({ serve }) => serve({ 'content-range': undefined }),
      'REGISTRY',
      /a 206 without Content-Range/,
    ],
    [
      'no size',
      ({ serve }) => serve({ 'content-range': 'bytes 0-1048575/*' }),
      'REGISTRY',
      /unexpected Content-Range/,
    ],
    [
      'more than the range',
      at(2, ({ serve }) => serve({}, content)),
      'REGISTRY',
      /sent more than the requested range/,
    ],
    [
      'compression',
      ({ serve }) => serve({ 'content-encoding': 'gzip' }),
      'REGISTRY',
      /its Content-Encoding is "gzip"/,
    ],
    [
      'a redirect to itself',
      ({ response }) => fail(response, 307, '', { location: '/b.tar' }),
      'REGISTRY',
      'more than 10 redirects',
    ],
    [
      'a redirect without a place',
      ({ response }) => fail(response, 302),
      'REGISTRY',
      /a redirect has no valid Location header/,
    ],
  ])('is refused after %s', async (_name, handle, code, message) => {
    const { error, host } = await read(handle);
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(error).toMatchObject({
      where: { host, path: `http://${host}/b.tar` },
      hint: expect.stringMatching(/\.$/),
    });
  });

  it('keeps what is secret in its link out of messages', async () => {
    const quoted: Handler = ({ response }) => fail(response, 403, xml('Denied', 'not for a-long-token'));
    const { error } = await read(quoted, '/b.tar?key=a-long-token');
    expect(error?.message).toContain('Denied: not for ***');
    expect(JSON.stringify(error)).not.toContain('a-long-token');
  });

  it.each([
    ['the password', '/b.tar', 'user:p%40ssword@', 'it was p@ssword or p%40ssword'],
    ['a value as it is written', '/b.tar?key=a%2Fb%2Fc', '', 'it was a%2Fb%2Fc or a/b/c'],
  ])('keeps %s out of messages', async (_case, path, user, said) => {
    const { error } = await read(({ response }) => fail(response, 403, xml('Denied', said)), path, user);
    expect(error?.message).toContain('Denied: it was *** or ***');
  });

  it('keeps what is secret in the link of a redirect out of messages', async () => {
    const { error } = await read(({ request, response }) => {
      if (request.url === '/b.tar') fail(response, 302, '', { location: '/storage?s=a-long-token' });
      else fail(response, 403, xml('Denied', 'not for a-long-token'));
    });
    expect(error?.message).toContain('Denied: not for ***');
  });

  it('with an invalid escape in its login are refused, and not quoted', async () => {
    const { error } = await read(({ serve }) => serve(), '/b.tar', 'user:hunter%zz@');
    expect(error).toMatchObject({ code: 'USAGE', message: expect.not.stringContaining('hunter') });
  });
});

describe('the credentials in a URL', () => {
  const login = 'user:p%40ss@';
  const authorization = `Basic ${Buffer.from('user:p@ss').toString('base64')}`;

  it('go to its host', async () => {
    const { requests, isComplete } = await read(({ serve }) => serve(), '/b.tar', login);
    expect(isComplete).toBe(true);
    expect(new Set(requests.map(headers => headers.authorization))).toEqual(new Set([authorization]));
  });

  it('do not go where a redirect leads, and not back from there', async () => {
    let origin = '';
    const other = await listen(({ response, request }) =>
      fail(response, 307, '', { location: `http://${origin}${request.url}/back` }),
    );
    const seen: (string | undefined)[] = [];
    const { error } = await read(
      ({ request, response, serve }) => {
        origin = request.headers.host ?? '';
        seen.push(request.headers.authorization);
        if (request.url?.endsWith('/back')) serve();
        else fail(response, 307, '', { location: `http://${other.host}/there` });
      },
      '/b.tar',
      login,
    );
    expect(error).toBeUndefined();
    expect(other.requests.every(headers => headers.authorization === undefined)).toBe(true);
    expect(seen.slice(0, 2)).toEqual([authorization, undefined]);
  });
});

it('a link that a redirect gave is requested again when it has expired', async () => {
  let links = 0;
  const { error, isComplete, requests } = await read(({ request, response, serve }) => {
    if (request.url === '/b.tar') {
      links += 1;
      fail(response, 302, '', { location: `/storage?link=${links}` });
    } else if (request.url === '/storage?link=1' && request.headers.range !== `bytes=0-${MIB - 1}`) {
      fail(response, 403);
    } else serve();
  });
  expect({ error, isComplete }).toEqual({ error: undefined, isComplete: true });
  expect(links).toBeLessThan(requests.length / 2 + 1);
});
