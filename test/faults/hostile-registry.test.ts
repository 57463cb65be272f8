import { createServer, type Server, type Socket } from 'node:net';
import { build } from '@airgap/core';
import { afterAll, describe, expect, it } from 'vitest';
import { TempDir } from '../support/airgap.ts';

const work = new TempDir();
const servers: { server: Server; sockets: Set<Socket> }[] = [];

afterAll(async () => {
  work[Symbol.dispose]();
  for (const { server, sockets } of servers.splice(0)) {
    for (const socket of sockets) socket.destroy();
    await new Promise(resolve => server.close(resolve));
  }
});

/** Starts a server that does as it likes with every request. @returns its host, and how many connections it had */
async function listen(act: (socket: Socket, request: string) => void) {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer(socket => {
    connections += 1;
    sockets.add(socket.on('close', () => sockets.delete(socket)).on('error', () => {}));
    socket.on('data', data => act(socket, String(data)));
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  servers.push({ server, sockets });
  const { port } = server.address() as { port: number };
  return { host: `127.0.0.1:${port}`, connections: () => connections };
}

function buildFrom(host: string) {
  return build({
    specs: [{ file: 'list.txt', text: `${host}/team/app:1` }],
    output: work.file(`${host.replace(':', '-')}.tar`),
    plainHttp: [host],
    timeout: 300,
  });
}

/** Sends a text, and then another one over and over. */
const sendThen = (start: string, text: string, interval: number) => (socket: Socket) => {
  socket.write(start);
  repeat(socket, text, interval);
};

/** Repeats a write until the connection is closed. */
function repeat(socket: Socket, text: string, interval: number): void {
  const timer = setInterval(() => socket.write(text), interval);
  socket.on('close', () => clearInterval(timer));
}

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: application/vnd.oci.image.manifest.v1+json\r\n';

describe('a build from a registry that', () => {
  it.concurrent.each<[string, (socket: Socket) => void]>([
    ['never answers', () => {}],
    ['sends one byte now and then', sendThen(`${HEAD}Content-Length: 9000\r\n\r\n`, ' ', 50)],
    [
      'sends informational responses without end',
      socket => repeat(socket, 'HTTP/1.1 103 Early Hints\r\n\r\n', 1),
    ],
    ['sends a head without end', socket => repeat(socket, `X-${'a'.repeat(1000)}: b\r\n`, 1)],
    ['sends chunks of no size', sendThen(`${HEAD}Transfer-Encoding: chunked\r\n\r\n`, 'x\r\n', 5)],
    ['sends a body without end', sendThen(`${HEAD}\r\n`, ' '.repeat(60_000), 1)],
    ['is no HTTP server', socket => void socket.end('SSH-2.0-OpenSSH\r\n')],
    ['closes every connection', socket => void socket.destroy()],
    [
      'redirects to itself',
      socket => void socket.write('HTTP/1.1 307 x\r\nLocation: /v2/x\r\nContent-Length: 0\r\n\r\n'),
    ],
    [
      'redirects to a host that no URL can have',
      socket => void socket.write('HTTP/1.1 307 x\r\nLocation: http://[:]/\r\nContent-Length: 0\r\n\r\n'),
    ],
    [
      'names a token service that no URL can have',
      socket =>
        void socket.write(
          'HTTP/1.1 401 x\r\nWWW-Authenticate: Bearer realm="http://999.999.999.999/"\r\nContent-Length: 0\r\n\r\n',
        ),
    ],
  ])(
    '%s fails with an error of the registry or the network',
    async (_what, act) => {
      const { host } = await listen(act);
      await expect(buildFrom(host)).rejects.toMatchObject({
        name: 'AirgapError',
        code: expect.stringMatching(/^(REGISTRY|NETWORK)$/),
      });
    },
    120_000,
  );

  it('is not there is tried twice, as nothing is in the way on loopback', async () => {
    const { host, connections } = await listen(() => {});
    await new Promise(resolve => servers.pop()?.server.close(resolve));
    const retries: string[] = [];
    const building = build({
      specs: [{ file: 'list.txt', text: `${host}/team/app:1` }],
      output: work.file('bundle.tar'),
      plainHttp: [host],
      onEvent: event => event.type === 'retry' && retries.push(event.reason),
    });
    await expect(building).rejects.toMatchObject({ code: 'NETWORK' });
    expect(retries).toHaveLength(1);
    expect(connections()).toBe(0);
  });
});
