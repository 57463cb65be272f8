import { randomBytes } from 'node:crypto';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { openConnections } from './connections.ts';
import { roundTrip } from './round-trip.ts';

const MB = 1024 * 1024;
const BODY = randomBytes(3 * MB);

/** Sends each piece of the response unchanged; small pieces go into separate packets. */
async function serve(pieces: readonly Buffer[]): Promise<{ url: URL; close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server: Server = createServer(socket => {
    sockets.add(socket.setNoDelay(true));
    socket.on('error', () => {});
    socket.on('data', async () => {
      for (const piece of pieces) {
        socket.write(piece);
        if (piece.length < 1024) await sleep(1);
      }
    });
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const close = () => {
    for (const socket of sockets) socket.destroy();
    return new Promise<void>(resolve => server.close(() => resolve()));
  };
  return { url: new URL(`http://127.0.0.1:${port}/`), close };
}

function split(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const offsets = [...new Set(cuts.map(cut => cut % bytes.length))].sort((a, b) => a - b);
  return [0, ...offsets].map((from, at) => bytes.subarray(from, offsets[at] ?? bytes.length));
}

/** Receives responses, pausing the sender after every `holdBack` chunks. */
async function receive(url: URL, requests: number, holdBack: number) {
  const dispatcher = openConnections({});
  const responses: { etag: unknown; bytes: Buffer }[] = [];
  try {
    for (let request = 0; request < requests; request += 1) {
      const chunks: Buffer[] = [];
      const { headers } = await roundTrip(dispatcher, { method: 'GET', url, headers: {} }, () => ({
        write(chunk) {
          chunks.push(Buffer.from(chunk));
          return chunks.length % holdBack === 0 ? sleep(1) : undefined;
        },
      }));
      responses.push({ etag: headers.etag, bytes: Buffer.concat(chunks) });
    }
    return responses;
  } finally {
    await dispatcher.destroy();
  }
}

/** Sends a different range of the body for each path, which is the offset at which it starts. */
async function serveRanges(size: number): Promise<{ url: URL; close(): void }> {
  const server = createHttpServer((request, response) => {
    const start = Number(request.url?.slice(1));
    response.writeHead(200, { 'content-length': size }).end(BODY.subarray(start, start + size));
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: new URL(`http://127.0.0.1:${port}/`), close };
}

describe('sockets that read into one buffer', () => {
  it.each([
    ['without pauses', Number.POSITIVE_INFINITY],
    ['with a pause after each chunk', 1],
    ['with a pause after some chunks', 3],
  ])('deliver their own bytes %s', async (_, holdBack) => {
    const { url, close } = await serveRanges(MB);
    const dispatcher = openConnections({});
    const fetchFrom = async (start: number) => {
      const chunks: Buffer[] = [];
      await roundTrip(dispatcher, { method: 'GET', url: new URL(`/${start}`, url), headers: {} }, () => ({
        write(chunk) {
          chunks.push(Buffer.from(chunk));
          return chunks.length % holdBack === 0 ? sleep(start % 4) : undefined;
        },
      }));
      return Buffer.concat(chunks).equals(BODY.subarray(start, start + MB));
    };
    try {
      const starts = Array.from({ length: 16 }, (_, at) => at * 100_003);
      expect(await Promise.all(starts.map(fetchFrom))).toEqual(starts.map(() => true));
    } finally {
      await dispatcher.destroy();
      close();
    }
  });

  test.prop(
    {
      size: fc.oneof(fc.nat(3 * MB), fc.constantFrom(0, 1, 16383, 16384, 262143, 262144, 262145)),
      headCuts: fc.array(fc.nat(), { maxLength: 8 }),
      bodyCuts: fc.array(fc.nat(), { maxLength: 8 }),
      etag: fc.stringMatching(/^[0-9a-f]{1,60000}$/),
      chunked: fc.boolean(),
      holdBack: fc.integer({ min: 1, max: 8 }),
    },
    { numRuns: 60 },
  )(
    'delivers the complete head and body for any packet sizes',
    async ({ size, headCuts, bodyCuts, etag, chunked, holdBack }) => {
      const body = BODY.subarray(0, size);
      const length = chunked ? 'transfer-encoding: chunked' : `content-length: ${size}`;
      const head = Buffer.from(`HTTP/1.1 200 OK\r\netag: ${etag}\r\n${length}\r\n\r\n`);
      const parts = size === 0 ? [] : split(body, bodyCuts).filter(part => part.length > 0);
      const framed = chunked
        ? [
            ...parts.flatMap(part => [
              Buffer.from(`${part.length.toString(16)}\r\n`),
              part,
              Buffer.from('\r\n'),
            ]),
            Buffer.from('0\r\n\r\n'),
          ]
        : parts;
      const { url, close } = await serve([...split(head, headCuts), ...framed]);
      try {
        const received = await receive(url, 2, holdBack);
        for (const response of received) {
          expect(response.etag).toBe(etag);
          expect(response.bytes.equals(body)).toBe(true);
        }
      } finally {
        await close();
      }
    },
  );
});
