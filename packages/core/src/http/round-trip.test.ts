import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { MemorySink } from '../store/blob-writer.ts';
import { openConnections } from './connections.ts';
import { fetchDocument } from './document.ts';
import { HostLimiter } from './host-limiter.ts';
import { RetryableError, withRetries } from './retry.ts';
import { roundTrip } from './round-trip.ts';

/** The idle timeout, in ms. */
const TIMEOUT = 300;

let server: Server | undefined;
const sockets = new Set<Socket>();
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  await new Promise(resolve => (server ? server.close(resolve) : resolve(undefined)));
  server = undefined;
});

/** Starts a server that answers each request with `act`. */
async function serve(act: (socket: Socket, request: string) => void): Promise<URL> {
  const listening = createServer(socket => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', data => act(socket, data.toString('latin1')));
  });
  server = listening;
  await new Promise<void>(resolve => listening.listen(0, '127.0.0.1', resolve));
  const { port } = listening.address() as { port: number };
  return new URL(`http://127.0.0.1:${port}/`);
}

/** Writes a text again and again. */
function repeat(socket: Socket, text: string, interval: number): void {
  const timer = setInterval(() => socket.write(text), interval);
  socket.on('close', () => clearInterval(timer));
}

/** Sends one request. @returns the outcome, and its time in ms */
async function send(url: URL, method: 'GET' | 'HEAD' = 'GET') {
  const dispatcher = openConnections({ timeout: TIMEOUT });
  const start = Date.now();
  try {
    const sink = new MemorySink(10_000_000);
    const head = await roundTrip(dispatcher, { method, url, headers: {} }, () => sink);
    return { head, body: sink.bytes, time: Date.now() - start };
  } catch (error) {
    return { error, time: Date.now() - start };
  } finally {
    await dispatcher.destroy();
  }
}

const HEAD = 'HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n';

describe('a server cannot hold a request for long with', () => {
  it.each<[string, (socket: Socket) => void, RegExp]>([
    ['silence', () => {}, /UND_ERR_HEADERS_TIMEOUT/],
    [
      'one byte of the head at a time',
      socket => {
        socket.write('HTTP/1.1 200 OK\r\nx-field: ');
        repeat(socket, 'x', 50);
      },
      /UND_ERR_HEADERS_TIMEOUT/,
    ],
    ['bytes that are not HTTP', socket => socket.write('\x15\x03\x01\x00\x02\x02\x46'), /is not HTTP\/1.1/],
    ['endless header fields', socket => repeat(socket, headerFields(socket), 1), /HEADERS|head/],
    [
      'one byte of the body at a time',
      socket => {
        socket.write(HEAD);
        repeat(socket, 'x', 50);
      },
      /only \d+ bytes arrived in 0.3 seconds/,
    ],
    [
      'a flood of informational responses',
      socket => repeat(socket, 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(100), 1),
      /more than 100 informational responses/,
    ],
    [
      'an informational response now and then',
      socket => repeat(socket, 'HTTP/1.1 102 Processing\r\n\r\n', 100),
      /only 0 bytes arrived in 0.3 seconds/,
    ],
    [
      'an empty body that does not end',
      socket => {
        socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
      },
      /UND_ERR_BODY_TIMEOUT|only 0 bytes/,
    ],
  ])('%s', async (_name, act, message) => {
    const { error, time } = await send(await serve(act));
    expect(String((error as Error).message)).toMatch(message);
    expect(time).toBeLessThan(5000);
  });

  function headerFields(socket: Socket): string {
    socket.write('HTTP/1.1 200 OK\r\n');
    return `x-field: ${'x'.repeat(1000)}\r\n`;
  }
});

it('a response that is slow, but makes progress, arrives', async () => {
  const url = await serve(socket => {
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: 10000\r\n\r\n');
    repeat(socket, 'x'.repeat(1000), 100);
  });
  expect((await send(url)).body?.length).toBe(10_000);
});

it('a few informational responses are skipped', async () => {
  const url = await serve(socket => {
    socket.write('HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n'.repeat(3));
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
  });
  expect(String((await send(url)).body)).toBe('ok');
});

it('a document has a deadline', async () => {
  const url = await serve(socket => {
    socket.write(HEAD);
    repeat(socket, 'x'.repeat(1000), 10);
  });
  const dispatcher = openConnections({ timeout: TIMEOUT });
  const request = { method: 'GET', url, headers: {}, deadline: 500 } as const;
  const sending = roundTrip(dispatcher, request, () => new MemorySink(10_000_000));
  await expect(sending).rejects.toThrow('did not complete its response within 0.5 seconds');
  await expect(sending).rejects.toBeInstanceOf(RetryableError);
  await dispatcher.destroy();
});

it('connections stay open after HEAD, POST and PUT', async () => {
  let connections = 0;
  const url = await serve((socket, request) => {
    if (!request.startsWith('HEAD')) return socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
    return socket.write('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n');
  });
  server?.on('connection', () => {
    connections += 1;
  });
  const dispatcher = openConnections({});
  for (let round = 0; round < 10; round += 1) {
    for (const method of ['HEAD', 'GET', 'POST', 'PUT'] as const)
      await fetchDocument(dispatcher, { method, url, headers: {} }, () => new MemorySink(10));
  }
  await dispatcher.destroy();
  expect(connections).toBeLessThanOrEqual(2);
});

it('a closed port of this machine is tried twice', async () => {
  const url = await serve(() => {});
  server?.close();
  const dispatcher = openConnections({});
  let attempts = 0;
  const attempt = () => {
    attempts += 1;
    return roundTrip(dispatcher, { method: 'GET', url, headers: {} }, () => new MemorySink(10));
  };
  const trying = withRetries(attempt, { host: url.host, limiter: new HostLimiter(1) });
  await expect(trying).rejects.toMatchObject({ code: 'NETWORK', hint: expect.stringContaining('Check') });
  expect(attempts).toBe(2);
  await dispatcher.destroy();
});
